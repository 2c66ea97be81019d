"""A replay as it is planned: what is read, where it goes, how fast, and how far it has come. Kept in a compacted topic, so that
every face sees the same, and any process can take a run up again.

    planned ──approve──▶ approved ──run──▶ running ◀──pause, run──▶ paused
    planned ──run──▶ running ──▶ finished; from every state but the last, ──stop──▶ stopped
"""

from __future__ import annotations

import json
import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec
from confluent_kafka import KafkaError, KafkaException, Producer

from api.console.found import Span
from api.console.reading import read, spans_of
from api.console.selection import Selection
from api.refusing import Refusal
from bookly.errors import BrokerUnavailable
from bookly.transport import librdkafka_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

TOPIC: Final = "bookly.console.replays"
PATIENCE_S: Final = 20.0
State = Literal["planned", "approved", "running", "paused", "finished", "stopped"]
ENDED: Final = frozenset({"finished", "stopped"})
STEPS: Final[Mapping[str, frozenset[str]]] = {  # the states from which a verb goes on, by the state that it leads to
    "approved": frozenset({"planned"}),
    "running": frozenset({"planned", "approved", "running", "paused"}),
    "paused": frozenset({"running"}),
    "stopped": frozenset({"planned", "approved", "running", "paused"}),
    "finished": frozenset({"running"}),
}


class NoSuchReplay(Refusal):
    """Nobody has planned it."""


class WrongState(Refusal):
    """The replay is not where this could be done. Nothing was done."""


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`spans` are what `selection` meant when it was planned. `group`: a domain, or `topic`: where copies go; one of the two.

    `rate`: records a second at most, 0 for as fast as it goes. `matching`: how many records met the conditions when it was
    planned. `replayed`: how many were produced. `before`: the group's tally of its replay topic when the run began.
    """

    id: str
    selection: Selection
    spans: tuple[Span, ...]
    group: str
    topic: str
    rate: int
    matching: int
    by: str
    why: str
    at: str
    state: State = "planned"
    approved_by: str = ""
    replayed: int = 0
    before: dict[str, int] = {}

    @property
    def target(self) -> str:
        """The topic that is written to."""
        return f"bookly.{self.group}.replay" if self.group else self.topic

    @property
    def consumer_group(self) -> str:
        """Whose lag is the work left."""
        return f"bookly-console-{self.id}"

    def to(self, state: State, **changed: Any) -> Plan:
        """The same, a step on. Raises WrongState."""
        if self.state not in STEPS[state]:
            raise WrongState(f"replay {self.id} is {self.state}, so it cannot be {state}. Nothing was done.")
        return msgspec.structs.replace(self, state=state, **changed)


def planned(
    selection: Selection, spans: tuple[Span, ...], *, group: str, topic: str, rate: int, matching: int, by: str, why: str
) -> Plan:
    """A new one, with an id that says when."""
    now = datetime.now(UTC)
    name = f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
    return Plan(name, selection, spans, group, topic, rate, matching, by, why, now.isoformat())


def encoded(plan: Plan) -> bytes:
    """As JSON, in which keys that are no UTF-8 stay what they are."""
    return json.dumps(msgspec.to_builtins(plan)).encode()


def decoded(text: bytes) -> Plan:
    """What `encoded` has made."""
    return msgspec.convert(json.loads(text), Plan)


def keep(brokers: str, plan: Plan) -> int:
    """It is durable when this returns: at this offset. Raises BrokerUnavailable."""
    failed: list[str] = []
    kept: list[int] = []

    def delivered(error: KafkaError | None, message: Any) -> None:
        if error is not None:
            failed.append(error.str())
        else:
            kept.append(message.offset())

    producer = Producer({**librdkafka_settings(brokers), "acks": "all", "message.timeout.ms": int(PATIENCE_S * 1000)})
    try:
        producer.produce(TOPIC, encoded(plan), plan.id, on_delivery=delivered)
    except KafkaException as error:
        raise BrokerUnavailable(brokers, PATIENCE_S, error.args[0].str()) from error
    if producer.flush(PATIENCE_S) or failed:
        raise BrokerUnavailable(brokers, PATIENCE_S, failed[0] if failed else "it did not confirm the plan")
    return kept[0]


def step(
    brokers: str, name: str, state: State, allowed: Callable[[Plan, list[Plan]], None] = lambda *_: None, **changed: Any
) -> Plan:
    """A replay, a step on. Of two who step at once, the first that is kept goes on: the other finds it before its own, and takes
    its own back. `allowed`: refuses by all that there is before. Raises WrongState, NoSuchReplay, and what `allowed` does.
    """
    was = plan_of(brokers, name)
    after = was.to(state, **changed)
    before = all_plans(brokers, before=keep(brokers, after))
    now = named(before, name)
    try:
        if now.state != was.state:
            raise WrongState(f"replay {name} has become {now.state} meanwhile. Nothing was done.")
        allowed(after, before)
    except Refusal:
        keep(brokers, now)
        raise
    return after


def all_plans(brokers: str, before: int | None = None) -> list[Plan]:
    """Every replay as it is now, or as it was before an offset of their topic, the newest first. Raises BrokerUnavailable."""
    found: dict[bytes, Plan] = {}
    for batch in read(brokers, spans_of(brokers, Selection((TOPIC,), end=before))):
        for message in batch:
            found[message.key()] = decoded(message.value())
    return sorted(found.values(), key=lambda plan: plan.at, reverse=True)


def plan_of(brokers: str, name: str) -> Plan:
    """Raises NoSuchReplay, BrokerUnavailable."""
    return named(all_plans(brokers), name)


def named(found: Sequence[Plan], name: str) -> Plan:
    """That one of them. Raises NoSuchReplay."""
    for plan in found:
        if plan.id == name:
            return plan
    known = ", ".join(plan.id for plan in found[:5]) or "none yet"
    raise NoSuchReplay(f"there is no replay {name!r}; the newest are: {known}")
