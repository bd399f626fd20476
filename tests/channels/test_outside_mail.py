"""A mail is forwarded to a partner by a whole node and a real relay; their answer comes back into the conversation."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
import pytest

from channels import email
from router.core import commands as cmd
from router.store.port import Body, Caller
from router.verify import verify
from tests.channels.relay import Relay, serving
from tests.channels.staffed import AGENT, SITE, StaffedHouse
from tests.floor.nodehouse import CONFIG
from tests.ports import free_port

PARTNER, CUSTOMER = "help@acme.example", "ann@example.org"
CONTACTS = f"""
contacts:
  acme: {{email: {PARTNER}, due: 2h}}
  gone: {{email: {PARTNER}, then: leaves}}
"""
KEY = "0123456789abcdef"


@pytest.fixture
async def relay() -> AsyncIterator[Relay]:
    async with serving(Relay()) as made:
        yield made


@pytest.fixture
async def house(tmp_path: Path, relay: Relay) -> AsyncIterator[StaffedHouse]:
    port = free_port()
    ways = {"in_port": port, "out_host": "127.0.0.1", "out_port": relay.port, "out_tls": "none"}
    made = StaffedHouse(tmp_path, "email", email, {"plus_addressing": True, **ways})
    made.write(CONFIG + CONTACTS, (made.config / "channels.yaml").read_text().partition("\n")[2])
    await made.start()
    await made.ready()
    await made.agent(AGENT, "email")
    made.mail_port = port  # type: ignore[attr-defined]
    yield made
    await made.stop()
    report = verify(made.path, SITE, call_channels=["email"])
    assert report.ok, report.lines()


async def delivered(house: StaffedHouse, sender: str, text: str, **headers: str) -> None:
    mail = EmailMessage()
    mail["From"], mail["Subject"], mail["To"] = sender, "Pump", "support@example.com"
    mail["Message-ID"] = f"<{abs(hash((sender, text)))}@example.org>"
    for name, value in headers.items():
        del mail[name.replace("_", "-")]
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    await aiosmtplib.send(mail, hostname="127.0.0.1", port=house.mail_port, start_tls=False)  # type: ignore[attr-defined]


async def handed(house: StaffedHouse, contact: str, role: str) -> int:
    """What the desk does: a line to the contact, the text, then the command."""
    archive, now_ms = house.store.archive, time.time_ns() // 1_000_000
    (met,) = await archive.meet(SITE, [Caller(channel="email", key=KEY, peer=PARTNER, name=contact)], now_ms)
    body = Body(direction="out", author=f"agent:{AGENT}", text="Can you mend it?", subject="Pump", created_ms=now_ms)
    (message,) = await archive.write(SITE, [body])
    await house.made(
        cmd.AskOutside(
            id=f"o{message}", agent=AGENT, conv=1, contact=contact, role=role, line=met.line, message=message
        )
    )
    return met.line


async def forwarded(house: StaffedHouse, relay: Relay, contact: str = "acme", role: str = "transfer") -> EmailMessage:
    """A customer has written, the agent has taken it and given it to the contact; return the mail they got."""
    await delivered(house, CUSTOMER, "My pump is broken")
    await house.taken()
    await handed(house, contact, role)
    await house.until(lambda: len(relay.taken) == 1, "sent")
    return relay.taken[0].mail


async def test_a_partner_is_written_to_and_their_answer_wakes_the_conversation_at_its_owner(
    house: StaffedHouse, relay: Relay
) -> None:
    mail = await forwarded(house, relay)
    assert (mail["To"], mail["Subject"].startswith("Pump [")) == (PARTNER, True)
    assert CUSTOMER not in relay.taken[0].data.decode()
    await house.until(lambda: 1 not in house.served.floor.state.convs, "parked until they answer")
    await delivered(house, PARTNER, "Yes, tomorrow.", In_Reply_To=str(mail["Message-ID"]), To=str(mail["Reply-To"]))
    await house.has_said("My pump is broken", "Yes, tomorrow.")
    await house.until(lambda: 1 in house.served.floor.state.convs, "woken")
    conv = house.served.floor.state.convs[1]
    assert (conv.state, conv.owner, list(house.served.floor.state.convs)) == ("active", AGENT, [1])
    await house.answers("Somebody comes tomorrow.")
    await house.until(lambda: len(relay.taken) == 2, "answered")
    assert relay.taken[1].mail["To"] == CUSTOMER, "the customer, and never the partner"


async def test_an_answer_that_comes_twice_or_from_an_unthreading_program_joins_once(
    house: StaffedHouse, relay: Relay
) -> None:
    mail = await forwarded(house, relay, role="consult")
    for _ in range(2):
        await delivered(house, "somebody.else@acme.example", "On it.", To=str(mail["Reply-To"]))
    await house.has_said("My pump is broken", "On it.")
    assert list(house.served.floor.state.convs) == [1]
    assert house.served.floor.state.convs[1].actor == "agent"


async def test_a_mail_that_cannot_be_delivered_to_the_partner_is_the_agents_to_act_on(
    house: StaffedHouse, relay: Relay
) -> None:
    relay.answers["RCPT"] = "550 no such mailbox"
    await delivered(house, CUSTOMER, "My pump is broken")
    await house.taken()
    await handed(house, "acme", "transfer")
    convs = house.served.floor.state.convs
    await house.until(lambda: 1 in convs and convs[1].state == "active", "it came back to who gave it")
    assert house.served.floor.state.convs[1].owner == AGENT


async def test_what_leaves_us_is_wrapped_up_and_closed(house: StaffedHouse, relay: Relay) -> None:
    await forwarded(house, relay, "gone")
    await house.made(cmd.FinishWrapUp(id="w", agent=AGENT, conv=1, disposition="done"))
    row = await house.store.archive.conversation(SITE, 1)
    assert row is not None
    assert (row.state, row.disposition) == ("closed", "done")
