"""The `patchbay` command: people, checks, verification, and the lock on the data."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dashboard.passwords import verify_password
from router.cli import main
from router.clustering import open_store
from router.node.snapshots import read_snapshot
from router.serving import CannotServe, bind
from router.site.accounts import DEMO, first_people, keep_first
from router.site.datalock import DataInUse, home_of, locked
from router.site.key import load_site_key
from router.store.port import Account


def patchbay(*words: str | Path, typed: str = "") -> Result:
    return CliRunner().invoke(main, [str(word) for word in words], input=typed)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    async def make() -> None:
        store = await open_store(tmp_path, load_site_key(tmp_path, {}))
        await store.close()

    asyncio.run(make())
    return tmp_path


def account(data: Path, login: str) -> Account:
    async def read() -> Account | None:
        store = await open_store(data, load_site_key(data, {}))
        try:
            return await store.accounts.by_login("main", login)
        finally:
            await store.close()

    found = asyncio.run(read())
    assert found is not None
    return found


def test_help_is_quick_because_it_imports_no_server() -> None:
    code = (
        "import sys, router.cli; print([m for m in ('aiohttp', 'structlog', 'apsw', 'holidays') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert "serve" in patchbay("--help").output


def test_a_person_is_added_with_skills_and_a_password_that_is_kept_as_a_hash(data: Path) -> None:
    words = ("user", "add", "ana", "--data", data, "--name", "Ana", "--skill", "billing=3", "--password-stdin")
    assert patchbay(*words, typed="correct horse\n").output == "Added ana.\n"
    ana = account(data, "ana")
    assert (ana.name, ana.role, ana.skills) == ("Ana", "agent", {"billing": 3})
    assert ana.password.startswith("$argon2id$")
    assert verify_password(ana.password, "correct horse")


def test_a_password_that_is_made_is_shown_once(data: Path) -> None:
    said = patchbay("user", "add", "ben", "--data", data).output
    assert verify_password(account(data, "ben").password, said.rpartition(" ")[2].strip())


def test_a_login_that_is_taken_is_refused_with_a_sentence(data: Path) -> None:
    patchbay("user", "add", "ana", "--data", data)
    again = patchbay("user", "add", "ana", "--data", data)
    assert again.exit_code == 1
    assert again.output.startswith("Error: ")
    assert "Traceback" not in again.output


def test_skills_password_and_state_of_a_person_change(data: Path) -> None:
    patchbay("user", "add", "ana", "--data", data, "--skill", "billing=3")
    assert patchbay("user", "skills", "ana", "orders=2", "--data", data).exit_code == 0
    assert account(data, "ana").skills == {"orders": 2}
    patchbay("user", "password", "ana", "--data", data, "--password-stdin", typed="another horse\n")
    assert verify_password(account(data, "ana").password, "another horse")
    patchbay("user", "disable", "ana", "--data", data)
    listed = patchbay("user", "list", "--data", data).output
    assert "orders=2" in listed
    assert "(disabled)" in listed
    patchbay("user", "disable", "ana", "--undo", "--data", data)
    assert not account(data, "ana").disabled


def test_how_somebody_works_changes_and_what_is_not_named_stays(data: Path) -> None:
    patchbay("user", "add", "ana", "--data", data, "--limit", "chat=2", "--language", "en")
    assert patchbay("user", "change", "ana", "--data", data, "--first-task", "billing").exit_code == 0
    changed = account(data, "ana")
    assert (changed.limits, list(changed.first_tasks), list(changed.languages)) == ({"chat": 2}, ["billing"], ["en"])
    assert patchbay("user", "change", "ana", "--data", data, "--offer-times", "3").exit_code == 0
    assert (account(data, "ana").offer_times, account(data, "ana").limits) == (3, {"chat": 2})
    assert patchbay("user", "change", "ana", "--data", data, "--offer-times", "11").exit_code == 2
    said = patchbay("user", "change", "ana", "--data", data)
    assert said.exit_code == 2
    assert "--first-task" in said.output


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("user", "password", "nobody"), "There is no account 'nobody'."),
        (("user", "skills", "nobody", "billing"), "'billing' is not name=level"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(data: Path, words: tuple[str, ...], sentence: str) -> None:
    said = patchbay(*words, "--data", data)
    assert said.exit_code != 0
    assert sentence in said.output


@pytest.mark.parametrize("words", [("user", "list"), ("verify",)])
def test_a_directory_without_data_is_named(tmp_path: Path, words: tuple[str, ...]) -> None:
    said = patchbay(*words, "--data", tmp_path / "nothing")
    assert said.exit_code == 1
    assert "There is no Patchbay data" in said.output


def test_fresh_data_verifies(data: Path) -> None:
    said = patchbay("verify", "--data", data)
    assert said.exit_code == 0, said.output


def test_the_snapshot_command_recovers_and_writes_what_came_of_it(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert patchbay("snapshot", out, "--data", data, "--site", "main").exit_code != 0, (
        "nobody waits for a file that is not there"
    )
    out.touch()
    assert patchbay("snapshot", out, "--data", data, "--site", "main").exit_code == 0
    assert read_snapshot(out).position == 0


def test_a_bad_configuration_is_refused_with_its_places(tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text("site: {id: main, zome: Europe/Prague}\n")
    said = patchbay("check", tmp_path)
    assert said.exit_code == 1
    assert "site.yaml:1:" in said.output


def test_the_data_is_held_by_one_process_and_the_second_is_told_which(tmp_path: Path) -> None:
    with locked(tmp_path, 8080), pytest.raises(DataInUse, match="port 8080"), locked(tmp_path, 9090):
        pytest.fail("the lock was given twice")
    with locked(tmp_path, 9090):
        assert "9090" in (tmp_path / "patchbay.lock").read_text()


def test_the_data_keeps_its_name(tmp_path: Path) -> None:
    assert home_of(tmp_path) == home_of(tmp_path)


def test_a_port_in_use_is_refused_with_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(CannotServe, match="cannot be used"):
        bind("127.0.0.1", taken.getsockname()[1])


async def test_the_first_people_are_made_once_and_the_example_file_is_the_owners(tmp_path: Path) -> None:
    store = await open_store(tmp_path, load_site_key(tmp_path, {}))
    try:
        people = await first_people(store.accounts, "main", demo=True, hashed=lambda password: f"#{password}")
        assert [login for login, _ in people] == ["admin", *(login for login, *_ in DEMO)]
        assert await first_people(store.accounts, "main", demo=True, hashed=str) == []
        path = keep_first(tmp_path, people)
        assert path.stat().st_mode & 0o777 == 0o600
        assert len({password for _, password in people}) == len(people)
    finally:
        await store.close()


def test_people_of_several_floors_are_told_apart(data: Path) -> None:
    for floor in ("north", "south"):
        assert patchbay("--site", floor, "user", "add", f"dana-{floor}", "--data", data).exit_code == 0
    told = patchbay("--site", "north", "user", "list", "--data", data).output
    assert "dana-north" in told
    assert "dana-south" not in told
