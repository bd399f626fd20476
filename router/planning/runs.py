"""Runs of one scenario, one for each seed, in processes of their own; each says how far it is."""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from router.memory import look_less_often
from router.planning.scenario import Scenario
from router.planning.simulation import Prepare, Simulation, SimulationError
from router.planning.tally import Outcome

Progress = Callable[[float], None]
Job = tuple[Scenario, int, Prepare | None]


@dataclass(slots=True)
class _Runs:
    """What is under way: which run each child has, what each run has said, what has come back."""

    jobs: deque[tuple[int, Job]]
    shares: list[float]
    children: dict[Connection, BaseProcess] = field(default_factory=dict)
    running: dict[Connection, int] = field(default_factory=dict)
    outcomes: dict[int, Outcome] = field(default_factory=dict)


def run_all(jobs: Sequence[Job], *, processes: int = 0, progress: Progress | None = None) -> list[Outcome]:
    """Run each job and return the outcomes in the same order. `processes` 0: one for each processor.

    A job's `prepare` must be a function or class that another process can import.
    """
    runs = _Runs(deque(enumerate(jobs)), [0.0] * len(jobs))
    try:
        for _ in range(min(processes or os.cpu_count() or 1, len(jobs))):
            _give(runs, _child(runs))
        while runs.running:
            for connection in wait(list(runs.running)):
                assert isinstance(connection, Connection), "nothing else is waited for"
                _hear(runs, connection)
            if progress is not None:
                progress(sum(runs.shares) / len(runs.shares))
    finally:
        for connection, process in runs.children.items():
            connection.close()
            process.terminate()
            process.join()
    return [runs.outcomes[number] for number in range(len(jobs))]


def run_seeds(
    scenario: Scenario, *, prepare: Prepare | None = None, processes: int = 0, progress: Progress | None = None
) -> list[Outcome]:
    """Run a scenario with each of its seeds, 1 and up."""
    jobs: list[Job] = [(scenario, seed, prepare) for seed in range(1, scenario.seeds + 1)]
    return run_all(jobs, processes=processes, progress=progress)


def _child(runs: _Runs) -> Connection:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_live, args=(theirs,), daemon=True)
    process.start()
    theirs.close()
    runs.children[ours] = process
    return ours


def _give(runs: _Runs, connection: Connection) -> None:
    """Give a child its next run, if there is one."""
    if runs.jobs:
        runs.running[connection], job = runs.jobs.popleft()
        connection.send(job)


def _hear(runs: _Runs, connection: Connection) -> None:
    """Take what a child says: how far it is, what came of it, or why it could not."""
    number = runs.running[connection]
    try:
        said = connection.recv()
    except EOFError:
        said = SimulationError("a run broke off; its process is gone")
    if isinstance(said, SimulationError):
        raise said
    if isinstance(said, float):
        runs.shares[number] = said
        return
    del runs.running[connection]
    runs.shares[number], runs.outcomes[number] = 1.0, said
    _give(runs, connection)


def _live(parent: Connection) -> None:
    """Run what the parent gives, one after the other: the child process. Without a parent it ends, whatever it does."""
    look_less_often()
    try:
        while True:
            scenario, seed, prepare = parent.recv()
            try:
                parent.send(Simulation(scenario, seed, prepare).run(parent.send))
            except SimulationError as fault:
                parent.send(fault)
    except (EOFError, OSError):
        return
