"""Days and ISO weeks of a slot."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bookly.cache.spans import MOST_DAYS, days, weeks


def micros(text: str) -> int:
    moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond


def test_a_slot_over_midnight_touches_both_days() -> None:
    assert days(micros("2026-11-24T22:00"), micros("2026-11-25T02:00")) == ("2026-11-24", "2026-11-25")


def test_a_slot_that_ends_at_midnight_does_not_touch_the_next_day() -> None:
    assert days(micros("2026-11-24T22:00"), micros("2026-11-25T00:00")) == ("2026-11-24",)
    assert days(micros("2026-11-24T22:00"), micros("2026-11-25T00:00:00.000001")) == ("2026-11-24", "2026-11-25")


def test_the_last_days_of_december_may_be_in_the_next_years_first_week() -> None:
    assert weeks(micros("2025-12-28T23:00"), micros("2025-12-29T01:00")) == ("2025-W52", "2026-W01")


def test_the_first_days_of_january_may_be_in_the_last_years_53rd_week() -> None:
    assert weeks(micros("2027-01-03T10:00"), micros("2027-01-04T10:00")) == ("2026-W53", "2027-W01")


def test_a_week_is_named_once_however_many_of_its_days_are_touched() -> None:
    assert weeks(micros("2026-11-23T00:00"), micros("2026-11-30T00:00")) == ("2026-W48",)


def test_a_slot_that_ends_before_it_begins_touches_the_day_it_begins() -> None:
    assert days(micros("2026-11-24T10:00"), micros("2026-11-20T10:00")) == ("2026-11-24",)


def test_a_slot_that_is_too_long_or_on_no_calendar_has_no_days() -> None:
    begin = micros("2026-11-24T00:00")
    assert len(days(begin, begin + MOST_DAYS * 86_400_000_000) or ()) == MOST_DAYS
    for starts_at, ends_at in [
        (begin, begin + MOST_DAYS * 86_400_000_000 + 1),
        (-1, 1),
        (begin, 2**63 - 1),
        (2**63 - 1, 2**63 - 1),
    ]:
        assert days(starts_at, ends_at) is None
        assert weeks(starts_at, ends_at) is None


moments = st.integers(0, 4_000_000_000_000_000)


@given(moments, st.integers(1, 40 * 86_400_000_000))
def test_each_moment_of_a_slot_is_on_one_of_its_days_and_weeks(starts_at: int, length: int) -> None:
    found_days, found_weeks = days(starts_at, starts_at + length), weeks(starts_at, starts_at + length)
    assert found_days is not None
    assert found_weeks is not None
    for offset in range(0, length, 43_200_000_000):
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=starts_at + offset)
        year, week, _ = moment.isocalendar()
        assert moment.date().isoformat() in found_days
        assert f"{year}-W{week:02}" in found_weeks
    assert [date.fromisoformat(day) for day in found_days] == sorted({date.fromisoformat(day) for day in found_days})
