"""A person is forgotten for good: no byte of theirs is left, a crash is taken up again, and who comes back is new."""

from __future__ import annotations

import json

import msgspec
import pytest

from channels.contract import Identity as Claimed
from channels.contract import LineRef, MessageIn, encode_signal
from dashboard.staging import Staged
from router.care.erasing import Erased, uploads_in
from router.site.files import FolderFiles
from router.store.port import Body, Identity, NewLetter, NewMark, Placing, StoreUnavailable
from tests.care.home import Home
from tests.store.makers import SITE, commit, conversation

PROVED = Identity(kind="email", value="zebulon@x.example", verified="dkim")
SECRETS = (b"Zebulon", b"zebulon", b"Secret", b"secret")


async def somebody(home: Home) -> int:
    """Zebulon, with all that may be kept of anybody, in words, lists, files and marks; return their number."""
    met = await home.meets("zebulon-key", PROVED, name="Zebulon Quirk")
    await home.says(met, "My Secret is out", await home.keeps(b"a Secret file"), conv=1)
    await home.says(met, "Zebulon again", conv=2)
    staged = Staged(id="u1", file=await home.keeps(b"another Secret file", name="secret.txt"))
    await home.store.accounts.save_draft(SITE, 7, "R1:reply", "Dear Zebulon", home.clock.now)
    await home.store.accounts.save_draft(SITE, 7, "R1:_files", msgspec.json.encode([staged]).decode(), home.clock.now)
    await home.store.archive.give_care(SITE, met.customer, {"note": "likes Secrets"})
    mark = NewMark(kind="email", value=PROVED.value, mark="test", reason="test", agent=7)
    await home.store.senders.mark(SITE, [mark], at=home.clock.now)
    board = Placing(
        command="p1", customer=met.customer, at=1, agent=7, was="", segment="vip", why="a Secret of Zebulon"
    )
    await home.store.customers.place(SITE, board)
    return met.customer


async def in_quarantine(home: Home, line: LineRef, *identities: Claimed, dedupe: str) -> int:
    words = Body(direction="in", author="customer", text="Secret poison of Zebulon", created_ms=home.clock.now)
    signal = MessageIn(line=line, dedupe=dedupe, text="Secret poison of Zebulon", identities=identities)
    letter = NewLetter(
        channel="chat", dedupe=dedupe, received_ms=home.clock.now, signal=encode_signal(signal), body=words
    )
    [kept] = await home.store.letterbox.put(SITE, [letter])
    await home.store.letterbox.quarantine(SITE, kept.id, "stuck")
    return kept.id


async def test_no_byte_of_an_erased_person_is_left_on_the_disk(home: Home) -> None:
    customer = await somebody(home)
    other = await home.meets("ben-key", name="Ben")
    await home.says(other, "I stay", await home.keeps(b"Ben's file", key="ben-key"), conv=3)
    await in_quarantine(home, LineRef(channel="chat", key="zebulon-key"), dedupe="q1")
    claimed = Claimed(kind="email", value=PROVED.value)
    await in_quarantine(home, LineRef(channel="chat", key="elsewhere"), claimed, dedupe="q2")
    assert all(word in home.on_disk() for word in SECRETS)
    done = await home.eraser.erase(customer, agent=9)
    assert done == Erased(customers=(customer,), messages=4, files=2, drafts=2)
    assert [word for word in SECRETS if word in home.on_disk()] == []
    assert b"I stay" in home.on_disk()
    assert b"Ben's file" in home.on_disk()
    await home.store.close()
    assert [word for word in SECRETS if word in home.on_disk()] == []


async def test_erasing_again_finds_nothing_more_to_do(home: Home) -> None:
    customer = await somebody(home)
    await home.eraser.erase(customer, agent=9)
    assert await home.eraser.erase(customer, agent=9) == Erased(customers=(customer,))
    assert await home.store.care.erasures(SITE, since_ms=2**62, limit=9) == []


