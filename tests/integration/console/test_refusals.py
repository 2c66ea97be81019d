"""Whatever is refused on the command line is in the audit trail: for want of a permission, by a rule, or for want of a name."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from itertools import islice
from threading import Event
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from agents import changelogs
from api.__main__ import app as command_line
from api.console import audit, plans
from api.console.acting import Actor, NotSignedIn
from api.console.decoding import Decoding
from api.console.desk import RUNS, Desk
from api.console.found import Span
from api.console.guards import Caps, Refused, refuse_second
from api.console.roles import ROLES
from api.console.running import Run
from api.console.selection import Selection, Where
from api.http.security.keys import new_key
from bookly.errors import BooklyError, BrokerUnavailable
from contracts.broker import create_topics
from tests.pipeline import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bookly.registry import Registry

EVERYTHING = ["console:look", "console:unmask", "console:replay", "console:reset", "console:administer"]
NOT_UTF8 = "caf\udce9"
PLAN = ["replay", "plan", "--topic", "bookly.auth", "--group", "auth"]


@pytest.fixture
def signed(environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Ann may do everything; her key."""
    key = new_key(tmp_path / "keys.json", "ann", EVERYTHING)
    for name, value in {**environment, "BOOKLY_API_KEY": key}.items():
        monkeypatch.setenv(name, value)
    return key


@pytest.fixture
def groups(brokers: str) -> None:
    """What groups keep has its topics, as `make provision` makes them."""
    create_topics(brokers, changelogs())


@contextmanager
def one_entry(brokers: str) -> Iterator[Callable[[], audit.Entry]]:
    """Within the block one entry is written; then it is told. Marks on both sides: a commit can be read a moment after it."""
    first = audit.Trail(brokers).write("suite", "find", "refused").number
    yield lambda: audit.entry_of(next(islice(audit.entries(brokers), first, None))[1])
    assert audit.Trail(brokers).write("suite", "find", "refused").number == first + 2


@pytest.mark.usefixtures("registry", "groups", "signed")
@pytest.mark.parametrize(
    ("words", "verb", "kept"),
    [
        (["dead", "release", "auth", "u-1"], "release", "no key that waits is meant"),
        (["dead", "release", "auth"], "release", "no key that waits is meant"),
        (["dead", "release", "nope", "--all"], "release", "there is no group 'nope'"),
        (["dead", "drop", "auth", "u-1", "--why", "a test"], "drop", "no key that waits is meant"),
        (["find", "--topic", "bookly.auth", "--unmask", ""], "unmask", "needs a reason"),
        (["look", "bookly.auth", "0", "0", "--unmask", " "], "unmask", "needs a reason"),
        (PLAN, "plan", "a replay needs a reason"),
        ([*PLAN, "--why", "w", "--field", "email"], "plan", "what was asked for is no selection"),
        ([*PLAN, "--why", "w", "--type", "USER_REGISTRED"], "plan", "have no event USER_REGISTRED; they have USER_REGISTERED"),
        (["replay", "plan", "--topic", "bookly.auth", "--why", "w"], "plan", "say where it goes"),
        (["replay", "run", "nope"], "run", "there is no replay 'nope'"),
        (["replay", "approve", "nope"], "approve", "there is no replay 'nope'"),
        (["replay", "pause", "nope"], "pause", "there is no replay 'nope'"),
        (["replay", "stop", "nope"], "stop", "there is no replay 'nope'"),
        (["reset", "auth", "--to", "soon"], "reset", "what was asked for is no selection"),
        (["reset", "nope", "--to", "latest"], "reset", "nope has committed no offset"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_refusal_by_a_rule_is_one_entry(brokers: str, words: list[str], verb: str, kept: str) -> None:
    with one_entry(brokers) as told, pytest.raises(BooklyError):
        command_line(words, standalone_mode=False)
    entry = told()
    assert (entry.who, entry.verb, entry.outcome) == ("key:ann", verb, "refused")
    assert kept in entry.why
    assert b"u-1" not in msgspec.json.encode(entry), "a key may be somebody's id, and the trail is kept for ever"


@pytest.mark.parametrize(("missing", "why"), [("BOOKLY_API_KEY", "no key"), ("BOOKLY_API_KEYS", "the key is nobody's")])
@pytest.mark.usefixtures("signed")
def test_who_does_not_sign_in_is_told_how(brokers: str, monkeypatch: pytest.MonkeyPatch, missing: str, why: str) -> None:
    monkeypatch.delenv(missing)
    with one_entry(brokers) as told, pytest.raises(NotSignedIn, match="release needs somebody: sign in"):
        command_line(["dead", "release", "auth", "u-1"], standalone_mode=False)
    entry = told()
    assert (entry.who, entry.verb, entry.outcome, entry.why) == ("nobody known", "release", "refused", why)


def test_arguments_that_are_no_text_are_kept_as_what_they_are(brokers: str, environment: dict[str, str], signed: str) -> None:
    words = ["replay", "plan", "--topic", NOT_UTF8, "--group", NOT_UTF8, "--key", NOT_UTF8, "--why", NOT_UTF8]
    command, own = [sys.executable, "-m", "api", *words], {**environment, "BOOKLY_API_KEY": signed}
    with one_entry(brokers) as told:
        done = subprocess.run(command, env=own, capture_output=True, check=False)
    assert done.returncode == 2, done.stderr.decode()
    assert b"Traceback" not in done.stderr
    entry = told()
    assert entry.about["group"] == "caf\\xe9"
    _, _, broken = audit.verified(audit.entries(brokers))
    assert broken is None


def two_plans(brokers: str) -> tuple[plans.Plan, plans.Plan]:
    """Into one target, kept."""
    asked = Selection(("bookly.auth",), where=Where(keys=("nobody",)))
    first, second = (
        plans.planned(asked, (Span("bookly.auth", 0, 0, 1),), group="auth", topic="", rate=1, matching=1, by="ann", why="w")
        for _ in range(2)
    )
    for plan in (first, second):
        plans.keep(brokers, plan)
    return first, second


@pytest.fixture
def beside(brokers: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], plans.Plan], bool], None]:
    """What somebody else keeps in the same moment: just before the next that we keep, or just behind it."""
    keep = plans.keep

    def meanwhile(other: Callable[[], plans.Plan], *, first: bool) -> None:
        def kept(_: str, plan: plans.Plan) -> int:
            monkeypatch.setattr(plans, "keep", keep)
            if first:
                keep(brokers, other())
            at = keep(brokers, plan)
            if not first:
                keep(brokers, other())
            return at

        monkeypatch.setattr(plans, "keep", kept)

    return meanwhile  # type: ignore[return-value]


