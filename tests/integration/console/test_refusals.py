"""Whatever is refused on the command line is in the audit trail: for want of a permission, by a rule, or for want of a name."""

from __future__ import annotations

import subprocess
import sys
from itertools import islice
from typing import TYPE_CHECKING

import msgspec
import pytest

from agents import changelogs
from api.__main__ import app as command_line
from api.console import audit, plans
from api.console.acting import NotSignedIn
from api.console.decoding import Decoding
from api.console.found import Span
from api.console.guards import Refused
from api.console.running import Run
from api.console.selection import Selection, Where
from api.http.security.keys import new_key
from bookly.errors import BooklyError
from contracts.broker import create_topics

if TYPE_CHECKING:
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


def newest(brokers: str, since: int) -> list[audit.Entry]:
    return [msgspec.json.decode(value, type=audit.Entry) for _, value in islice(audit.entries(brokers), since, None)]


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
    before, _ = audit.last(brokers)
    with pytest.raises(BooklyError):
        command_line(words, standalone_mode=False)
    [entry] = newest(brokers, before)
    assert (entry.who, entry.verb, entry.outcome) == ("key:ann", verb, "refused")
    assert kept in entry.why
    assert "u-1" not in entry.why, "a key may be somebody's id, and the trail is kept for ever"


@pytest.mark.parametrize(("missing", "why"), [("BOOKLY_API_KEY", "no key"), ("BOOKLY_API_KEYS", "the key is nobody's")])
@pytest.mark.usefixtures("signed")
def test_who_does_not_sign_in_is_told_how(brokers: str, monkeypatch: pytest.MonkeyPatch, missing: str, why: str) -> None:
    before, _ = audit.last(brokers)
    monkeypatch.delenv(missing)
    with pytest.raises(NotSignedIn, match="release needs somebody: sign in"):
        command_line(["dead", "release", "auth", "u-1"], standalone_mode=False)
    [entry] = newest(brokers, before)
    assert (entry.who, entry.verb, entry.outcome, entry.why) == ("nobody known", "release", "refused", why)


def test_a_reason_that_is_no_text_is_kept_as_what_it_is(brokers: str, environment: dict[str, str], signed: str) -> None:
    before, _ = audit.last(brokers)
    words = ["replay", "plan", "--topic", NOT_UTF8, "--group", NOT_UTF8, "--key", NOT_UTF8, "--why", NOT_UTF8]
    done = subprocess.run(
        [sys.executable, "-m", "api", *words], env={**environment, "BOOKLY_API_KEY": signed}, capture_output=True, check=False
    )
    assert done.returncode == 2, done.stderr.decode()
    assert b"Traceback" not in done.stderr
    [entry] = newest(brokers, before)
    assert entry.about["group"] == "caf\\xe9"
    _, _, broken = audit.verified(audit.entries(brokers))
    assert broken is None


def test_of_two_runs_that_begin_at_once_the_one_that_said_so_first_goes_on(brokers: str, registry: Registry) -> None:
    asked = Selection(("bookly.auth",), where=Where(keys=("nobody",)))
    first, second = (
        plans.planned(asked, (Span("bookly.auth", 0, 0, 1),), group="auth", topic="", rate=1, matching=1, by="ann", why="w")
        for _ in range(2)
    )
    for plan in (first, second):
        plans.keep(brokers, plan)
    plans.keep(brokers, first.to("running"))
    with pytest.raises(Refused, match=f"replay {first.id} into bookly.auth.replay is running"):
        Run(brokers, second, Decoding(registry)).through()
    assert plans.plan_of(brokers, second.id).state == "planned"
    plans.keep(brokers, plans.plan_of(brokers, first.id).to("stopped"))
