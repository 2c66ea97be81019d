"""Peers take turns, so that what disturbs one disturbs all."""

from __future__ import annotations

import pytest

from bench.catalogue import PEERS, chosen
from bench.figures import turns


def test_every_peer_runs_once_before_any_runs_again() -> None:
    rounds = turns(PEERS, 5)
    assert len(rounds) == 5
    assert all(sorted(peer.name for peer in peers) == sorted(peer.name for peer in PEERS) for peers in rounds)


def test_what_we_are_compared_with_first_of_all_runs_in_the_same_minute() -> None:
    """A ratio is of two runs of one round: on a shared machine those must be neighbours, in every round."""
    for peers in turns(PEERS, 3):
        names = [peer.name for peer in peers]
        assert abs(names.index("ours") - names.index("raw")) <= 2
        assert abs(names.index("ours") - names.index("kafka-streams-eos")) <= 2


def test_peers_are_chosen_by_name_in_the_order_asked_for() -> None:
    assert [peer.name for peer in chosen(["quix", "raw"])] == ["quix", "raw"]
    assert chosen([]) == PEERS


def test_a_name_that_is_no_peer_is_said() -> None:
    with pytest.raises(KeyError, match="flink"):
        chosen(["raw", "flink"])
