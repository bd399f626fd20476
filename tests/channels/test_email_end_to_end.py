"""A customer's mail in a real Dovecot, a whole node, an agent, the reply at a real SMTP server; also with kill -9."""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from channels import email
from router.site.datalock import STORE_FILE
from tests.channels.mailbox import SECRETS, USER, Proxy, mail, settings_of
from tests.channels.relay import Relay, serving
from tests.channels.staffed import StaffedHouse, staffed
from tests.e2e.house import House
from tests.providers.dovecot import PASSWORD, Dovecot

ROUNDS = int(os.environ.get("PATCHBAY_ROUNDS", "1"))
SEED = int(os.environ.get("PATCHBAY_SEED", "7"))
BLOW_S_MIN, BLOW_S_MAX = 0.2, 1.0
KEPT_S_MAX, LOOK_S = 60, 0.2


@pytest.fixture
async def server() -> AsyncIterator[Dovecot]:
    made = Dovecot()
    try:
        await made.start()
        yield made
    finally:
        await made.remove()


@pytest.fixture
async def relay() -> AsyncIterator[Relay]:
    async with serving(Relay()) as made:
        yield made


@pytest.fixture
async def house(tmp_path: Path, server: Dovecot, relay: Relay) -> AsyncIterator[StaffedHouse]:
    settings = settings_of(server, out_host="127.0.0.1", out_port=relay.port, out_tls="none")
    async with staffed(tmp_path, "email", email, settings, SECRETS) as made:
        yield made


async def test_a_mail_is_offered_taken_answered_and_the_answer_to_the_answer_joins(
    house: StaffedHouse, server: Dovecot, relay: Relay
) -> None:
    server.deliver(mail(1, "Where is my parcel?"))
    await house.taken()
    await house.has_said("Where is my parcel?")
    await house.answers("It comes tomorrow.")
    await house.until(lambda: len(relay.taken) == 1, "sent")
    answer = relay.taken[0].mail
    assert (answer["To"], answer["In-Reply-To"]) == ("ann1@example.org", "<m1@example.org>")
    assert "It comes tomorrow." in answer.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    reply = {"In-Reply-To": str(answer["Message-ID"])}
    server.deliver(
        mail(2, "Thank you!\r\n\r\nOn 1 Jan 2026, Support <support@example.com> wrote:\r\n> tomorrow", **reply)
    )
    await house.has_said("Where is my parcel?", "Thank you!")
    assert list(house.served.floor.state.convs) == [1]


# --- kill -9 -------------------------------------------------------------------------------------------------------


def house_for(folder: Path, server: Dovecot, port: int) -> House:
    """A house that reads the folder over a line that can be cut, and moves what it has read."""
    settings = settings_of(server, imap_port=port, imap_after="move", imap_move_to="Processed", imap_idle_ms=1_000)
    given = {field: getattr(settings, field) for field in settings.__struct_fields__}
    usual = msgspec.structs.asdict(email.Settings())
    entry = {name.replace("imap_idle_ms", "imap_idle"): value for name, value in given.items() if value != usual[name]}
    entry["imap_idle"] = "1s"
    return House(folder, changes={"channels": {"channels": {"email": entry}}})


async def write(server: Dovecot, delivered: list[str]) -> None:
    """Customers write, as fast as the server takes it; what it has taken is ours to read."""
    while True:
        number = len(delivered) + 1
        try:
            await asyncio.to_thread(server.deliver, mail(number))
        except OSError:
            await asyncio.sleep(0.05)
            continue
        delivered.append(f"words {number}")
        await asyncio.sleep(0.02)


def kept(house: House) -> Counter[str]:
    """Return how often each text is in a conversation."""
    conn = sqlite3.connect(f"file:{house.data / STORE_FILE}?mode=ro", uri=True)
    try:
        rows = conn.execute("SELECT json_extract(body, '$.text') FROM message WHERE direction = 'in' AND conv <> 0")
        return Counter(text for (text,) in rows)
    finally:
        conn.close()


async def one_round(house: House, server: Dovecot, *, proxy: Proxy, chance: random.Random) -> None:
    """The line is cut or the mail server goes away, and the blow falls."""
    await asyncio.sleep(chance.uniform(BLOW_S_MIN, BLOW_S_MAX))
    blow: Any = chance.choice(("cut", "away", "renumbered", "none"))
    if blow == "cut":
        proxy.cut()
    if blow == "away":
        await server.stop()
    if blow == "renumbered":
        await asyncio.to_thread(server.renumber)
    await asyncio.sleep(chance.uniform(0, BLOW_S_MAX))
    house.kill()
    if blow == "away":
        await server.start()
    await house.start()


@pytest.mark.crash
async def test_no_mail_is_lost_or_doubled_by_kills_cuts_and_new_uids(
    tmp_path: Path, server: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMAP_PASSWORD", PASSWORD)
    chance, delivered = random.Random(SEED), list[str]()
    async with Proxy(server.imaps_port).serving() as proxy:
        house = house_for(tmp_path, server, proxy.port)
        async with house.serving():
            writing = asyncio.create_task(write(server, delivered))
            for _ in range(ROUNDS):
                await one_round(house, server, proxy=proxy, chance=chance)
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
            await asyncio.to_thread(server.deliver, mail(0))
            wanted = {*delivered, "words 0"}
            for _ in range(int(KEPT_S_MAX / LOOK_S)):
                if wanted <= set(kept(house)):
                    break
                await asyncio.sleep(LOOK_S)
            found = kept(house)
            assert ([text for text in wanted if not found[text]], [text for text in found if found[text] > 1]) == (
                [],
                [],
            )
            assert len(delivered) >= ROUNDS
            assert house.stop() == 0
        verified = house.command("verify")
        assert verified.returncode == 0, verified.stdout
    assert USER not in house.log.read_text()
