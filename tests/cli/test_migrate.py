"""The commands on a PostgreSQL database: a site moves there, and is checked, rebuilt and given people there."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from router.cli import main
from router.site.datalock import STORE_FILE, locked
from router.site.key import KEY_VARIABLE, load_site_key
from router.store.hashing import keyed_hasher
from router.store.sqlite import open_sqlite
from tests.servers.postgresql import PostgresqlServer
from tests.store.makers import SITE, account, letter


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresqlServer]:
    server = PostgresqlServer(durable=False).start()
    yield server
    server.close()


@pytest.fixture
def address(server: PostgresqlServer) -> str:
    return asyncio.run(server.database())


@pytest.fixture
def data(tmp_path: Path) -> Path:
    async def make() -> None:
        key = load_site_key(tmp_path, {})
        store = await open_sqlite(tmp_path / STORE_FILE, hasher=keyed_hasher(key.derive("store")))
        await store.letterbox.put(SITE, [letter("a")])
        await store.accounts.add(SITE, account("ana"))
        await store.close()

    asyncio.run(make())
    return tmp_path


def patchbay(*words: str | Path, **environment: str) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words], env=environment)


def test_a_site_moves_and_is_checked_on_both_sides(data: Path, address: str, server: PostgresqlServer) -> None:
    done = patchbay("migrate", "--from", data, "--to", address)
    assert done.exit_code == 0, done.output
    assert "verify says the same of both" in done.output
    assert "1 letter" in done.output
    assert server.password not in done.output
    again = patchbay("migrate", "--from", data, "--to", address)
    assert again.exit_code == 1
    assert "not empty" in again.output


def test_the_commands_work_on_the_database_that_the_environment_names(data: Path, address: str, tmp_path: Path) -> None:
    assert patchbay("migrate", "--from", data, STORE=address).exit_code == 0
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shared = {"STORE": address, KEY_VARIABLE: (data / "site.key").read_text().strip()}
    assert "ana" in patchbay("user", "list", "--data", elsewhere, **shared).output
    added = patchbay("user", "add", "ben", "--data", elsewhere, **shared)
    assert added.exit_code == 0, added.output
    assert "ben" in patchbay("user", "list", "--data", elsewhere, **shared).output
    checked = patchbay("verify", "--data", elsewhere, **shared)
    assert checked.output.splitlines()[-1] == "ok"
    rebuilt = patchbay("rebuild", "--data", elsewhere, **shared)
    assert rebuilt.exit_code == 0, rebuilt.output


def test_data_that_is_served_does_not_move(data: Path, address: str) -> None:
    with locked(data, 1):
        done = patchbay("migrate", "--from", data, "--to", address)
    assert done.exit_code == 1
    assert "running" in done.output


def test_what_cannot_be_reached_is_said_in_a_sentence(data: Path, server: PostgresqlServer) -> None:
    gone = f"postgresql://me:secret-word@127.0.0.1:{server.port + 1}/x"
    for words in (("migrate", "--from", data, "--to", gone), ("verify", "--data", data)):
        done = patchbay(*words, STORE=gone)
        assert done.exit_code == 1
        assert "cannot be reached" in done.output
        assert "secret-word" not in done.output
