"""The one writer: a thread that turns whatever waits into one durable transaction. Knows no table.

What is queued when the writer becomes free goes into one transaction and one flush. Jobs of one kind that
can be done together share their statements; every kind has its own savepoint, so that a job that fails
does not fail its neighbours.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import apsw

from router.store.port import StoreError, StoreUnavailable
from router.store.sqlite.errors import convert, convert_commit, ends_batch

BATCH_JOBS_MAX = 256
"""More in one transaction makes the first wait for the last and gains nothing: a flush is shared enough."""

WAITING_JOBS_MAX = 10_000
"""About a second of work. Beyond it callers are told to come back; intake has the letterbox's own answer."""

CHECKPOINT_PAGES = 1_000
"""4 MB of log: SQLite's own measure, done here after the answers instead of inside a commit."""

TROUBLE_S = 5.0
"""A full disk takes one write and refuses the next: who asks is told of a refusal for so long after the last."""

GIVE_WAY_AFTER_S = 0.001
GIVE_WAY_S = 0.0001
"""While a batch is written the loop pauses so long, so often, that the writer gets the interpreter lock.

A busy loop lets go of the lock at each turn and takes it back before a waiting thread has woken; that the
thread has waited long is forgotten each time. Beside a loop that never rests the worst of 60 writes took 20 s
without the pause, and 30 ms with it.
"""

Argument = TypeVar("Argument")
Result = TypeVar("Result")
Together = Callable[[apsw.Connection, list[Any]], Sequence[Any]]


class Job:
    """One piece of work, its argument and where the answer goes."""

    __slots__ = ("argument", "future", "outcome", "shared", "work")

    def __init__(self, work: Together, argument: object, *, shared: bool, future: asyncio.Future[Any]) -> None:
        self.work = work
        self.argument = argument
        self.shared = shared
        self.future = future
        self.outcome: object = None


class Failure:
    """The outcome of a job that was not done."""

    __slots__ = ("error",)

    def __init__(self, error: BaseException) -> None:
        self.error = error


