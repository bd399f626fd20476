"""A copy of what was said goes to the customer who asks, once somebody has answered, and of their own line only."""

from __future__ import annotations

from functools import partial

import msgspec
import pytest

from channels import contract as sig
from router.core import events as ev
from router.core.bundle import Bundle
from router.floor.effects import FETCH, NEEDS
from router.intake.copies import copies_by
from router.outbox.ages import AGE_MS_MAX
from router.outbox.transcript import LEFT_OUT, transcript
from router.store.port import Account, Body, MessageRow
from tests.floor.house import CALL, FINDING, SITE, House, bundle, wrote
from tests.floor.test_intake import decided
from tests.floor.test_outbox import Scripted
from tests.patience import until

NOW_MS = 1_760_000_000_000


def message(number: int, text: str, direction: str = "in") -> MessageRow:
    body = Body(direction=direction, author="customer", text=text, created_ms=NOW_MS)
    return MessageRow(id=number, conv=1, line=1, body=body, status="", reason="")


async def talked(house: House) -> sig.LineRef:
    """Somebody has written, and nobody has answered yet."""
    house.start("intake")
    await decided(house, wrote("hello"))
    return wrote("x").line


async def item_of(house: House) -> int:
    (first, *_) = await house.store.archive.on_line(SITE, 1, after=0, limit=1)
    return int(first.row.position)


async def test_a_copy_is_decided_when_somebody_has_answered_and_goes_to_one_line(house: House) -> None:
    follower = house.floor.follow(10)
    line = await talked(house)
    asked = partial(sig.CopyAsked, line=line, to="mia@example.com", item=await item_of(house))
    await decided(house, asked(dedupe="before anybody answered"))
    await house.agent()
    await house.accept_offer(1)
    await house.say(1, "Good morning")
    for dedupe in ("right", "again"):
        await decided(house, asked(dedupe=dedupe))
    await decided(house, asked(dedupe="no such item", item=9_999))
    await decided(house, asked(dedupe="nobody", line=msgspec.structs.replace(line, key="nobody")))
    follower.close()
    made = [event async for heard in follower for entry in heard.entries for event in entry.events]
    wanted = [event for event in made if isinstance(event, ev.CopyWanted)]
    assert [(event.conv, event.of) for event in wanted] == [(1, 1), (1, 1)]
    assert len({event.line for event in wanted}) == 1
    assert [event.reason for event in made if isinstance(event, ev.MessageSetAside)] == ["no_copy"] * 3
    row = await house.store.archive.line(SITE, wanted[0].line)
    assert row is not None
    assert (row.channel, row.peer) == ("finding", "mia@example.com")
    # Nobody has proved that the address is theirs: whoever writes from there is somebody else.
    assert row.customer not in {0, 1}
    # What is asked of the outbox names ids only: the address is in the archive, and nowhere in the journal.
    assert not [entry for entry in made if "mia" in str(entry)]


async def test_what_leaves_is_what_was_said_on_that_line_with_who_said_it(house: House) -> None:
    house.channels["finding"] = mail = Scripted(FINDING)
    line = await talked(house)
    await house.store.accounts.add(SITE, Account(id=0, login="ines", name="Ines", role="agent", password=""))
    await house.agent()
    await house.accept_offer(1)
    await house.say(1, "Good morning")
    house.start("outbox")
    await decided(house, sig.CopyAsked(line=line, to="mia@example.com", item=await item_of(house), dedupe="c"))
    await until(lambda: mail.sent)
    (sent,) = mail.sent
    assert isinstance(sent, sig.Send)
    assert (sent.line.peer, sent.subject) == ("mia@example.com", f"Our talk {house.references.reference(1)}")
    assert sent.automatic
    assert sent.text.startswith("You asked for it.\n\nYou · Thursday 9 October, 10:53\nhello\n\nInes · ")
    assert sent.text.endswith("\nGood morning\n")
    assert await house.store.outbox.dead_letters(SITE, 10) == []


def test_every_effect_knows_how_old_it_may_become() -> None:
    assert set(AGE_MS_MAX) == {*NEEDS, FETCH}


@pytest.mark.parametrize(
    ("config", "by"),
    [
        (bundle(), "finding"),
        (bundle(texts={}), ""),
        (bundle(channels={}), ""),
        (None, ""),
    ],
)
def test_copies_need_a_channel_that_writes_mail_and_a_text_to_begin_with(config: Bundle | None, by: str) -> None:
    assert copies_by(config, {"call": CALL, "finding": FINDING}) == by


def test_of_a_long_talk_the_newest_is_kept_and_it_is_said_that_some_is_left_out() -> None:
    said = [("", message(number, f"{number} " + "x" * 30_000)) for number in range(6)]
    text = transcript("Hello", said, bundle(), "en")
    assert text.startswith(f"Hello\n\n{LEFT_OUT}\n\nYou · ")
    assert [number for number in range(6) if f"\n{number} x" in text] == [3, 4, 5]


@pytest.mark.parametrize(("language", "you"), [("zh", "您"), ("th", "คุณ"), ("de", "You")])
def test_the_customer_is_named_in_their_language(language: str, you: str) -> None:
    assert transcript("", [("", message(1, "x"))], bundle(), language).startswith(f"{you} · ")
