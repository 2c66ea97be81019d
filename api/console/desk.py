"""What an operator does, whichever face it is done with: allowed or refused, guarded, written down, then done.

Everything blocks, and says how far it is. Whatever needs a permission may raise MayNot, whatever is written down NotAudited.
"""

from __future__ import annotations

import logging
from threading import BoundedSemaphore, Event, Thread
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from api.console import dead, guards, plans, resetting, running
from api.console.places import readers_of
from api.console.preview import Preview, preview
from api.console.reading import spans_of
from api.console.searching import search
from api.console.selection import Selection, checked, shown
from api.console.standing import read_standing
from api.console.telling import record
from api.console.unknown import unknown_names
from api.groups import TOPICS
from api.lag import LagReader
from api.refusing import must_say, refuse_long
from api.showing import as_text
from bookly.errors import BooklyError
from bookly.transport import admin_client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from api.console.acting import Actor
    from api.console.decoding import Decoding
    from api.console.found import Found, Span
    from api.console.guards import Caps
    from api.console.plans import Plan, State

RUNS: Final = 4  # in the background of one process
log = logging.getLogger(__name__)
KEEP_TABLES = frozenset(f"bookly-{group}" for group in TOPICS)


class Report(NamedTuple):
    """A replay and what came of it. `left`: records of its target that the group has not judged yet. `effects`: what it did with
    those that it has, by what became of them, since the run began; other replays of the same time are in it.
    """

    plan: Plan
    produced: int
    left: int
    effects: dict[str, int]

    @property
    def to_replay(self) -> int:
        """Records that met the conditions when it was planned, and are still to be replayed."""
        return 0 if self.plan.state in plans.ENDED else max(0, self.plan.matching - self.produced)


