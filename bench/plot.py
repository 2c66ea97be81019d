"""The fold as a picture, docs/performance.svg: `python -m bench.plot`, from the figures of the last measurement."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import matplotlib as mpl
import typer
from matplotlib.figure import Figure

from bench import report
from bench.errors import BenchError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes

TARGET = Path("docs/performance.svg")
COLOURS = {"exactly once": "#1f6fb4", "at least once": "#7f9bb3", "none": "#b9c0c6"}
OURS_COLOUR = "#e07b1a"
INK, PAPER = "#1c2733", "#ffffff"  # on white of its own, so that a dark page does not swallow the ink
STYLE: dict[Any, Any] = {
    "font.size": 12,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "svg.hashsalt": "bookly",  # the same figures are the same file
}
JsonFile = Annotated[Path, typer.Option("--json", help="The figures.")]
SvgFile = Annotated[Path, typer.Option("--out", help="The picture.")]


def draw(fold: Mapping[str, Any], target: Path) -> None:
    """Events a second and CPU an event of every peer, fastest on top; bars are medians, whiskers the slowest and fastest run."""
    names = sorted(fold, key=lambda name: fold[name]["events_per_s"])
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(12, 0.55 * len(names) + 1.8), facecolor=PAPER, layout="constrained")
        speed, cost = figure.subplots(1, 2, sharey=True)
        _bars(speed, fold, names, "events_per_s", "events a second: more is better", "{:,.0f}")
        _bars(cost, fold, names, "cpu_us_per_event", "CPU microseconds an event: less is better", "{:,.1f}")
        speed.set_yticks(range(len(names)), [_label(name, fold[name]) for name in names])
        figure.savefig(target, metadata={"Date": None, "Title": "The fold"})


def _bars(axes: Axes, fold: Mapping[str, Any], names: list[str], figure: str, title: str, text: str) -> None:
    medians = [fold[name][figure] for name in names]
    spreads = [fold[name][f"{figure}_min_max"] for name in names]
    below = [median - low for median, (low, _) in zip(medians, spreads, strict=True)]
    above = [high - median for median, (_, high) in zip(medians, spreads, strict=True)]
    axes.barh(
        range(len(names)),
        medians,
        xerr=[below, above],
        color=[_colour(name, fold[name]) for name in names],
        ecolor=INK,
        capsize=3,
    )
    axes.set(xscale="log", title=title, facecolor=PAPER)
    axes.set_xlim(min(medians) / 3, max(high for _, high in spreads) * 6)
    for row, (median, (_, high)) in enumerate(zip(medians, spreads, strict=True)):
        axes.text(high * 1.15, row, text.format(median), va="center")
    axes.spines[["top", "right"]].set_visible(False)


def _label(name: str, one: Mapping[str, Any]) -> str:
    return f"{name}\n{one['guarantee'] if one['guarantee'] != 'none' else 'no guarantee'}"


def _colour(name: str, one: Mapping[str, Any]) -> str:
    return OURS_COLOUR if name == "ours" else COLOURS[one["guarantee"]]


def main(json: JsonFile = report.TARGET, out: SvgFile = TARGET) -> None:
    """Draw the last measurement."""
    fold = report.read(json).get("fold")
    if not fold:
        raise BenchError(f"{json} has no fold in it: measure first, by `python -m bench`.")
    draw(fold, out)


if __name__ == "__main__":
    typer.run(main)
