"""The closed forms against published values (ICMI/CRAN/pyworkforce examples, Gans, Koole and Mandelbaum, Whitt)."""

from __future__ import annotations

import pytest

from router.planning import erlang

PUBLISHED = 1e-6


@pytest.mark.parametrize(
    ("servers", "offered", "expected"), [(15, 10.0, 0.036497), (3, 1.0, 0.0625), (0, 5.0, 1.0), (1, 1.0, 0.5)]
)
def test_erlang_b_has_the_values_of_the_classic_tables(servers: int, offered: float, expected: float) -> None:
    assert erlang.erlang_b(servers, offered) == pytest.approx(expected, abs=PUBLISHED)


@pytest.mark.parametrize(
    ("servers", "offered", "expected"),
    [
        (15, 10.0, 0.102042),
        (3, 1.0, 0.090909),
        (24, 20.0, 0.298072),
        (100, 90.0, 0.216940),
        (500, 475.0, 0.176964),
        (10, 10.0, 1.0),
    ],
)
def test_erlang_c_has_the_values_of_the_classic_tables(servers: int, offered: float, expected: float) -> None:
    assert erlang.erlang_c(servers, offered) == pytest.approx(expected, abs=PUBLISHED)


def test_the_worked_example_of_three_sources_comes_out_to_a_millionth() -> None:
    at = {"arrivals": 100 / 1800, "service": 1 / 180}
    found = erlang.waiting(14, **at)
    assert found.delayed == pytest.approx(0.1741319, abs=PUBLISHED)
    assert found.occupancy == pytest.approx(0.7142857, abs=PUBLISHED)
    assert found.wait_mean == pytest.approx(7.83593701, abs=PUBLISHED)
    assert 1 - erlang.waits_longer(14, **at, than=20) == pytest.approx(0.88835, abs=PUBLISHED)


@pytest.mark.parametrize(
    ("agents", "delayed", "answered", "asa"), [(11, 0.68212, 0.3896, 122.78), (12, 0.4494, 0.6402, 40.44)]
)
def test_the_table_of_staffing_around_it_comes_out(agents: int, delayed: float, answered: float, asa: float) -> None:
    at = {"arrivals": 100 / 1800, "service": 1 / 180}
    found = erlang.waiting(agents, **at)
    assert found.delayed == pytest.approx(delayed, abs=6e-5)
    assert found.wait_mean == pytest.approx(asa, abs=6e-3)
    assert 1 - erlang.waits_longer(agents, **at, than=20) == pytest.approx(answered, abs=6e-5)


def test_the_textbook_floor_of_55_agents_comes_out() -> None:
    at = {"arrivals": 360 / 1800, "service": 1 / 240}
    found = erlang.waiting(55, **at)
    assert found.delayed == pytest.approx(0.238701, abs=PUBLISHED)
    assert found.wait_mean == pytest.approx(8.184, abs=6e-4)
    assert 1 - erlang.waits_longer(55, **at, than=15) == pytest.approx(0.845883, abs=PUBLISHED)
    assert found.occupancy == pytest.approx(0.872727, abs=PUBLISHED)


@pytest.mark.parametrize(
    ("agents", "arrivals", "patience", "delayed", "abandoned"),
    [
        (10, 8.0, 1.0, 0.283376, 0.053233),
        (50, 48.0, 0.5, 0.467774, 0.030912),
        (100, 105.0, 1.0, 0.700245, 0.066982),
        (500, 510.0, 0.5, 0.781083, 0.026052),
        (100, 102.0, 1.0, 0.591719, 0.049918),
    ],
)
def test_erlang_a_has_the_published_points(
    agents: int, arrivals: float, patience: float, delayed: float, abandoned: float
) -> None:
    found = erlang.impatient(agents, arrivals=arrivals, service=1.0, patience=patience)
    assert found.delayed == pytest.approx(delayed, abs=PUBLISHED)
    assert found.abandoned == pytest.approx(abandoned, abs=PUBLISHED)


