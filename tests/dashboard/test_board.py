"""The wallboard over HTTP: figures of a real floor, and links that open them, for as long as they stand."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from dashboard.board.figures import worst_first
from dashboard.board.needs import needs
from dashboard.board.shapes import Board, BoardQueue, LevelShape, NeedShape
from router.core.bundle import DAY_MS, HOUR_MS, MINUTE_MS, Queue, Wallboard
from router.views.keeper import Keeper
from router.views.legs import LEGS_VIEW
from tests.dashboard.office import SITE, Desk, Office, bundle

TARGETS = {"chat": MINUTE_MS, "email": 4 * HOUR_MS}


async def followed(office: Office) -> None:
    """Bring the view of legs to the journal's end, as its follower does all the time."""
    keeper = Keeper(LEGS_VIEW, SITE, office.store)
    await keeper.begin()
    await keeper.catch_up()


async def look(desk: Desk) -> Board:
    """Return the board of another second, checked against its shape."""
    desk.office.clock.at += 1_000
    answer = await desk.get("/board")
    assert answer.status == 200, answer.text
    return msgspec.convert(answer.body, Board)


async def promising(office: Office, **changes: Any) -> None:
    queues = bundle().queues
    general = Queue(name="general", hours="always", label={"en": "General"}, answer_within_ms=TARGETS)
    await office.configure(bundle(queues={**queues, "general": general}, wallboard=Wallboard(**changes)))


async def test_before_the_view_has_seen_anything_the_board_is_not_ready_and_says_no_zeros(office: Office) -> None:
    """UI.md 8.30: no zero before the first snapshot."""
    ana = await office.desk("ana", role="supervisor")
    board = await look(ana)
    assert not board.ready
    assert (board.day.level, board.day.abandoned, board.day.answer) == (None, None, None)


async def test_the_figures_of_a_day_are_those_of_its_legs_and_of_what_stands_now(office: Office) -> None:
    await promising(office)
    ana = await office.desk("ana", role="supervisor")
    bo = await office.desk("bo", shift=True)
    first = await office.arrives("hello", key="a")
    office.clock.at += 20_000 - 1
    await bo.accept(first)
    await office.arrives("a mail", channel="email", key="b")
    waiting = [await office.arrives("me too", key=f"c{number}") for number in range(5)]
    await followed(office)
    office.clock.at += 58_000
    board = await look(ana)
    assert board.ready
    assert board.day.level == LevelShape(in_time=1, of=1, target_percent=80, stands="on_target")
    assert board.day.answer is not None
    assert (board.day.answer.mean_ms, board.day.answer.median_ms, board.day.answer.answered) == (19_999, 19_000, 1)
    in_line = [conv for conv in office.floor.state.convs.values() if conv.state in {"waiting", "offered"}]
    assert board.waiting == len(in_line)
    assert {conv.id for conv in in_line} & set(waiting)
    assert board.longest is not None
    assert (board.longest.queue, board.longest.channel) == ("general", "chat")
    assert board.risk == len([conv for conv in office.floor.state.convs.values() if conv.live]), (
        "the first had no reply"
    )
    assert sum(state.count for state in board.agents) == board.signed_in == 1
    assert sum(half.offered for half in board.halves) == 1


async def test_a_queue_that_is_worst_against_its_own_target_comes_first_and_one_without_figures_last() -> None:
    def queue(name: str, level: tuple[int, int, int] | None, *, is_open: bool = True) -> BoardQueue:
        stood = LevelShape(in_time=level[0], of=level[1], target_percent=level[2], stands="below") if level else None
        return BoardQueue(
            name=name, label={}, open=is_open, opens_ms=0, waiting=0, longest=None, level=stood, abandoned=None,
            free=0, staffed=0, risk=0, late=0,
        )  # fmt: skip

    queues = [
        queue("none", None),
        queue("good", (97, 100, 95)),
        queue("strict", (89, 100, 95)),
        queue("closed", (10, 100, 80), is_open=False),
        queue("bad", (61, 100, 80)),
    ]
    assert [each.name for each in sorted(queues, key=worst_first)] == ["bad", "strict", "good", "none", "closed"]


async def test_at_most_three_things_need_attention_and_the_most_severe_come_first() -> None:
    queues = [
        BoardQueue(
            name=f"q{number}", label={}, open=True, opens_ms=0, waiting=number, longest=None, level=None,
            abandoned=None, free=0, staffed=number % 2, risk=number, late=0,
        )
        for number in range(1, 5)
    ]  # fmt: skip
    alarm = NeedShape(code="letterbox_ages", severe="crit", count=3)
    found = needs(queues, silent=[("Korn A.", 5)], names=True, alarms=[alarm])
    assert [(need.code, need.severe, need.queue) for need in found] == [
        ("letterbox_ages", "crit", ""),
        ("nobody", "crit", "q4"),
        ("nobody", "crit", "q2"),
    ]


async def test_agents_are_named_only_where_the_site_wants_it() -> None:
    silent = [("Korn A.", 5), ("Mali S.", 3)]
    [counted] = needs([], silent=silent, names=False, alarms=[])
    assert (counted.code, counted.agent, counted.count, counted.since_ms) == ("silent", "", 2, 3)
    named = needs([], silent=silent, names=True, alarms=[])
    assert [need.agent for need in named] == ["Korn A.", "Mali S."]


