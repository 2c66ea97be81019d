"""The pictures in the docs are of the page as it is. The tests of the story and of the views take them."""

from __future__ import annotations

import os

from tests.browser.console.pictures import KEPT, NAMES, look_of_the_console


def test_the_pictures_are_of_this_page() -> None:
    if os.environ.get("BOOKLY_PICTURES"):
        KEPT.mkdir(exist_ok=True)
        (KEPT / "of.txt").write_text(look_of_the_console() + "\n", encoding="utf-8")
    assert (KEPT / "of.txt").read_text(encoding="utf-8").strip() == look_of_the_console(), (
        "the console looks otherwise by now: `make pictures`, look at docs/console, commit"
    )
    for name in NAMES:
        assert (KEPT / f"{name}.png").exists(), f"there is no picture {name}: `make pictures`"
