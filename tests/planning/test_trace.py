"""The replay of a log: what is read of it, who was there, and that the log's own customers come."""

from __future__ import annotations

import pytest

from bench.quality_trace import Log, as_lived, as_logged, floor_of, main, read_log, replayed, shifts
from router.core.bundle import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from router.planning.policy import Policy
from router.planning.scenario import START_MS

NAMES = (
    "vru+line\tcall_id\tcustomer_id\tpriority\ttype\tdate\tvru_entry\tvru_exit\tvru_time\tq_start\tq_exit\tq_time"
    "\toutcome\tser_start\tser_exit\tser_time\tserver"
)


def row(number: int, comes: str, *, waits: int = 0, outcome: str = "AGENT", day: str = "990103", **more: str) -> str:
    """Return a line of a log; whoever is answered is answered for a minute."""
    begins = comes[:-2] + f"{int(comes[-2:]) + waits:02d}"
    ends = f"{comes[:2]}:{int(comes[3:5]) + 1:02d}:{begins[-2:]}"
    served = (begins, ends, "60", more.get("server", "ANN")) if outcome == "AGENT" else ("0:00:00",) * 2 + ("0", "NONE")
    told = (f"AA{number}", str(number), "0", more.get("priority", "0"), more.get("type", "PS"), day)
    return "\t".join((*told, "0:00:00", comes, "5", comes, begins, str(waits), outcome, *served))


def log_of(*rows: str) -> Log:
    return read_log([NAMES, *rows])


def test_who_joined_the_queue_is_read_and_nobody_else() -> None:
    log = log_of(
        row(1, "09:00:00"),
        row(2, "09:00:10", waits=15, outcome="HANG"),
        row(3, "09:00:20", outcome="HANG"),  # hung up before the queue
        row(4, "09:00:30", outcome="PHANTOM"),
        row(5, "09:02:00", waits=30, day="990105", priority="2", type="NE"),
    )
    assert [(call.kind, call.answered) for call in log.calls] == [("PS", True), ("PS", False), ("NE+", True)]
    assert log.days == 3
    assert log.calls[2].at_ms == 2 * DAY_MS + 9 * HOUR_MS + 2 * MINUTE_MS
    month = as_logged(log)
    assert (month.waited, month.in_time, month.gave_up) == pytest.approx((2 / 3, 1 / 3, 1 / 3))
    assert month.wait_mean_s == pytest.approx(15)


def test_a_line_that_is_broken_off_is_left_out() -> None:
    assert len(log_of(row(1, "09:00:00"), "AA2\t2\t0").calls) == 1


def test_whoever_takes_no_call_for_too_long_has_gone() -> None:
    calls = log_of(row(1, "09:00:00"), row(2, "09:05:00"), row(3, "10:00:00")).calls
    times = [(at - START_MS) // MINUTE_MS for at in shifts(calls, 10 * MINUTE_MS)]
    assert times == [540, 546, 600, 601]
    assert len(shifts(calls, HOUR_MS)) == 2


def test_the_customers_of_the_log_come_and_are_served_by_who_was_there() -> None:
    rows = [row(number, f"09:{number:02d}:00", server=f"S{number % 3}") for number in range(50)]
    log = log_of(*rows)
    scenario = floor_of(log, 20 * MINUTE_MS, Policy(order="age", clock="clock"))
    assert [group.agents for group in scenario.groups] == [1, 1, 1]
    outcome = replayed(log, scenario, 1)
    assert outcome.arrivals == 50
    lived = as_lived([outcome])
    assert (lived.gave_up, lived.in_time) == (0, 1)


def test_with_fewer_people_more_wait() -> None:
    one = log_of(*(row(number, f"09:{number // 2:02d}:{number % 2:02d}") for number in range(80)))
    lived = as_lived([replayed(one, floor_of(one, HOUR_MS, Policy()), seed) for seed in (1, 2)])
    assert lived.waited > 0.5
    assert lived.wait_mean_s > 60
    assert 0 < lived.gave_up < 1


def test_a_priority_caller_has_a_head_start_of_ninety_seconds() -> None:
    log = log_of(row(1, "09:00:00"), row(2, "09:01:00", priority="2"))
    rules = {rule.name: rule.head_start_ms for rule in floor_of(log, HOUR_MS, Policy()).bundle.rules}
    assert rules == {"PS": 0, "PS+": 90 * SECOND_MS, "rest": 0}


def test_without_a_log_there_is_nothing_to_replay(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert "no log" in capsys.readouterr().out
