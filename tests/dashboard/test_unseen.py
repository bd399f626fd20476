"""Nobody sends on top of a message that their screen has not shown, whatever became of their line."""

from __future__ import annotations

from dashboard.stories import ON_ITS_WAY_MS
from tests.dashboard.office import Desk, Office


async def _begun(office: Office) -> tuple[Desk, str, int]:
    """An agent who has accepted a conversation, its reference, and the newest item on the screen."""
    ana = await office.desk("ana", shift=True)
    conv = await office.arrives("Where is my parcel?")
    assert (await ana.accept(conv)).status == 200
    ref = office.ref(conv)
    story = (await ana.get(f"/conversations/{ref}/story")).body
    return ana, ref, story["items"][-1]["seq"]


async def test_a_reply_on_top_of_an_unseen_message_is_refused_until_it_was_seen(office: Office) -> None:
    ana, ref, seen = await _begun(office)
    await office.arrives("Forget it, I found it!")
    office.clock.at += ON_ITS_WAY_MS + 1
    said = {"text": "It is lost, sorry.", "client_id": "c1"}
    refused = await ana.post(f"/conversations/{ref}/reply", {**said, "seen": seen})
    assert (refused.status, refused.body["error"]["code"]) == (409, "unseen")
    story = (await ana.get(f"/conversations/{ref}/story")).body["items"]
    assert [each["text"] for each in story if each["kind"] == "out"] == []
    assert (await ana.post(f"/conversations/{ref}/reply", {**said, "seen": story[-1]["seq"]})).status == 200


async def test_what_was_said_in_the_same_moment_stops_nobody(office: Office) -> None:
    ana, ref, seen = await _begun(office)
    await office.arrives("and please hurry")
    office.clock.at += ON_ITS_WAY_MS - 1
    said = {"text": "On its way.", "client_id": "c1", "seen": seen}
    assert (await ana.post(f"/conversations/{ref}/reply", said)).status == 200


async def test_a_repeat_is_answered_like_the_first_whatever_was_said_since(office: Office) -> None:
    ana, ref, seen = await _begun(office)
    said = {"text": "On its way.", "client_id": "c1", "seen": seen}
    first = await ana.post(f"/conversations/{ref}/reply", said)
    await office.arrives("Thank you")
    office.clock.at += ON_ITS_WAY_MS + 1
    again = await ana.post(f"/conversations/{ref}/reply", said)
    assert (again.status, again.body["message"]) == (200, first.body["message"])


async def test_ones_own_replies_are_not_unseen(office: Office) -> None:
    ana, ref, seen = await _begun(office)
    for client in ("c1", "c2"):
        said = {"text": "One after another.", "client_id": client, "seen": seen}
        assert (await ana.post(f"/conversations/{ref}/reply", said)).status == 200
        office.clock.at += ON_ITS_WAY_MS + 1
