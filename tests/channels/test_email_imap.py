"""A folder of a real Dovecot, read by IMAP: resume, new UIDs, cut lines, large mails, what happens afterwards."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.channels.mailbox import USER, Proxy, door_of_now, has, mail, reading, texts, until
from tests.providers.dovecot import TOKEN, Dovecot


@pytest.fixture
async def server() -> AsyncIterator[Dovecot]:
    made = Dovecot()
    try:
        await made.start()
        yield made
    finally:
        await made.remove()


async def test_mail_that_is_there_and_mail_that_arrives_is_taken_once_in_its_order(server: Dovecot) -> None:
    door = door_of_now()
    server.deliver(mail(1))
    async with reading(server, door):
        await has(door, "words 1")
        server.deliver(mail(2))
        await has(door, "words 1", "words 2")
    assert door.messages[0].identities[0].value == "ann1@example.org"
    assert server.count(what="UNSEEN") == 2, "nobody has seen it"


async def test_a_first_look_takes_new_mail_only_unless_all_is_wanted(server: Dovecot) -> None:
    door = door_of_now()
    server.deliver(mail(1))
    async with reading(server, door, imap_begin="new"):
        await until(lambda: bool(door.book.pages), "looked")
        server.deliver(mail(2))
        await has(door, "words 2")


async def test_mail_that_arrived_while_nobody_read_is_taken_and_nothing_twice(server: Dovecot) -> None:
    door = door_of_now()
    server.deliver(mail(1))
    async with reading(server, door):
        await has(door, "words 1")
    server.deliver(mail(2))
    client = server.client()
    client.select("INBOX")
    client.store("1:*", "+FLAGS", "\\Seen")
    client.logout()
    accepted = len(door.letters)
    async with reading(server, door):
        await has(door, "words 1", "words 2")
    assert len(door.letters) == accepted + 1


async def test_a_mail_that_was_deleted_meanwhile_is_passed_by(server: Dovecot) -> None:
    door = door_of_now()
    for number in range(1, 5):
        server.deliver(mail(number))
    client = server.client()
    client.select("INBOX")
    client.store("2:3", "+FLAGS", "\\Deleted")
    client.expunge()
    async with reading(server, door):
        await has(door, "words 1", "words 4")
        client.store("1", "+FLAGS", "\\Deleted")
        client.expunge()
        client.logout()
        server.deliver(mail(5))
        await has(door, "words 1", "words 4", "words 5")


async def test_new_uids_lose_nothing_and_double_nothing(server: Dovecot) -> None:
    door = door_of_now()
    for number in (1, 2, 3):
        server.deliver(mail(number))
    async with reading(server, door):
        await has(door, "words 1", "words 2", "words 3")
    server.deliver(mail(4))
    server.renumber()
    async with reading(server, door):
        await until(lambda: "words 4" in texts(door), "taken under its new uid")
        server.deliver(mail(5))
        await until(lambda: "words 5" in texts(door), "and what comes next")
    assert sorted(texts(door)) == [f"words {number}" for number in range(1, 6)]


async def test_under_new_uids_old_mail_that_was_never_ours_stays_old(server: Dovecot) -> None:
    door = door_of_now()
    server.append(mail(1), date='"01-Jan-2020 10:00:00 +0000"')
    async with reading(server, door, imap_begin="new"):
        await until(lambda: bool(door.book.pages), "looked")
        server.deliver(mail(2))
        await has(door, "words 2")
    server.renumber()
    server.deliver(mail(3))
    async with reading(server, door, imap_begin="new"):
        await until(lambda: '"known_uid":4' in "".join(door.book.pages.values()), "renumbered")
        server.deliver(mail(4))
        await until(lambda: "words 4" in texts(door), "new")
    assert "words 1" not in texts(door)


async def test_idle_is_renewed_and_the_mail_after_it_is_taken(server: Dovecot) -> None:
    door = door_of_now()
    async with (
        Proxy(server.imaps_port).serving() as proxy,
        reading(server, door, imap_port=proxy.port, imap_idle_ms=1_000),
    ):
        await until(lambda: bool(door.book.pages), "looked")
        first = dict(door.book.pages)
        door.at_ms += 1
        await until(lambda: door.book.pages != first, "looked again")
        server.deliver(mail(1))
        await has(door, "words 1")
        assert proxy.opened == 1


async def test_a_server_without_idle_is_asked(server: Dovecot) -> None:
    await server.stop()
    server.capability = "IMAP4rev1 UIDPLUS"
    await server.start()
    door = door_of_now()
    async with reading(server, door, imap_idle_ms=1_000):
        server.deliver(mail(1))
        await has(door, "words 1")


async def test_a_cut_line_at_any_place_loses_nothing_and_doubles_nothing(server: Dovecot) -> None:
    door, wanted = door_of_now(), [f"words {number}" for number in range(1, 9)]
    for number in range(1, 9):
        server.deliver(mail(number))
    async with Proxy(server.imap_port).serving() as proxy:
        cuts = 0
        for size in range(200, 9_000, 700):
            proxy.cut_after_bytes = size
            async with reading(server, door, imap_port=proxy.port, imap_tls="none"):
                await until(lambda: bool(door.troubles) or texts(door) == wanted, "cut")
            cuts += bool(door.troubles)
            door.troubles.clear()
            if texts(door) == wanted:
                break
        proxy.cut_after_bytes = -1
        async with reading(server, door, imap_port=proxy.port, imap_tls="none"):
            await has(door, *wanted)
    assert len(door.letters) == len(wanted)
    assert cuts >= 5


async def test_a_server_that_goes_away_and_comes_back_is_read_on(server: Dovecot) -> None:
    door = door_of_now()
    async with reading(server, door):
        server.deliver(mail(1))
        await has(door, "words 1")
        await server.stop()
        await until(lambda: bool(door.troubles) and door.troubles[-1] != "", "said")
        await server.start()
        server.deliver(mail(2))
        await has(door, "words 1", "words 2")
        await until(lambda: door.troubles[-1] == "", "mended")


async def test_while_the_letterbox_is_closed_the_cursor_stands(server: Dovecot) -> None:
    door = door_of_now()
    async with reading(server, door):
        await until(lambda: bool(door.book.pages), "looked")
        door.closed = True
        server.deliver(mail(1))
        await until(lambda: "letterbox_closed" in door.troubles, "said")
        assert texts(door) == []
        door.closed = False
        await has(door, "words 1")


async def test_a_mail_over_the_limit_is_a_message_that_names_its_reason(server: Dovecot) -> None:
    door = door_of_now()
    server.deliver(mail(1, "x" * 70 + "\r\n" + ("y" * 70 + "\r\n") * 290_000))
    server.deliver(mail(2))
    async with reading(server, door, size_mebibytes_max=10):
        await has(door, "", "words 2")
    large = door.messages[0]
    assert (large.extra["unread"], large.subject) == ("too_large", "question 1")
    assert large.line.peer == "ann1@example.org"
    assert large.attachments[0].size_bytes > 20_000_000
    assert large.attachments[0].content == b""


async def test_what_was_read_is_flagged_or_moved_and_nothing_else(server: Dovecot) -> None:
    door = door_of_now()
    server.deliver(mail(1))
    async with reading(server, door, imap_begin="new", imap_after="move", imap_move_to="Erledigt & 已处理"):
        await until(lambda: bool(door.book.pages), "looked")
        server.deliver(mail(2))
        await has(door, "words 2")
        await until(lambda: server.count() == 1, "moved")
    assert server.count('"Erledigt &- &XfJZBHQG-"') == 1
    server.deliver(mail(3))
    async with reading(server, door, imap_begin="new", imap_after="flag"):
        await until(lambda: server.count(what="SEEN") == 1, "flagged")
    assert server.count(what="UNSEEN") == 1, "what was there before us is not ours to flag"
    assert texts(door) == ["words 2", "words 3"]


async def test_what_was_read_before_a_crash_is_moved_after_it(server: Dovecot) -> None:
    door = door_of_now()
    server.deliver(mail(1))
    async with reading(server, door):
        await has(door, "words 1")
    async with reading(server, door, imap_after="move", imap_move_to="Processed"):
        await until(lambda: server.count("Processed") == 1, "moved")
    assert texts(door) == ["words 1"]


async def test_a_wrong_password_is_said_by_name_and_not_tried_again_at_once(server: Dovecot) -> None:
    door = door_of_now()
    async with (
        Proxy(server.imaps_port).serving() as proxy,
        reading(server, door, imap_port=proxy.port, environment={"IMAP_PASSWORD": "wrong-secret"}),
    ):
        await until(lambda: "login_refused" in door.troubles, "said")
        await asyncio.sleep(1.5)
        assert proxy.opened == 1
    assert "wrong-secret" not in repr(door.troubles)


async def test_a_certificate_nobody_vouches_for_is_refused(server: Dovecot) -> None:
    door = door_of_now()
    async with reading(server, door, imap_ca_file=""):
        await until(lambda: "tls_refused" in door.troubles, "said")
    async with reading(server, door, imap_tls="starttls", imap_port=server.imap_port):
        server.deliver(mail(1))
        await has(door, "words 1")


async def test_a_token_opens_the_mailbox_and_a_stale_one_is_asked_for_again(server: Dovecot, tmp_path: Path) -> None:
    door = door_of_now()
    asked = tmp_path / "asked"
    script = f"import pathlib; p = pathlib.Path({str(asked)!r}); print({TOKEN!r} if p.exists() else 'stale'); p.touch()"
    command = (sys.executable, "-c", script)
    async with reading(server, door, imap_password_env="", oauth_command=command, environment={}):
        server.deliver(mail(1))
        await until(lambda: "token_refused" in door.troubles, "stale")
        await has(door, "words 1")


async def test_a_missing_folder_is_said_by_name(server: Dovecot) -> None:
    door = door_of_now()
    async with reading(server, door, imap_folder="Nowhere"):
        await until(lambda: "folder_refused" in door.troubles, "said")


async def test_other_addresses_of_the_mailbox_and_its_user_have_cursors_of_their_own(server: Dovecot) -> None:
    door = door_of_now()
    server.deliver(mail(1))
    server.append(mail(2), folder="INBOX", user="other@example.com")
    async with reading(server, door):
        await has(door, "words 1")
    async with reading(server, door, imap_user="other@example.com"):
        await has(door, "words 1", "words 2")
    assert USER not in repr(door.book.pages)
