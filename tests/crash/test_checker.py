"""The checker of the crash test is worth something only if it finds what it is there to find: faults are planted."""

from __future__ import annotations

import ast
import asyncio
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.crash.checker import Left, faults, read, repeated_mails, taken_after_the_blow
from tests.crash.ledger import Ledger
from tests.crash.scene import scene

pytestmark = pytest.mark.crash

HERE = Path(__file__).parent
OF_THE_PRODUCT = {"router", "channels", "dashboard"}

# A fault by its name, the statements that plant it in a copy (with the message's id), and what the checker must say.
PLANTED = {
    "a message is lost": (["DELETE FROM message WHERE id = :id"], "0 messages where one was acknowledged"),
    "a message is there twice": (
        [
            """INSERT INTO message(site, channel, conv, line, direction, kind, body)
               SELECT site, channel, conv, line, direction, kind, body FROM message WHERE id = :id"""
        ],
        "2 messages where one was acknowledged",
    ),
    "a message is in another conversation": (
        ["UPDATE message SET conv = conv + 1 WHERE id = :id"],
        "journalled in",
    ),
    "a letter is lost": (["DELETE FROM letter WHERE message = :id"], "0 letters"),
    "a letter never came to a decision": (
        ["UPDATE letter SET state = 'new' WHERE message = :id"],
        "its letter is",
    ),
    "a letter is in quarantine": (
        ["UPDATE letter SET state = 'quarantined' WHERE message = :id"],
        "its letter is",
    ),
    "a conversation is lost": (
        ["DELETE FROM conversation WHERE conv = (SELECT conv FROM message WHERE id = :id)"],
        "its conversation is gone",
    ),
    "the story does not tell it": (["DELETE FROM timeline WHERE message = :id"], "not once in the story"),
    "the story tells it twice": (
        [
            """INSERT INTO timeline SELECT site, position + 1000000, conv, line, kind, at, message, agent, notice,
               until_ms, detail FROM timeline WHERE message = :id"""
        ],
        "not once in the story",
    ),
    "the journal was cut off": (["DELETE FROM journal WHERE first > 20"], "decided 0 times"),
    "a decision is in the journal twice": (
        [
            """INSERT INTO journal(site, first, count, at, epoch, entries)
               SELECT site, first + 1000000, count, at, epoch, entries FROM journal"""
        ],
        "decided 2 times",
    ),
}


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ledger]:
    """A database after a short life without faults, with its ledger."""
    return asyncio.run(_live(tmp_path_factory.mktemp("lived")))


async def _live(folder: Path) -> tuple[Path, Ledger]:
    async with scene(folder) as at:
        at.crowd.writing.set()
        while len(at.ledger.answered) < 5 or {"form", "chat", "mail"} != set(at.ledger.said.values()):
            await asyncio.sleep(0.05)
        await at.rest()
        ledger, kept = at.ledger, folder / "kept.db"
        with closing(sqlite3.connect(at.database)) as source, closing(sqlite3.connect(kept)) as copy:
            source.backup(copy)
        shutil.copytree(at.house.data / "files", folder / "files")
    return kept, ledger


def test_a_life_without_faults_breaks_no_promise(lived: tuple[Path, Ledger]) -> None:
    kept, ledger = lived
    assert faults(ledger, read(kept)) == []
    assert len(ledger.said) > 5


@pytest.mark.parametrize("name", PLANTED)
@pytest.mark.parametrize("way", ["form", "chat", "mail"])
def test_a_planted_fault_in_a_customers_message_is_found(
    lived: tuple[Path, Ledger], tmp_path: Path, name: str, way: str
) -> None:
    kept, ledger = lived
    statements, said = PLANTED[name]
    mark = next(mark for mark, kind in reversed(ledger.said.items()) if kind == way)
    copy = _planted(kept, tmp_path, statements=statements, mark=mark)
    assert any(fault.startswith(mark) and said in fault for fault in faults(ledger, read(copy)))


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DELETE FROM message WHERE id = :id", "0 replies where one was acknowledged"),
        ("UPDATE message SET conv = 0 WHERE id = :id", "0 replies where one was acknowledged"),
        ("UPDATE message SET conv = conv + 1 WHERE id = :id", "journalled in"),
        ("DELETE FROM timeline WHERE message = :id", "not once in the story"),
        (
            """INSERT INTO message(site, channel, conv, line, direction, kind, body)
               SELECT site, channel, conv, line, direction, kind, body FROM message WHERE id = :id""",
            "2 replies where one was acknowledged",
        ),
    ],
)
def test_a_planted_fault_in_a_reply_is_found(
    lived: tuple[Path, Ledger], tmp_path: Path, statement: str, said: str
) -> None:
    kept, ledger = lived
    mark = min(ledger.answered)
    copy = _planted(kept, tmp_path, statements=[statement], mark=mark)
    assert any(fault.startswith(mark) and said in fault for fault in faults(ledger, read(copy)))


