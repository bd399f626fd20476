"""The exact law against numbers computed before, and against Erlang where a floor is simple."""

from __future__ import annotations

import pytest

from bench.quality_law import law_of
from router.planning import erlang

N = {"1": frozenset("a"), "2": frozenset("ab")}
W = {"1": frozenset("ab"), "2": frozenset("bc")}


def test_the_n_shaped_floor_has_its_known_waits_and_occupancies() -> None:
    law = law_of({"a": 0.9, "b": 0.6}, N, {"1": 1.0, "2": 1.0})
    assert law.wait == pytest.approx({"a": 1.203822, "b": 2.875796}, abs=1e-6)
    assert law.occupancy == pytest.approx({"1": 0.65924, "2": 0.84076}, abs=1e-5)


def test_the_n_shaped_floor_with_unlike_speeds_has_its_known_waits() -> None:
    law = law_of({"a": 0.9, "b": 0.5}, N, {"1": 1.2, "2": 0.8})
    assert law.wait == pytest.approx({"a": 0.922440, "b": 3.382279}, abs=1e-6)
    assert law.occupancy == pytest.approx({"1": 0.60090, "2": 0.84865}, abs=1e-5)


def test_the_w_shaped_floor_has_its_known_waits() -> None:
    law = law_of(dict.fromkeys("abc", 0.5), W, {"1": 1.0, "2": 1.0})
    assert law.wait == pytest.approx({"a": 2.1, "b": 1.2, "c": 2.1}, abs=1e-9)
    assert law.delayed == pytest.approx({"a": 0.75, "b": 0.6, "c": 0.75}, abs=1e-9)


@pytest.mark.parametrize("servers", [1, 2, 5])
def test_one_class_and_equal_servers_are_erlang_c(servers: int) -> None:
    names = [str(number) for number in range(servers)]
    arrivals = 0.8 * servers
    law = law_of({"a": arrivals}, dict.fromkeys(names, frozenset("a")), dict.fromkeys(names, 1.0))
    known = erlang.waiting(servers, arrivals=arrivals, service=1.0)
    assert law.wait["a"] == pytest.approx(known.wait_mean)
    assert law.delayed["a"] == pytest.approx(known.delayed)
    assert law.occupancy == pytest.approx(dict.fromkeys(names, 0.8))