async def test_refusals_are_named_and_leave_everything_as_it_was(home: Home) -> None:
    customer = await somebody(home)
    quarantined = await in_quarantine(home, LineRef(channel="chat", key="zebulon-key"), dedupe="q1")
    await commit(home.store, conversations=[conversation(2, "parked", customer=customer)])
    done = await home.eraser.erase(customer, agent=9)
    assert done == Erased(refused="conversations_open", open=("R2",))
    assert (await home.eraser.erase(999, agent=9)).refused == "customer_unknown"
    assert all(word in home.on_disk() for word in SECRETS)
    kept = await home.store.letterbox.get(SITE, quarantined)
    assert kept is not None
    assert kept.signal


async def test_an_erasure_that_a_crash_ended_is_gone_on_with_by_the_sweep(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = await somebody(home)

    async def dies(self: FolderFiles, names: object) -> None:
        raise StoreUnavailable("the disk is away")

    with monkeypatch.context() as broken:
        broken.setattr(FolderFiles, "erase", dies)
        with pytest.raises(StoreUnavailable):
            await home.eraser.erase(customer, agent=9)
    again = await home.meets("zebulon-key", PROVED)
    assert again.customer != customer
    assert b"My Secret is out" in home.on_disk()
    swept = await home.sweeper.sweep()
    assert (swept.erasures, swept.waits) == (1, 0)
    assert b"My Secret is out" not in home.on_disk()
    assert b"a Secret file" not in home.on_disk()
    assert (await home.sweeper.sweep()).erasures == 0


async def test_an_export_has_everything_that_is_known_and_every_file(home: Home) -> None:
    customer = await somebody(home)
    other = await home.meets("second", Identity(kind="phone", value="081 234 5678"), name="Z. Quirk", channel="email")
    await home.says(other, "by mail", conv=5)
    made = await home.store.care.merge(SITE, customer, other.customer, why="by_hand", agent=9, at=home.clock.now)
    put: dict[str, bytes] = {}
    assert await home.exporter.write(other.customer, put.__setitem__) == 1
    told = json.loads(put["customer.json"])
    assert told["customer"]["name"] == "Zebulon Quirk"
    assert told["customer"]["numbers"] == [customer, other.customer]
    assert [each["value"] for each in told["customer"]["identities"]] == [PROVED.value, "081 234 5678"]
    assert told["customer"]["attributes"] == {"note": "likes Secrets"}
    assert [line["key"] for line in told["lines"]] == ["zebulon-key", "second"]
    said = {each["reference"]: [message["text"] for message in each["messages"]] for each in told["conversations"]}
    assert said == {"R1": ["My Secret is out"], "R2": ["Zebulon again"], "R5": ["by mail"]}
    assert [each["kind"] for each in told["conversations"][0]["steps"]] == ["Received"]
    assert {each["text"] for each in told["drafts"] if each["key"] == "R1:reply"} == {"Dear Zebulon"}
    assert [each["value"] for each in told["marks"]] == [PROVED.value]
    assert [each["id"] for each in told["merges"]] == [made.merge]
    (file,) = told["conversations"][0]["messages"][0]["files"]
    assert put[f"files/{file['file']}"] == b"a Secret file"
    assert await home.exporter.write(999, put.__setitem__) is None


async def test_an_export_after_an_erasure_says_that_there_was_somebody_and_no_more(home: Home) -> None:
    customer = await somebody(home)
    await home.eraser.erase(customer, agent=9)
    put: dict[str, bytes] = {}
    assert await home.exporter.write(customer, put.__setitem__) == 0
    assert not any(word in put["customer.json"] for word in SECRETS)
    assert len(json.loads(put["customer.json"])["conversations"]) == 2


def test_a_list_of_uploads_names_its_contents_whatever_the_files_are_called() -> None:
    hostile = '{"file":"' + "a" * 40 + '"}'
    text = json.dumps([{"id": "1", "file": {"name": hostile, "file": "b" * 40}}, {"id": "2", "file": {"name": "x"}}])
    assert uploads_in(text) == ["b" * 40]
