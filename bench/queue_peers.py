"""Three task queues and the job that does nothing, run with the interpreter that they are installed for.

`python -m bench.queue_peers work NAME URL FILE` works until it is ended; `... send NAME URL` reads lines
`COUNT WIDTH RATE` (rate 0: as fast as can be) and answers each with a line when all is handed over. The job writes
two numbers: when it was to be handed over, and when it was done. Only the queues and the standard library are here.
"""

from __future__ import annotations

import asyncio
import os
import struct
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

JOB = "nothing"
TIMES = struct.Struct("dd")
# What a worker may have in hand, where the queue lets it be said; more than the senders have under way.
AT_ONCE = 100
# `arq` as it comes looks twice a second for work; the second row shows it with less patience.
ARQ_POLL_S = {"arq": 0.5, "arq-quick": 0.01}
# The prefork pool's own choice: as many as there are processors.
CELERY_PROCESSES = 2
URL_VARIABLE, FILE_VARIABLE = "BENCH_QUEUE_URL", "BENCH_QUEUE_FILE"

Send = Callable[[float], Awaitable[object]]


class Note:
    """Where jobs write. One short append, so that several processes may share the file."""

    def __init__(self, path: str) -> None:
        self._out = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def __call__(self, due: float) -> None:
        """Note a job that is done."""
        os.write(self._out, TIMES.pack(due, time.monotonic()))


def _arq_settings(url: str) -> Any:
    return import_module("arq.connections").RedisSettings.from_dsn(url)


def work_arq(url: str, path: str, poll_s: float) -> None:
    """Work as arq's own worker does. Its results are not kept."""
    note = Note(path)

    async def nothing(_context: object, due: float) -> None:
        note(due)

    worker = import_module("arq.worker")
    settings = {"max_jobs": AT_ONCE, "poll_delay": poll_s, "redis_settings": _arq_settings(url)}
    job = worker.func(nothing, name=JOB, keep_result=0)
    worker.Worker([job], keep_result=0, **settings).run()


async def sender_arq(url: str) -> Send:
    """Return how a job is handed to arq."""
    pool = await import_module("arq").create_pool(_arq_settings(url))
    return lambda due: pool.enqueue_job(JOB, due)


def taskiq_broker() -> Any:
    """Return taskiq's broker that acknowledges, with its job: its command line asks for it by name."""
    broker = import_module("taskiq_redis").RedisStreamBroker(os.environ[URL_VARIABLE])
    note = Note(os.environ.get(FILE_VARIABLE, os.devnull))

    async def nothing(due: float) -> None:
        note(due)

    broker.register_task(nothing, task_name=JOB)
    return broker


def work_taskiq(url: str, path: str) -> None:
    """Work as taskiq's own command does, one process."""
    os.environ |= {URL_VARIABLE: url, FILE_VARIABLE: path}
    flags = ["--workers", "1", "--max-async-tasks", str(AT_ONCE), "--log-level", "WARNING"]
    command = [sys.executable, "-m", "taskiq", "worker", "bench.queue_peers:taskiq_broker", *flags]
    os.execv(sys.executable, command)


async def sender_taskiq(url: str) -> Send:
    """Return how a job is handed to taskiq."""
    os.environ[URL_VARIABLE] = url
    broker = taskiq_broker()
    await broker.startup()
    send: Send = broker.find_task(JOB).kiq
    return send


def celery_app(url: str, path: str) -> Any:
    """Return a Celery application that acknowledges when a job is done, and keeps no result."""
    note = Note(path)

    def nothing(due: float) -> None:
        note(due)

    app = import_module("celery").Celery("bench", broker=url)
    app.conf.update(task_acks_late=True, task_ignore_result=True, worker_hijack_root_logger=False)
    app.task(name=JOB)(nothing)
    return app


