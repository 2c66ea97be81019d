"""Which reservations a person has to approve is data, and data is tested."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from agents.stockpile.rules import MINUTE, RulesError, rule_for, rules

if TYPE_CHECKING:
    from pathlib import Path


def name_of(category: str, minutes: float, attendees: int) -> str | None:
    rule = rule_for(category, 0, int(minutes * MINUTE), attendees)
    return rule.name if rule else None


@pytest.mark.parametrize(
    ("category", "minutes", "attendees", "rule"),
    [
        ("auditoriums", 1, 0, "auditoriums-always"),
        ("labs", 120, 5, None),
        ("labs", 120.5, 5, "labs-over-two-hours"),
        ("equipment", 1440, 1, None),
        ("equipment", 1441, 1, "equipment-over-a-day"),
        ("rooms", 600, 100, None),
        ("rooms", 30, 101, "crowds"),
        ("labs", 180, 200, "labs-over-two-hours"),
        ("rooms", 30, 2, None),
    ],
)
def test_the_first_rule_that_matches_counts(category: str, minutes: float, attendees: int, rule: str | None) -> None:
    assert name_of(category, minutes, attendees) == rule


GOOD = "name: a, category_id: b, approver_role: c, deadline_hours: 1"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("- {name: a, category_id: b, approver_role: c}", "deadline_hours"),
        (f"- {{{GOOD}, minute_over: 3}}", "minute_over"),
        (f"- {{{GOOD}, minutes_over: two}}", "minutes_over"),
        (f"- {{{GOOD}, attendees_over: -1}}", "attendees_over"),
        ("- {name: a, category_id: b, approver_role: c, deadline_hours: 0}", "deadline_hours"),
        ('- {name: "", category_id: b, approver_role: c, deadline_hours: 1}', "name"),
        (f"- {{{GOOD}}}\n- {{{GOOD}}}", "two rules have one name: a"),
        ("- {name: [", "rules.yaml"),
        ("", "null"),
    ],
)
def test_a_wrong_rule_is_refused_with_its_place(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(text)
    with pytest.raises(RulesError, match=says):
        rules(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RulesError, match=r"gone\.yaml"):
        rules(tmp_path / "gone.yaml")
