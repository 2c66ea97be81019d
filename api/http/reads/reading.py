"""What owners answered, judged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from api.http.problems import NotThere, Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from api.http.ports import Answer, Answers

Found = TypeVar("Found")
MOST_ROWS = 10_000  # that one question may gather; more is refused rather than answered in part


def there(found: Found | None, what: str) -> Found:
    """Raises NotThere: the owner says that there is none."""
    if found is None:
        raise NotThere(f"The owner says that there is no such {what}.")
    return found


def older(*answers: Answer) -> dict[str, int]:
    """The version of what was made of several answers: of each topic the lowest offset."""
    versions: list[Mapping[str, int]] = [answer.version for answer in answers]
    topics = {topic for version in versions for topic in version}
    return {topic: min(version[topic] for version in versions if topic in version) for topic in sorted(topics)}


def whole(answers: Answers) -> list[tuple[str, Any]]:
    """All rows by key, or Unavailable where there are more than were asked for."""
    if answers.more:
        raise Unavailable(f"There are more than {MOST_ROWS:,} rows, which is more than this process gathers.", 60)
    return sorted(answers.rows, key=lambda item: item[0])
