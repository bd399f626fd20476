"""The list of customers: who is in it for whom, in which order, by which filters; and segments set by hand."""

from __future__ import annotations

import csv
import io
from typing import Any

from router.core.segments import Segment
from router.store.port import Caller, Identity
from tests.dashboard.office import SITE, Desk, Office, bundle

DAY_MS = 86_400_000
SEGMENTS = (Segment(name="vip", label={"en": "VIP"}), Segment(name="press", label={"en": "Press"}))


async def comes(office: Office, key: str, *, channel: str = "chat", topics: tuple[str, ...] = ()) -> int:
    """Somebody writes, a minute after the one before."""
    office.clock.at += 60_000
    return office.floor.state.convs[await office.arrives("hello", key=key, channel=channel, topics=topics)].customer


async def listed(desk: Desk, query: str = "") -> list[int]:
    answer = await desk.get(f"/customers?{query}")
    assert answer.status == 200, answer.body
    return [each["id"] for each in answer.body["items"]]


def place(segment: str, **given: Any) -> dict[str, Any]:
    return {"command_id": f"c-{segment or 'none'}-{len(given)}", "segment": segment, "was": "", **given}


async def test_who_was_here_last_comes_first_and_pages_follow_each_other(office: Office) -> None:
    sue = await office.desk("sue", role="supervisor")
    numbers = [await comes(office, key) for key in ("k1", "k2", "k3", "k4", "k5")]
    page = (await sue.get("/customers?limit=2")).body
    seen = [each["id"] for each in page["items"]]
    while page["next"]:
        page = (await sue.get(f"/customers?limit=2&after={page['next']}")).body
        seen += [each["id"] for each in page["items"]]
    assert seen == numbers[::-1]


async def test_a_line_says_what_one_wants_to_know_before_opening_it(office: Office) -> None:
    sue = await office.desk("sue", role="supervisor")
    number = await comes(office, "k1")
    await sue.post(f"/customers/{number}/tags", {"add": ["loud"]})
    (line,) = (await sue.get("/customers")).body["items"]
    last = line.pop("last")
    assert line == {
        "id": number, "name": "Ada k1", "known_by": "", "segment": "", "language": "", "channels": ["chat"],
        "tags": ["loud"],
        "counted": 1, "more": False, "open": 1, "rating": 0,
    }  # fmt: skip
    assert (last["channel"], last["queue"], last["at"]) == ("chat", "general", office.clock.at)


async def test_filters_hold_together(office: Office) -> None:
    sue = await office.desk("sue", role="supervisor")
    old = await comes(office, "k1")
    ref = office.ref(next(iter(office.floor.state.convs)))
    assert (await sue.post(f"/conversations/{ref}/end", {"reason": "asked"})).status == 200
    office.clock.at += 100 * DAY_MS
    await sue.sign_in()
    mail = await comes(office, "k2", channel="email")
    chat = await comes(office, "k3")
    await sue.post(f"/customers/{chat}/tags", {"add": ["loud"]})
    for query, expected in (
        ("channel=email", [mail]),
        ("tag=loud", [chat]),
        ("last=7", [chat, mail]),
        ("last=today", [chat, mail]),
        ("last=longer", [old]),
        ("last=7&channel=chat", [chat]),
        ("open=yes", [chat, mail]),
        ("open=no", [old]),
        ("language=th", []),
        ("order=name", [old, mail, chat]),
        ("segment=vip", []),
    ):
        assert await listed(sue, query) == expected, query
    assert (await sue.get("/customers?last=yesterday")).status == 400
    assert (await sue.get("/customers?after=w:nonsense")).status == 200


async def test_a_name_a_number_and_an_address_find_somebody(office: Office) -> None:
    sue = await office.desk("sue", role="supervisor")
    ada, ben = await comes(office, "k1"), await comes(office, "k2")
    who = Identity(kind="phone", value="+66 81 234 5678")
    await office.store.archive.meet(
        SITE, [Caller(channel="chat", key="k2", peer="p", identities=[who])], office.clock.at
    )
    assert await listed(sue, "text=ada") == [ben, ada]
    for text, expected in (
        ("ada k", {ada, ben}),
        ("K2", {ben}),
        (str(ada), {ada}),
        ("%2B66812345678", {ben}),
        ("081 234 5678", {ben}),
        ("zed", set()),
    ):
        assert set(await listed(sue, f"text={text}")) == expected, text