async def test_what_is_counted_otherwise_than_usual_is_said(office: Office) -> None:
    await promising(office, count_flow_outs=True, count_abandons=False)
    board = await look(await office.desk("ana"))
    assert board.switches == ["count_flow_outs", "count_abandons"]


async def test_a_new_day_begins_without_figures_and_remembers_the_last(office: Office) -> None:
    """UI.md 8.27: midnight; closed: the last day's result."""
    await promising(office)
    bo = await office.desk("bo", shift=True)
    await bo.accept(await office.arrives("hello", key="a"))
    office.clock.at += DAY_MS
    await office.arrives("a mail", channel="email", key="b")
    await followed(office)
    board = await look(await office.desk("ana"))
    assert board.day.level is None
    assert board.last_day is not None
    assert board.last_day.level is not None
    assert board.last_day.level.of == 1
    friday = board.last_day.from_ms
    office.clock.at += 2 * DAY_MS
    board = await look(await office.desk("eva"))
    assert board.last_day is not None, "after a weekend the last day with a result is told, not an empty one"
    assert (board.last_day.from_ms, board.last_day.level is not None) == (friday, True)


async def test_the_figures_are_made_once_a_second_however_many_boards_hang(office: Office) -> None:
    ana = await office.desk("ana")
    first = (await ana.get("/board")).body
    office.clock.at += 999
    assert (await ana.get("/board")).body["now_ms"] == first["now_ms"]
    office.clock.at += 1
    assert (await ana.get("/board")).body["now_ms"] == first["now_ms"] + 1_000


async def test_a_view_that_lags_behind_says_of_when_its_figures_are(office: Office) -> None:
    """UI.md 8.30: the age is that of the figures, not of the answer."""
    ana = await office.desk("ana")
    await followed(office)
    seen_ms = office.clock.at
    office.clock.at += 30_000
    await office.arrives("hello")
    board = await look(ana)
    assert board.at_ms <= seen_ms < board.now_ms


# --- links --------------------------------------------------------------------------------------------------------


def unsecured(desk: Desk) -> None:
    """The cookie is Secure, as the public address is https; the test's own line is not."""
    for cookie in desk.http.cookie_jar:
        cookie["secure"] = ""


async def hung(office: Office, ana: Desk) -> tuple[Desk, str]:
    """A board on a wall: somebody made a link, and its token was exchanged for a cookie."""
    made = (await ana.post("/board/links", {"name": "Hall"})).body
    wall = office.visitor()
    assert (await wall.post("/board/session", {"token": made["token"]})).status == 204
    unsecured(wall)
    return wall, made["link"]["id"]


async def test_a_link_opens_the_figures_and_nothing_else_and_is_dark_when_it_is_revoked(office: Office) -> None:
    ana = await office.desk("ana", role="supervisor")
    wall, link = await hung(office, ana)
    assert (await wall.get("/board")).status == 200
    for path in ("/me", "/desk", "/waiting", "/agents", "/board/links"):
        assert (await wall.get(path)).status == 401, path
    assert (await ana.call("DELETE", f"/board/links/{link}", {})).status == 204
    assert (await wall.get("/board")).status == 401
    [listed] = (await ana.get("/board/links")).body
    assert (listed["name"], listed["by"], listed["revoked_ms"]) == ("Hall", "Ana", office.clock.at)


async def test_a_tokens_words_are_told_once_and_kept_nowhere(office: Office) -> None:
    ana = await office.desk("ana", role="supervisor")
    made = (await ana.post("/board/links", {"name": "Hall"})).body
    assert made["token"] not in (await ana.get("/board/links")).text
    kept = await office.store.notebook.read(SITE, "wallboard", "links")
    assert kept
    assert made["token"] not in kept


async def test_the_cookie_is_out_of_reach_of_scripts_and_goes_to_the_figures_only(office: Office) -> None:
    ana = await office.desk("ana", role="supervisor")
    made = (await ana.post("/board/links", {"name": "Hall"})).body
    wall = office.visitor()
    cookie = (await wall.post("/board/session", {"token": made["token"]})).headers["Set-Cookie"]
    assert {"HttpOnly", "Secure", "SameSite=Strict", "Path=/api/v1/board"} <= {
        part.strip() for part in cookie.split(";")
    }


@pytest.mark.parametrize("token", ["x" * 32, "", "short", "ü" * 32])
async def test_a_wrong_token_opens_nothing(office: Office, token: str) -> None:
    wall = office.visitor()
    assert (await wall.post("/board/session", {"token": token})).status in {400, 404}
    assert (await wall.get("/board")).status == 401


async def test_tokens_cannot_be_guessed_by_the_thousand(office: Office) -> None:
    wall = office.visitor()
    said = [(await wall.post("/board/session", {"token": f"{number:032d}"})).status for number in range(25)]
    assert said[:20] == [404] * 20
    assert set(said[20:]) == {429}


async def test_an_unknown_link_cannot_be_revoked(office: Office) -> None:
    ana = await office.desk("ana", role="supervisor")
    assert (await ana.call("DELETE", "/board/links/0123456789abcdef", {})).status == 404