class Writer:
    """Takes work from the loop it was made in; owns its connection from `start` to `close`."""

    def __init__(self, conn: apsw.Connection) -> None:
        self._conn = conn
        self._loop = asyncio.get_running_loop()
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._closed = False
        self._log_pages = 0
        self._between: deque[Job] = deque()
        self._unanswered = 0
        self._gives_way = False
        self._failed = (-TROUBLE_S, "")
        conn.set_wal_hook(self._measure)

    @property
    def trouble(self) -> str:
        """Why a batch could not be written in the last seconds, empty when all were. A sentence without details."""
        failed_s, sentence = self._failed
        return sentence if time.monotonic() - failed_s < TROUBLE_S else ""

    def start(self) -> None:
        """Start the thread; from here on nobody else touches the connection."""
        self._thread.start()

    async def do(self, work: Callable[[apsw.Connection], Result]) -> Result:
        """Do one piece of work in the next transaction; return when it is durable."""
        result: Result = await self._submit(lambda conn, _: (work(conn),), None, shared=False)
        return result

    async def execute(self, statement: str, values: tuple[int | str | bytes, ...]) -> None:
        """Do one statement in the next transaction; return when it is durable."""

        def work(conn: apsw.Connection) -> None:
            conn.execute(statement, values)

        await self.do(work)

    async def together(
        self, work: Callable[[apsw.Connection, list[Argument]], Sequence[Result]], argument: Argument
    ) -> Result:
        """Do work that takes the arguments of everybody who asks for it in one transaction, in order."""
        result: Result = await self._submit(work, argument, shared=True)
        return result

    async def between(self, work: Callable[[apsw.Connection], Result]) -> Result:
        """Do one piece of work in the thread between two batches, when no transaction is open."""
        job = Job(lambda conn, _: (work(conn),), None, shared=False, future=self._loop.create_future())
        self._between.append(job)
        await self.do(lambda _conn: None)
        result: Result = await job.future
        return result

    async def close(self) -> None:
        """Finish what is queued, fold the log into the file and close."""
        if not self._closed:
            self._closed = True
            self._jobs.put(None)
        while self._thread.is_alive():
            await asyncio.to_thread(self._thread.join, 1.0)

    def _submit(self, work: Together, argument: object, *, shared: bool) -> asyncio.Future[Any]:
        if self._closed:
            raise StoreUnavailable("the store is closed")
        if self._jobs.qsize() >= WAITING_JOBS_MAX:
            raise StoreUnavailable("too many writes are waiting")
        job = Job(work, argument, shared=shared, future=self._loop.create_future())
        self._jobs.put(job)
        self._unanswered += 1
        if not self._gives_way:
            self._gives_way = True
            self._loop.call_later(GIVE_WAY_AFTER_S, self._give_way)
        return job.future

    def _give_way(self) -> None:
        """Let the writer have the interpreter for a moment, as long as somebody waits for it."""
        self._gives_way = self._unanswered > 0
        if self._gives_way:
            time.sleep(GIVE_WAY_S)
            self._loop.call_later(GIVE_WAY_AFTER_S, self._give_way)

    def _answer(self, jobs: list[Job]) -> None:
        """Resolve the futures of one batch, in the loop."""
        self._unanswered -= len(jobs)
        _resolve(jobs)

    # --- in the thread ---------------------------------------------------------------------------

    def _run(self) -> None:
        last = False
        while not last:
            jobs, last = self._next_batch()
            if jobs:
                self._write(jobs)
                self._tell(jobs)
            if self._between:
                self._work_between()
            if self._log_pages >= CHECKPOINT_PAGES:
                self._checkpoint(apsw.SQLITE_CHECKPOINT_PASSIVE)
        self._checkpoint(apsw.SQLITE_CHECKPOINT_TRUNCATE)
        self._conn.close()

    def _tell(self, jobs: list[Job]) -> None:
        """Hand the outcomes to the loop, once per batch. A loop that is closed has nobody left to tell."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._answer, jobs)

    def _next_batch(self) -> tuple[list[Job], bool]:
        """Wait for a job, then take what else is there. The flag says that this batch is the last."""
        jobs: list[Job] = []
        job = self._jobs.get()
        while job is not None:
            jobs.append(job)
            if len(jobs) >= BATCH_JOBS_MAX:
                return jobs, False
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return jobs, False
        return jobs, True

    def _write(self, jobs: list[Job]) -> None:
        """Do the jobs in one transaction and set the outcome of each."""
        try:
            self._conn.execute("BEGIN IMMEDIATE")
            groups = list(_groups(jobs))
            for group in groups:
                self._do_group(group)
        except Exception as error:
            self._give_up(jobs, convert(error))
            return
        try:
            self._conn.execute("COMMIT")
        except apsw.Error as error:
            self._give_up(jobs, convert_commit(error))

    def _do_group(self, group: list[Job]) -> None:
        """Do jobs of one kind together; when that fails, one by one, so that only the culprit fails."""
        error = self._attempt(group)
        if error is None:
            return
        if len(group) == 1:
            group[0].outcome = Failure(error)
            return
        for job in group:
            self._do_group([job])

    def _attempt(self, group: list[Job]) -> BaseException | None:
        """Run one group in a savepoint. Raises what ends the whole batch."""
        self._conn.execute("SAVEPOINT job")
        try:
            results = group[0].work(self._conn, [job.argument for job in group])
            for job, result in zip(group, results, strict=True):
                job.outcome = result
        except Exception as error:
            if ends_batch(error) or not self._conn.in_transaction:
                raise error if isinstance(error, apsw.Error) else apsw.AbortError from error
            self._conn.execute("ROLLBACK TO job; RELEASE job")
            return _for_caller(error)
        self._conn.execute("RELEASE job")
        return None

    def _give_up(self, jobs: list[Job], error: StoreError) -> None:
        """Roll the batch back and tell everybody in it."""
        try:
            if self._conn.in_transaction:
                self._conn.execute("ROLLBACK")
        except apsw.Error as worse:
            error = convert(worse)
        self._failed = (time.monotonic(), str(error))
        for job in jobs:
            job.outcome = Failure(error)

    def _measure(self, _conn: apsw.Connection, _name: str, pages: int) -> int:
        self._log_pages = pages
        return apsw.SQLITE_OK

    def _checkpoint(self, mode: int) -> None:
        """Fold the log into the file. A failure costs nothing now: the log is kept and the next try has it."""
        self._log_pages = 0
        try:
            self._conn.wal_checkpoint(mode=mode)
        except apsw.Error:
            return

    def _work_between(self) -> None:
        """Do what was asked for between two batches, one by one."""
        jobs = [self._between.popleft() for _ in range(len(self._between))]
        for job in jobs:
            try:
                (job.outcome,) = job.work(self._conn, [])
            except Exception as error:
                job.outcome = Failure(_for_caller(error))
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(_resolve, jobs)


def _groups(jobs: list[Job]) -> Iterator[list[Job]]:
    """Bring the shared jobs of one kind together at the place of the first; all others stay alone."""
    shared: dict[Together, list[Job]] = {}
    order: list[list[Job]] = []
    for job in jobs:
        group = shared.get(job.work) if job.shared else None
        if group is not None:
            group.append(job)
            continue
        group = [job]
        order.append(group)
        if job.shared:
            shared[job.work] = group
    return iter(order)


def _resolve(jobs: list[Job]) -> None:
    for job in jobs:
        if job.future.done():
            continue
        if isinstance(job.outcome, Failure):
            job.future.set_exception(job.outcome.error)
        else:
            job.future.set_result(job.outcome)


def _for_caller(error: Exception) -> BaseException:
    """A driver's error is converted; a bug of ours stays what it is, so that its trace is not lost."""
    return convert(error) if isinstance(error, (apsw.Error, UnicodeEncodeError)) else error
