"""Peers take turns, so that what disturbs one disturbs all."""

from __future__ import annotations

import pytest

from bench.catalogue import PEERS, chosen
from bench.figures import turns


def test_every_peer_runs_once_before_any_runs_again() -> None:
    rounds = turns(PEERS, 5)
    assert len(rounds) == 5
    assert all(sorted(peer.name for peer in peers) == sorted(peer.name for peer in PEERS) for peers in rounds)


def test_every_round_begins_with_another_peer() -> None:
    peers = chosen(["raw", "quix", "arroyo"])
    assert [peers[0].name for peers in turns(peers, 4)] == ["raw", "quix", "arroyo", "raw"]


def test_no_peers_are_no_rounds() -> None:
    assert turns((), 3) == []


def test_peers_are_chosen_by_name_in_the_order_asked_for() -> None:
    assert [peer.name for peer in chosen(["quix", "raw"])] == ["quix", "raw"]
    assert chosen([]) == PEERS


def test_a_name_that_is_no_peer_is_said() -> None:
    with pytest.raises(KeyError, match="flink"):
        chosen(["raw", "flink"])
