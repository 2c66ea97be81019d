"""From runs to the figures that are published."""

from __future__ import annotations

from bench.catalogue import chosen
from bench.figures import Run, fold_figures, ratios


def run(events_per_s: float, cpu_us: float = 10.0, events: int = 1000) -> Run:
    return Run(events / events_per_s, cpu_us * events / 1e6, events, events, events)


def test_a_peers_figure_is_the_median_with_its_spread() -> None:
    peers = chosen(["raw"])
    figures = fold_figures(peers, {"raw": [run(100, 9), run(900, 12), run(300, 10)]})["raw"]
    assert figures["events_per_s"] == 300
    assert figures["events_per_s_min_max"] == [100, 900]
    assert figures["cpu_us_per_event"] == 10
    assert figures["cpu_us_per_event_min_max"] == [9, 12]
    assert [one["events_per_s"] for one in figures["runs"]] == [100, 900, 300]
    assert (figures["guarantee"], figures["events"]) == ("none", 1000)


def test_a_peer_without_a_run_has_no_figures() -> None:
    assert list(fold_figures(chosen(["raw", "quix"]), {"raw": [run(100)]})) == ["raw"]


def test_ratios_are_of_runs_of_the_same_round() -> None:
    """A machine that is slow for a round is slow for both sides of it: the ratio does not see it."""
    runs = {"ours": [run(400), run(40), run(400)], "raw": [run(100), run(10), run(100)]}
    assert ratios(runs) == {"ratio_to_raw": 4.0}


def test_more_speed_is_a_higher_ratio_and_less_cpu_a_lower_one() -> None:
    found = ratios({"ours": [run(300, 4)], "kafka-streams-eos": [run(100, 8)]})
    assert found == {"ratio_to_kafka_streams": 3.0, "ratio_to_kafka_streams_cpu": 0.5}


def test_every_figure_that_is_published_has_its_key() -> None:
    everybody = {peer.name: [run(100)] for peer in chosen([])}
    wanted = {"ratio_to_raw", "ratio_to_stock_faust", "ratio_to_quix", "ratio_to_kafka_streams", "ratio_to_kafka_streams_cpu"}
    assert wanted <= ratios(everybody).keys()
    assert all({"events_per_s", "cpu_us_per_event", "runs"} <= one.keys() for one in fold_figures(chosen([]), everybody).values())