class Desk:
    def __init__(self, brokers: str, decoding: Decoding, caps: Caps) -> None:
        self.brokers, self.decoding, self.caps = brokers, decoding, caps
        self._ends, self._turns = Event(), BoundedSemaphore(RUNS)
        self.failures: dict[str, str] = {}

    def close(self) -> None:
        """Replays that run here are let go of, for whoever resumes them."""
        self._ends.set()

    def find(
        self,
        actor: Actor,
        selection: Selection,
        spans: Sequence[Span],
        *,
        unmask: str | None = None,
        limit: int | None = None,
        progress: Callable[[int], None] = lambda _: None,
    ) -> Iterator[Found]:
        """Records of the spans that meet the selection. `unmask`: why personal fields are to be seen and asked about.

        Raises NoReason, Personal.
        """
        about, verb, personal = _meant(selection), "find" if unmask is None else "unmask", unmask is not None
        with actor.tries(verb, about):
            if unmask is not None:
                must_say(unmask, "seeing personal fields")
            actor.does(verb, about, unmask or "")
            yield from search(self.brokers, self.decoding, selection, spans, limit=limit, personal=personal, progress=progress)

    def look(self, actor: Actor, place: tuple[str, int, int], *, unmask: str | None = None) -> dict[str, Any] | None:
        """One record as `telling.record` has it, or None. `unmask` as in `find`. Raises NoReason, Unselectable."""
        topic, partition, offset = place
        asked, verb = Selection((topic,), (partition,), offset, offset + 1), "look" if unmask is None else "unmask"
        about = {"place": f"{topic}/{partition}/{offset}"}
        with actor.tries(verb, about):
            if unmask is not None:
                must_say(unmask, "seeing personal fields")
            spans = spans_of(self.brokers, checked(asked))
            actor.does(verb, about, unmask or "")
            found = search(self.brokers, self.decoding, asked, spans)
            return next((record(one, self.decoding, unmasked=unmask is not None) for one in found), None)

    def queues(self, actor: Actor, domain: str) -> list[dead.Queue]:
        """What waits in a group, by key. Raises UnknownTable."""
        actor.does("dead", {"group": domain})
        return dead.queues(self.brokers, domain, self.decoding)

    def release(
        self, actor: Actor, domain: str, chosen: Sequence[dead.Queue], why: str = "", told: Callable[[int], None] = lambda _: None
    ) -> list[dead.Queue]:
        """Try the keys again; those that wait then. Raises NothingMeets, Changed, NotObeyed, BrokerUnavailable."""
        about = _about(domain, chosen)
        with actor.tries("release", about):
            refuse_long(why)
            dead.refuse_none(chosen)
            actor.does("release", about, why)
            return dead.order(self.brokers, chosen, by=actor.who, why=why, told=told)

    def drop(
        self, actor: Actor, domain: str, chosen: Sequence[dead.Queue], why: str, told: Callable[[int], None] = lambda _: None
    ) -> list[dead.Queue]:
        """Give the failed event of each key up; what waits behind it goes on. Raises NoReason, and as `release`."""
        about = _about(domain, chosen)
        with actor.tries("drop", about):
            must_say(why, "dropping an event")
            dead.refuse_none(chosen)
            actor.does("drop", about, why)
            return dead.order(self.brokers, chosen, by=actor.who, skip=True, why=why, told=told)

    def plan(
        self,
        actor: Actor,
        selection: Selection,
        *,
        group: str = "",
        topic: str = "",
        rate: int,
        why: str,
        progress: Callable[[int], None] = lambda _: None,
    ) -> tuple[Plan, Preview]:
        """A replay, previewed and kept; nothing is replayed yet. Raises NoReason, Unselectable, Refused."""
        about = {"group": group, "topic": topic, "rate": rate, **_meant(selection)}
        with actor.tries("plan", about):
            must_say(why, "a replay")
            guards.refuse_rate(rate, self.caps)
            guards.refuse_selection(checked(selection), group=group, topic=topic, reads=TOPICS)
            spans = spans_of(self.brokers, selection)
            if topic:
                guards.refuse_target(topic, self._partitions(), spans, readers_of(self.brokers, topic))
            seen = self._previewed(selection, tuple(spans), group, progress, personal=actor.may("unmask"))
            guards.refuse_size(seen.matching, self.caps, unknown_names(selection))
        plan = plans.planned(
            selection, tuple(spans), group=group, topic=topic, rate=rate, matching=seen.matching, by=actor.who, why=as_text(why)
        )
        actor.does("plan", {**about, "id": plan.id, "matching": seen.matching}, why)
        plans.keep(self.brokers, plan)
        return plan, seen

    def preview(self, actor: Actor, name: str, progress: Callable[[int], None] = lambda _: None) -> tuple[Plan, Preview]:
        """What a planned replay would do as things stand now. Raises NoSuchReplay."""
        actor.does("preview")
        plan = plans.plan_of(self.brokers, name)
        return plan, self._previewed(plan.selection, plan.spans, plan.group, progress, personal=actor.may("unmask"))

    def approve(self, actor: Actor, name: str) -> Plan:
        """By somebody else than who planned it. Raises Refused, WrongState, NoSuchReplay."""
        with actor.tries("approve", {"id": name}):
            guards.refuse_approval(plans.plan_of(self.brokers, name), actor.who)
        return self._step(actor, "approve", name, "approved", approved_by=actor.who)

    def may_run(self, actor: Actor, name: str) -> Plan:
        """The replay, where it may begin or go on now. Raises Refused, WrongState, NoSuchReplay."""
        with actor.tries("run", {"id": name}):
            found = plans.all_plans(self.brokers)
            plan = plans.named(found, name)
            plan.to("running")
            guards.refuse_run(plan, found, self.caps)
            return plan

    def run(self, actor: Actor, name: str, told: Callable[[int, int], None] = lambda *_: None) -> Plan:
        """Until its end, or it is paused or stopped; run again, it goes on there. Raises Refused, WrongState, TakenUp."""
        plan = self.may_run(actor, name)
        about = {"id": name, "group": plan.group, "topic": plan.topic, "matching": plan.matching}
        actor.does("run", about)
        with actor.tries("run", about):
            return running.Run(self.brokers, plan, self.decoding, told, self._ends.is_set).through()

    def begin(self, actor: Actor, name: str) -> None:
        """Run it in the background, for whoever does not wait: `failures` says what ended it before its end. Raises as `may_run`,
        and Refused where as many run here as can.
        """
        self.may_run(actor, name)
        with actor.tries("run", {"id": name}):
            if not self._turns.acquire(blocking=False):
                raise guards.Refused(f"{RUNS} replays run here already: wait for one, or run it by `bookly replay run`.")
        self.failures.pop(name, None)
        Thread(target=self._run_alone, args=(actor, name), name=f"replay-{name}", daemon=True).start()

    def _run_alone(self, actor: Actor, name: str) -> None:
        try:
            self.run(actor, name)
        except BooklyError as error:
            self.failures[name] = str(error)
        except Exception as error:
            log.exception("replay %s stands still: it goes on where it was when it is resumed", name)
            self.failures[name] = f"{type(error).__name__}: the log of this process says more"
        finally:
            self._turns.release()

    def pause(self, actor: Actor, name: str) -> Plan:
        """Whoever runs it lets go of it within a second. Raises WrongState, NoSuchReplay."""
        return self._step(actor, "pause", name, "paused")

    def stop(self, actor: Actor, name: str) -> Plan:
        """For good; what was replayed stays so. Raises WrongState, NoSuchReplay."""
        return self._step(actor, "stop", name, "stopped")

    def replays(self, actor: Actor) -> list[Plan]:
        """All that there are, the newest first."""
        actor.does("replays")
        return plans.all_plans(self.brokers)

    def report(self, actor: Actor, name: str) -> Report:
        """How far it is, and what the group made of it."""
        actor.does("replays", {"id": name})
        plan = plans.plan_of(self.brokers, name)
        produced = running.produced_by(self.brokers, plan)
        if not plan.group:
            return Report(plan, produced, 0, {})
        lag = LagReader(self.brokers).read(f"bookly-{plan.group}", [plan.target])
        now = running.tally_of(self.brokers, plan)
        effects = {what: many - plan.before.get(what, 0) for what, many in now.items() if many > plan.before.get(what, 0)}
        return Report(plan, produced, sum(one.messages for one in lag), effects)

    def moves(self, actor: Actor, group: str, goal: resetting.Goal, topics: Sequence[str] = ()) -> list[resetting.Move]:
        """What a reset would do. Raises Refused."""
        with actor.tries("reset", {"group": group}):
            return resetting.moves(self.brokers, group, goal, topics, ours=KEEP_TABLES)

    def reset(self, actor: Actor, group: str, planned: Sequence[resetting.Move], *, why: str) -> None:
        """Set the offsets as they were shown. Raises NoReason, Refused."""
        about = {"group": group, **{f"{move.topic}/{move.partition}": f"{move.at} -> {move.to}" for move in planned}}
        with actor.tries("reset", about):
            must_say(why, "setting offsets")
            resetting.refuse_moves(self.brokers, group, planned)
            actor.does("reset", about, why)
            resetting.reset(self.brokers, group, planned)

    def _step(self, actor: Actor, verb: str, name: str, state: State, **changed: Any) -> Plan:
        with actor.tries(verb, {"id": name}):
            plans.plan_of(self.brokers, name).to(state, **changed)
            actor.does(verb, {"id": name})
            return plans.step(self.brokers, name, state, **changed)

    def _previewed(
        self, selection: Selection, spans: tuple[Span, ...], group: str, progress: Callable[[int], None], *, personal: bool
    ) -> Preview:
        standing = read_standing(self.brokers, group) if group else None
        most = self.caps.records + 1
        return preview(self.brokers, self.decoding, selection, spans, standing, progress, most=most, personal=personal)

    def _partitions(self) -> dict[str, int]:
        return {name: len(topic.partitions) for name, topic in admin_client(self.brokers).list_topics(timeout=10).topics.items()}


def _meant(selection: Selection) -> dict[str, Any]:
    """What conditions look for may be personal, and the trail is kept for ever: it names them, and the plan has their values."""
    said = shown(selection)
    conditions = sorted(said.pop("where", {}))
    return {"selection": said, "conditions": ", ".join(conditions)}


def _about(domain: str, chosen: Sequence[dead.Queue]) -> dict[str, Any]:
    """Keys may be ids of people: places name them as well."""
    places = [f"{queue.head.topic}/{queue.head.partition}/{queue.head.offset}" for queue in chosen]
    more = f" and {len(places) - 20} more" if len(places) > 20 else ""
    return {"group": domain, "keys": len(places), "heads": ", ".join(places[:20]) + more}