def test_of_two_runs_that_begin_at_once_the_one_that_said_so_first_goes_on(brokers: str, beside: Any) -> None:
    first, second = two_plans(brokers)
    beside(lambda: first.to("running"), first=True)
    with pytest.raises(Refused, match=f"replay {first.id} into bookly.auth.replay is running"):
        plans.step(brokers, second.id, "running", refuse_second)
    assert plans.plan_of(brokers, second.id).state == "planned"
    plans.step(brokers, first.id, "stopped")
    beside(lambda: first.to("running"), first=False)
    assert plans.step(brokers, second.id, "running", refuse_second).state == "running", "the other came behind it"
    plans.keep(brokers, second.to("stopped"))
    plans.keep(brokers, first.to("stopped"))


def test_a_stop_is_for_good_whatever_else_is_said_in_that_moment(brokers: str, beside: Any) -> None:
    first, _ = two_plans(brokers)
    beside(lambda: first.to("stopped"), first=True)
    with pytest.raises(plans.WrongState, match="has become stopped meanwhile"):
        plans.step(brokers, first.id, "approved", approved_by="bob")
    assert plans.plan_of(brokers, first.id).state == "stopped"


def test_what_ends_a_run_in_the_background_is_told_and_too_many_are_refused(
    brokers: str, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, _ = two_plans(brokers)
    desk, actor = Desk(brokers, Decoding(registry), Caps()), Actor("bob", ROLES["replay"], audit.Trail(brokers))

    with one_entry(brokers), pytest.raises(plans.NoSuchReplay):
        desk.begin(actor, "nope")

    def away(_: Run) -> plans.Plan:
        raise BrokerUnavailable(brokers, 1, "cut off")

    monkeypatch.setattr(Run, "through", away)
    desk.begin(actor, plan.id)
    eventually(lambda: "cut off" in desk.failures.get(plan.id, ""), "it is told")
    goes_on = Event()
    monkeypatch.setattr(Run, "through", lambda run: goes_on.wait(60) and run._plan)
    for _ in range(RUNS):
        desk.begin(actor, plan.id)
    with pytest.raises(Refused, match=f"{RUNS} replays run here already"):
        desk.begin(actor, plan.id)
    goes_on.set()