def work_celery(url: str, path: str) -> None:
    """Work as Celery's own command does, with its prefork pool."""
    flags = ["--concurrency", str(CELERY_PROCESSES), "--loglevel", "WARNING", "--without-gossip", "--without-mingle"]
    celery_app(url, path).worker_main(["worker", *flags])


async def sender_celery(url: str) -> Send:
    """Return how a job is handed to Celery, which knows no waiting: in threads, as many as asyncio has."""
    task = celery_app(url, os.devnull).tasks[JOB]
    return lambda due: asyncio.to_thread(task.delay, due)


WORKERS: dict[str, Callable[[str, str], None]] = {
    "arq": lambda url, path: work_arq(url, path, ARQ_POLL_S["arq"]),
    "arq-quick": lambda url, path: work_arq(url, path, ARQ_POLL_S["arq-quick"]),
    "taskiq": work_taskiq,
    "celery": work_celery,
}
SENDERS: dict[str, Callable[[str], Awaitable[Send]]] = {
    "arq": sender_arq,
    "arq-quick": sender_arq,
    "taskiq": sender_taskiq,
    "celery": sender_celery,
}


async def saturate(send: Send, count: int, width: int) -> None:
    """Hand over as fast as can be, so many at once."""
    numbers = iter(range(count))

    async def some() -> None:
        for _ in numbers:
            await send(time.monotonic())

    await asyncio.gather(*(some() for _ in range(width)))


async def pace(send: Send, count: int, rate: float) -> None:
    """Hand over at a rate, each at its own time whatever became of the others."""
    first = time.monotonic()

    async def one(due: float) -> None:
        await asyncio.sleep(due - time.monotonic())
        await send(due)

    await asyncio.gather(*(one(first + number / rate) for number in range(count)))


async def serve_sender(name: str, url: str) -> None:
    """Send what the lines on standard input say."""
    send = await SENDERS[name](url)
    print("ready", flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        count, width, rate = line.split()
        if float(rate):
            await pace(send, int(count), float(rate))
        else:
            await saturate(send, int(count), int(width))
        print("sent", flush=True)


class Peer:
    """One queue with its worker and its sender, as processes. `spent_ms` is the processor time of both."""

    def __init__(self, name: str, python: Path, *, url: str, folder: Path) -> None:
        assert urlsplit(url).scheme == "redis", "each of them knows this scheme"
        self.name = name
        self._times = folder / f"{name}.times"
        self._times.touch()
        root = Path(__file__).parent.parent
        module = [str(python), "-m", "bench.queue_peers"]
        log = (folder / f"{name}.log").open("ab")
        self.worker = subprocess.Popen(
            [*module, "work", name, url, str(self._times)], cwd=root, stdout=log, stderr=log, start_new_session=True
        )
        self.sender = subprocess.Popen(
            [*module, "send", name, url], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
        )
        self.hear("ready")

    def say(self, count: int, width: int, rate: float) -> None:
        """Let it send."""
        assert self.sender.stdin is not None, "opened above"
        self.sender.stdin.write(f"{count} {width} {rate}\n")
        self.sender.stdin.flush()

    def hear(self, word: str) -> None:
        """Wait for its sender."""
        assert self.sender.stdout is not None, "opened above"
        said = self.sender.stdout.readline().strip()
        assert said == word, f"{self.name}: {said or 'its sender has ended'}"

    def done(self) -> int:
        """Return how many jobs are done since it was asked to forget."""
        return self._times.stat().st_size // TIMES.size

    def take_times(self) -> list[tuple[float, float]]:
        """Return when each job was due and done, and forget them."""
        times = list(TIMES.iter_unpack(self._times.read_bytes()))
        os.truncate(self._times, 0)
        return times

    def stop(self) -> None:
        """End both."""
        for process in (self.sender, self.worker):
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


if __name__ == "__main__":
    if sys.argv[1] == "work":
        WORKERS[sys.argv[2]](*sys.argv[3:5])
    else:
        asyncio.run(serve_sender(*sys.argv[2:4]))
