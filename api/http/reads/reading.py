"""What owners answered, judged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from api.http.problems import NotThere, TooMuch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from api.http.ports import Answer, Answers

Found = TypeVar("Found")
MOST_ROWS = 10_000  # of one question to one owner


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
    """All rows by key. Raises TooMuch: a part looks like the whole."""
    if answers.more:
        raise TooMuch(f"A partition has more than {MOST_ROWS:,} rows of these, and they are never told in part. Ask about one.")
    return sorted(answers.rows, key=lambda item: item[0])