def test_the_floor_of_the_tutorial_with_and_without_patience() -> None:
    at = {"arrivals": 0.8, "service": 1 / 60}
    with_patience = erlang.impatient(50, **at, patience=1 / 120)
    assert with_patience.wait_mean == pytest.approx(3.7095, abs=6e-5)
    assert with_patience.queue_mean == pytest.approx(2.9676, abs=6e-5)
    assert with_patience.occupancy == pytest.approx(0.9303, abs=6e-5)
    assert erlang.impatient_beyond(50, **at, patience=1 / 120, than=12.44) == pytest.approx(0.1, abs=5e-4)
    without = erlang.waiting(50, **at)
    assert without.wait_mean == pytest.approx(20.834, abs=6e-4)
    assert without.queue_mean == pytest.approx(16.67, abs=6e-3)
    assert erlang.waits_longer(50, **at, than=58.14) == pytest.approx(0.1, abs=1e-4)


def test_whitts_overloaded_floor_has_its_queue() -> None:
    assert erlang.impatient(100, arrivals=102, service=1, patience=1).queue_mean == pytest.approx(5.0916, abs=6e-5)


def test_who_waits_at_all_waits_longer_than_nothing() -> None:
    at = {"arrivals": 105.0, "service": 1.0, "patience": 1.0}
    delayed = erlang.impatient(100, **at).delayed
    assert erlang.impatient_beyond(100, **at, than=0.0) == pytest.approx(delayed, abs=1e-9)
    assert erlang.impatient_beyond(100, **at, than=1e9) == 0.0


def test_the_service_level_of_the_pooled_floors_of_the_benchmark_comes_out() -> None:
    pooled = erlang.impatient_answered(40, arrivals=0.12, service=1 / 300, patience=1 / 300, within=20)
    assert pooled == pytest.approx(0.839, abs=6e-4)
    bilingual = erlang.impatient_answered(36, arrivals=0.1 + 0.01333, service=1 / 300, patience=1 / 240, within=20)
    assert bilingual == pytest.approx(0.766, abs=6e-4)


def test_the_floor_of_wallace_and_whitt_with_120_lines_comes_out() -> None:
    found = erlang.limited(90, lines=120, arrivals=6 * 1.40 / 60, service=1 / 600)
    assert found.blocked == pytest.approx(0.00364, abs=6e-6)
    assert found.wait_mean == pytest.approx(27.00, abs=6e-3)
    all_busy = found.blocked + (1 - found.blocked) * found.delayed
    assert all_busy == pytest.approx(0.382, abs=6e-5)


def test_lines_without_end_are_erlang_c_and_lines_for_agents_only_are_erlang_b() -> None:
    at = {"arrivals": 9.0, "service": 1.0}
    assert erlang.limited(10, lines=2000, **at).wait_mean == pytest.approx(erlang.waiting(10, **at).wait_mean)
    assert erlang.limited(10, lines=10, **at).blocked == pytest.approx(erlang.erlang_b(10, 9.0))


@pytest.mark.parametrize(("agents", "exact"), [(100, 0.21694), (1_000, 0.22147), (10_000, 0.22278)])
def test_square_root_staffing_comes_nearer_with_size(agents: int, exact: float) -> None:
    offered = agents - agents**0.5
    assert erlang.erlang_c(agents, offered) == pytest.approx(exact, abs=6e-6)
    assert erlang.delayed_at_square_root(1.0) == pytest.approx(0.22336, abs=6e-6)
    assert erlang.square_root_staff(offered, 1.0) in {agents - 1, agents}


@pytest.mark.parametrize(("offered", "agents"), [(5, 8), (20, 24), (100, 107), (500, 510)])
def test_eighty_twenty_needs_the_known_number_of_agents(offered: float, agents: int) -> None:
    def answered(servers: int) -> float:
        return 1 - erlang.waits_longer(servers, arrivals=offered / 180, service=1 / 180, than=20)

    assert erlang.least_servers(answered, wanted=0.8, least=int(offered) + 1, most=600) == agents


@pytest.mark.parametrize(("offered", "agents"), [(5, 7), (20, 23), (100, 99), (500, 470)])
def test_with_patience_eighty_twenty_needs_fewer(offered: float, agents: int) -> None:
    def answered(servers: int) -> float:
        return erlang.impatient_answered(servers, arrivals=offered / 180, service=1 / 180, patience=1 / 180, within=20)

    assert erlang.least_servers(answered, wanted=0.8, least=agents - 2, most=600) == agents


def test_a_load_that_no_line_can_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="grows for ever"):
        erlang.waiting(10, arrivals=10, service=1)
    with pytest.raises(ValueError, match="no number"):
        erlang.least_servers(lambda _: 0.0, wanted=0.5, least=1, most=3)