def test_a_mail_that_neither_left_nor_waits_is_found(lived: tuple[Path, Ledger]) -> None:
    kept, ledger = lived
    left, no_relay = read(kept), Ledger(said=ledger.said, answered=ledger.answered)
    mark = next(mark for mark in sorted(ledger.answered) if left.channels[left.messages[mark][0][0]] == "email")
    left.waiting = {left.messages[mark][0][0]}
    assert f"{mark}: neither left nor waiting" not in faults(no_relay, left)
    left.waiting = set()
    assert f"{mark}: neither left nor waiting" in faults(no_relay, left)


def test_a_mail_that_left_again_without_a_blow_upon_it_or_under_two_names_is_found() -> None:
    ledger, nothing, mark = Ledger(), Left(), {"reply-mark-1-end"}
    ledger.keep_mail("<a@b>", mark, life=0, at_s=100.0)
    ledger.end_life(100.1)
    ledger.keep_mail("<a@b>", mark, life=1, at_s=130.0)
    assert faults(ledger, nothing) == []
    assert repeated_mails(ledger) == 1
    ledger.end_life(190.0)
    ledger.keep_mail("<a@b>", mark, life=2, at_s=200.0)
    assert faults(ledger, nothing) == ["mail <a@b>: left again, though it was taken 60.0 s before the blow"]
    twice, other = Ledger(), Ledger()
    twice.keep_mail("<a@b>", mark, life=0, at_s=1.0)
    twice.keep_mail("<a@b>", mark, life=0, at_s=2.0)
    assert faults(twice, nothing) == ["mail <a@b>: left twice in life 0"]
    other.keep_mail("<a@b>", mark, life=0, at_s=1.0)
    other.keep_mail("<c@b>", mark, life=0, at_s=2.0)
    assert faults(other, nothing) == ["reply-mark-1-end: left under 2 names"]


def test_a_mail_that_lay_in_a_buffer_at_the_blow_is_of_the_life_that_sent_it() -> None:
    ledger = Ledger()
    ledger.end_life(100.0)
    ledger.keep_mail("<a@b>", set(), life=0, at_s=100.2)
    ledger.keep_mail("<a@b>", set(), life=1, at_s=170.0)
    ledger.end_life(180.0)
    assert faults(ledger, Left()) == []
    assert taken_after_the_blow(ledger) == [pytest.approx(0.2)]


def test_a_file_that_is_lost_or_torn_is_found(lived: tuple[Path, Ledger]) -> None:
    kept, ledger = lived
    left, mark = read(kept), next(mark for mark, way in ledger.said.items() if way == "mail")
    left.kept[mark] = None
    assert f"{mark}: its file is not there" in faults(ledger, left)
    left.kept[mark] = ledger.files[mark][:-1]
    assert f"{mark}: its file is another" in faults(ledger, left)


def test_a_row_that_says_something_else_than_the_journal_is_found(lived: tuple[Path, Ledger]) -> None:
    kept, ledger = lived
    left = read(kept)
    number = next(iter(left.conversations))
    left.conversations[number] = ("deferred", 9)
    assert any(fault.startswith(f"conversation {number} is ") for fault in faults(ledger, left))


def test_what_checks_the_product_imports_nothing_of_it() -> None:
    files = [*sorted(HERE.glob("*.py")), HERE.parent.parent / "bench" / "robots.py", HERE.parent / "e2e" / "house.py"]
    assert len(files) > 6
    for path in files:
        tree = ast.parse(path.read_text())
        plain = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        whole = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not {name for name in plain | whole if name.split(".")[0] in OF_THE_PRODUCT}, path.name


def _planted(kept: Path, folder: Path, *, statements: list[str], mark: str) -> Path:
    """Return a copy with a fault planted in the message of a mark."""
    copy = folder / "planted.db"
    shutil.copy(kept, copy)
    with closing(sqlite3.connect(copy)) as conn:
        # The indexes that would refuse such a row are taken away: the checker must not lean on them.
        indexes = conn.execute("SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL").fetchall()
        for (index,) in indexes:
            conn.execute(f"DROP INDEX {index}")
        (message,) = conn.execute("SELECT id FROM message WHERE body LIKE ? AND conv <> 0", (f"%{mark}%",)).fetchone()
        for statement in statements:
            changed = conn.execute(statement, {"id": message} if ":id" in statement else {})
            assert changed.rowcount > 0, "the fault was not planted"
        conn.commit()
    return copy
