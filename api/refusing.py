"""What is asked for and not done, since a rule says no. Whoever asked is told why; the console's trail has it as well."""

from __future__ import annotations

from typing import ClassVar

from bookly.errors import BooklyError


class Refusal(BooklyError):
    """Nothing was done. `kept`: what the trail says where the sentence itself may name what is personal, as keys are."""

    kept: ClassVar[str] = ""

    @property
    def for_the_trail(self) -> str:
        return self.kept or str(self)


class NoReason(Refusal):
    """It cannot be undone or unseen, so it needs a reason."""


def must_say(why: str, what: str) -> None:
    """Raises NoReason."""
    if not why.strip():
        raise NoReason(f"{what} needs a reason: say why. Nothing was done.")
