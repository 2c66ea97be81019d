"""Which tables may be made again from the log."""

from __future__ import annotations

import pytest
import typer

from agents import NAMES
from agents.rebuild.command import REBUILDABLE, main


@pytest.mark.parametrize("domain", sorted(set(NAMES) - set(REBUILDABLE)))
def test_a_domain_whose_rows_the_log_alone_does_not_give_is_refused(domain: str) -> None:
    with pytest.raises(typer.BadParameter, match="which the log does not hold; choose of reports"):
        main(domain, switch_over=True)
