"""What is asked for and not done, since a rule says no. Whoever asked is told why; the console's trail has it as well."""

from __future__ import annotations

from typing import ClassVar, Final

from bookly.errors import BooklyError


class Refusal(BooklyError):
    """Nothing was done. `kept`: what the trail says where the sentence itself may name what is personal, as keys are."""

    kept: ClassVar[str] = ""

    @property
    def for_the_trail(self) -> str:
        return self.kept or str(self)


LONGEST: Final = 1_000


class NoReason(Refusal):
    """It cannot be undone or unseen, so it needs a reason, which somebody will read."""


def must_say(why: str, what: str) -> None:
    """Raises NoReason."""
    if not why.strip():
        raise NoReason(f"{what} needs a reason: say why. Nothing was done.")
    refuse_long(why)


def refuse_long(why: str) -> None:
    """Raises NoReason."""
    if len(why) > LONGEST:
        raise NoReason(f"the reason has {len(why):,} characters, and it can have {LONGEST:,}. Nothing was done.")
