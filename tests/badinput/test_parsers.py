"""Parsers under strangers' bytes, in process: they return or refuse by name, in bounded time and memory."""

from __future__ import annotations

import contextlib
import gc
import os
import random
import time
import tracemalloc
from pathlib import Path

import pytest

from tests.badinput.bombs import MAIL_BOMBS
from tests.badinput.mutate import made
from tests.badinput.parsers import Parser, table

# Over all parsers, by their shares.
INPUTS = int(os.environ.get("PATCHBAY_INPUTS", "1000"))
SEED = int(os.environ.get("PATCHBAY_SEED", "3"))
# Of one input; what takes longer holds up everybody, for Python's regular expressions hold the interpreter.
CPU_S_MAX, CPU_US_PER_BYTE_MAX = 0.1, 2.5
# Three times the same inputs: the interpreter's own caches, and nothing of an input.
GROWTH_BYTES_MAX = 100_000
WARM_UP, MEMORY_INPUTS = 50, 20


PARSERS = {parser.name: parser for parser in table()}
SHARES = sum(parser.share for parser in PARSERS.values())


def cpu_s(parser: Parser, data: bytes) -> float:
    """Return what an input costs. Raises what the parser raises, if it is no named refusal."""
    began = time.thread_time()
    with contextlib.suppress(*parser.refuses):
        parser.call(data)
    return time.thread_time() - began


def bound_s(data: bytes) -> float:
    return CPU_S_MAX + len(data) * CPU_US_PER_BYTE_MAX / 1_000_000


def judged(parser: Parser, data: bytes) -> str:
    """Return what is wrong with an answer to an input, empty for nothing."""
    try:
        spent = cpu_s(parser, data)
    except Exception as fault:
        return f"{type(fault).__name__}: {fault}"
    # A second look: the machine may have taken the time, the interpreter may have collected garbage.
    if spent > bound_s(data) and min(cpu_s(parser, data) for _ in range(3)) > bound_s(data):
        return f"{spent:.3f} s for {len(data)} bytes"
    return ""


@pytest.mark.parametrize("name", MAIL_BOMBS)
def test_a_mail_costs_what_its_size_explains(name: str) -> None:
    assert not judged(PARSERS["email"], MAIL_BOMBS[name])


@pytest.mark.parametrize("name", PARSERS)
def test_a_parser_returns_or_refuses_by_name_whatever_it_reads(name: str, tmp_path: Path) -> None:
    parser, chance = PARSERS[name], random.Random(f"{SEED} {name}")
    for data in parser.soil.samples:
        assert not judged(parser, data)
    kept = tmp_path / "input"
    for number in range(max(WARM_UP, INPUTS * parser.share // SHARES)):
        data = made(parser.soil, chance)
        fault = judged(parser, data)
        kept.write_bytes(data if fault else b"")
        assert not fault, f"{name}, input {number} of seed {SEED}, kept in {kept}"


@pytest.mark.parametrize("name", PARSERS)
def test_a_parser_keeps_nothing_of_what_it_reads(name: str) -> None:
    parser, chance = PARSERS[name], random.Random(f"{SEED} memory {name}")
    inputs = [made(parser.soil, chance) for _ in range(MEMORY_INPUTS)]
    for data in inputs:
        cpu_s(parser, data)
    tracemalloc.start()
    try:
        for data in inputs:
            cpu_s(parser, data)
        gc.collect()
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(3):
            for data in inputs:
                cpu_s(parser, data)
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < GROWTH_BYTES_MAX