async def test_an_agent_sees_only_whom_they_may_see(office: Office) -> None:
    ann = await office.desk("ann")
    sue = await office.desk("sue", role="supervisor")
    mine, theirs = await comes(office, "k1"), await comes(office, "k2", topics=("bill",))
    assert await listed(ann) == [mine]
    assert await listed(ann, "order=name") == [mine]
    assert await listed(ann, "text=ada") == [mine]
    assert await listed(sue) == [theirs, mine]
    assert (await ann.get("/customers/table")).status == 403
    assert (await ann.get(f"/customers/{theirs}/segment")).status == 404
    assert (await ann.post(f"/customers/{mine}/segment", place(""))).status == 403


async def test_merged_customers_are_one_line(office: Office) -> None:
    sue = await office.desk("sue", role="supervisor")
    one, two = await comes(office, "k1"), await comes(office, "k2")
    await sue.post(f"/customers/{one}/merges", {"other": two})
    for query in ("", "order=name", "text=ada"):
        assert await listed(sue, query) == [one], query


async def test_a_supervisor_puts_somebody_into_a_segment_and_everybody_sees_who_and_why(office: Office) -> None:
    await office.configure(bundle(segments=SEGMENTS))
    sue, ann = await office.desk("sue", role="supervisor"), await office.desk("ann")
    number, other = await comes(office, "k1"), await comes(office, "k2")
    assert sue.account is not None
    said = (await sue.post(f"/customers/{number}/segment", place("vip", why="asked for by the board"))).body
    again = (await sue.post(f"/customers/{number}/segment", place("vip", why="asked for by the board"))).body
    (placed,) = said["placings"]
    assert (said["segment"], placed["by"]["id"], placed["how"]) == ("vip", sue.account.id, "hand")
    assert placed["why"] == "asked for by the board"
    assert again == said == (await ann.get(f"/customers/{number}/segment")).body
    assert await listed(sue, "segment=vip") == [number]
    counted = (await sue.get("/segments")).body["segments"]
    assert [(each["name"], each["count"]) for each in counted] == [("vip", 1), ("press", 0)]
    late = await sue.post(f"/customers/{number}/segment", place("press", why="x"))
    assert (late.status, late.code) == (409, "segment_changed")
    unknown = await sue.post(f"/customers/{other}/segment", place("gold"))
    assert (unknown.status, unknown.code) == (400, "segment_unknown")


async def test_a_small_segment_is_in_order_of_last_contact_and_paged(office: Office) -> None:
    await office.configure(bundle(segments=SEGMENTS))
    sue = await office.desk("sue", role="supervisor")
    numbers = [await comes(office, key) for key in ("k1", "k2", "k3")]
    for number in numbers:
        await sue.post(f"/customers/{number}/segment", place("vip", command_id=f"v{number}"))
    page = (await sue.get("/customers?segment=vip&limit=2")).body
    assert [each["id"] for each in page["items"]] == [numbers[2], numbers[1]]
    assert await listed(sue, f"segment=vip&limit=2&after={page['next']}") == [numbers[0]]


async def test_a_list_is_taken_away_without_formulas(office: Office) -> None:
    sue = await office.desk("sue", role="supervisor")
    await comes(office, "k1")
    named = Caller(channel="email", key="k2", peer="p", name="=HYPERLINK(1)")
    await office.store.archive.meet(SITE, [named], office.clock.at)
    await comes(office, "k2", channel="email")
    answer = await sue.get("/customers/table?channel=email")
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [row["name"] for row in rows] == ["'=HYPERLINK(1)"]
    assert rows[0]["last_contact"].endswith("+00:00")


async def test_who_has_no_name_is_listed_by_an_address(office: Office) -> None:
    sue = await office.desk("sue", role="supervisor")
    who = Identity(kind="phone", value="+66812345678", verified="carrier")
    caller = Caller(channel="chat", key="k9", peer="p", identities=[who])
    (met,) = await office.store.archive.meet(SITE, [caller], office.clock.at)
    (line,) = (await sue.get(f"/customers?text={met.customer}")).body["items"]
    assert (line["name"], line["known_by"], line["last"]) == ("", "+66812345678", None)
