"""What a replay may not be, whoever asks: refused before anything is written, each with what to do instead."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from api.refusing import Refusal
from bookly.errors import InvalidSettings
from bookly.settings import refuse_misspelt

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from api.console.found import Span
    from api.console.plans import Plan
    from api.console.selection import Selection

NAMES: Final = ("CONSOLE_MOST_RECORDS", "CONSOLE_MOST_RATE", "CONSOLE_SECOND_APPROVAL")
SYSTEMS: Final = ("__", "bookly.", "bookly-", "kafkasql-", "registry-")  # ours, the broker's, the registry's
MOST_RECORDS: Final = 1_000_000
MOST_RATE: Final = 10_000


class Refused(Refusal):
    """It may not be done, and nothing was."""


@dataclass(frozen=True)
class Caps:
    """`records`, `rate`: of one replay at most, the latter a second. `second`: somebody else has to approve it."""

    records: int = MOST_RECORDS
    rate: int = MOST_RATE
    second: bool = False

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Caps:
        """From BOOKLY_CONSOLE_MOST_RECORDS, _MOST_RATE and _SECOND_APPROVAL (on or off). Raises InvalidSettings."""
        environ = os.environ if environ is None else environ
        refuse_misspelt(environ, NAMES)
        second = environ.get("BOOKLY_CONSOLE_SECOND_APPROVAL", "off")
        if second not in {"on", "off"}:
            raise InvalidSettings(f"BOOKLY_CONSOLE_SECOND_APPROVAL is {second!r}: it can be on or off.")
        return cls(_number(environ, NAMES[0], MOST_RECORDS), _number(environ, NAMES[1], MOST_RATE), second == "on")


def refuse_selection(selection: Selection, *, group: str, topic: str, reads: Mapping[str, Sequence[str]]) -> None:
    """`reads`: the topics of each group. Raises Refused."""
    if bool(group) == bool(topic):
        raise Refused("say where it goes: to one group, or into one topic, and not both.")
    sources = set(selection.topics)
    if group:
        if group not in reads:
            raise Refused(f"there is no group {group!r}; there are: {', '.join(reads)}.")
        if other := sorted(sources - set(reads[group])):
            raise Refused(
                f"{group} does not read {', '.join(other)}: it reads {', '.join(reads[group])}. Its dead letters are released, "
                "or replayed from where they came from."
            )
        return
    if topic in sources:
        raise Refused(f"{topic} would be copied into itself, for ever: choose another topic.")
    if mine := [name for name, topics in reads.items() if topic in _inputs(name, topics)]:
        raise Refused(f"{topic} is read by {', '.join(mine)}: a copy there would reach them all. Replay for one group instead.")
    if topic.startswith(SYSTEMS) or topic.endswith("-changelog"):
        raise Refused(f"{topic} is kept by the system itself: choose a topic of your own.")


def refuse_target(topic: str, partitions: Mapping[str, int], spans: Sequence[Span], readers: Sequence[str] = ()) -> None:
    """`partitions`: how many each topic has; a copy keeps its own. `readers`: groups that read the topic. Raises Refused."""
    if readers:
        raise Refused(
            f"{topic} is read by {', '.join(readers)}: a copy there would reach them. Choose a topic that nobody reads."
        )
    if topic not in partitions:
        raise Refused(f"there is no topic {topic!r}: create it first, with as many partitions as what is copied.")
    highest = max((span.partition for span in spans), default=0)
    if partitions[topic] <= highest:
        raise Refused(
            f"{topic} has {partitions[topic]} partitions, and records of partition {highest} are meant: keys would move."
        )


def refuse_rate(rate: int, caps: Caps) -> None:
    """Raises Refused."""
    if not 0 < rate <= caps.rate:
        raise Refused(f"the rate is {rate:,} records a second, and it can be 1 to {caps.rate:,}.")


def refuse_size(matching: int, caps: Caps, unknown: Sequence[str] = ()) -> None:
    """`unknown`: why perhaps nothing is meant. Raises Refused."""
    if not matching:
        raise Refused("; ".join(("nothing meets the selection: there is nothing to replay", *unknown)) + ".")
    if matching > caps.records:
        raise Refused(f"more than {caps.records:,} records meet it, which a replay has at most: select less, or in parts.")


def refuse_run(plan: Plan, others: Collection[Plan], caps: Caps) -> None:
    """Before a run begins. Raises Refused."""
    if caps.second and not plan.approved_by:
        raise Refused(f"somebody other than {plan.by} has to approve replay {plan.id} first.")
    refuse_second(plan, others)


def refuse_second(plan: Plan, others: Collection[Plan]) -> None:
    """One at a time into a target. Raises Refused."""
    for other in others:
        if other.id != plan.id and other.state in {"running", "paused"} and other.target == plan.target:
            raise Refused(f"replay {other.id} into {other.target} is {other.state}: one at a time. Finish or stop it first.")


def refuse_approval(plan: Plan, by: str) -> None:
    """Raises Refused."""
    if by == plan.by:
        raise Refused(f"{by} has planned it: somebody else has to approve.")


def _inputs(group: str, topics: Sequence[str]) -> set[str]:
    return {*topics, f"bookly.{group}.control", f"bookly.{group}.replay", f"bookly.{group}.dead"}


def _number(environ: Mapping[str, str], name: str, default: int) -> int:
    given = environ.get(f"BOOKLY_{name}", str(default))
    if not (given.isascii() and given.isdecimal() and 0 < int(given) <= 1_000_000_000):
        raise InvalidSettings(f"BOOKLY_{name} is {given!r}: it must be a whole number from 1.")
    return int(given)
