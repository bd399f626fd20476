"""The floor's small parts: clock, keys, references, telemetry, wording, inbox, bus, files."""

from __future__ import annotations

import asyncio
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.bus.in_process import InProcessBus
from router.bus.port import Committed
from router.clock import StoreClock, SystemClock
from router.core import commands as cmd
from router.core.events import Entry, MessageSetAside
from router.floor.inbox import BATCH_MAX, SHARES, FloorDown, Inbox, Waiting
from router.floor.lines import Kept
from router.floor.wire import decode_asked, encode_asked, with_bundle
from router.node import tasks as tasks_module
from router.node.tasks import Tasks
from router.outbox.wording import moment, notice_text
from router.site.files import FolderFiles
from router.site.key import KEY_FILE, SiteKey, SiteKeyError, load_site_key
from router.site.references import References
from router.telemetry import COUNTERS, GAUGES, HISTOGRAMS, Telemetry, UndeclaredTelemetry
from tests.floor.house import bundle

KEY = SiteKey(bytes(32))
CODEC = References(KEY.derive("references", "main"))


class Hands:
    """A wall clock and a steady clock, moved by hand."""

    def __init__(self) -> None:
        self.wall_ms = 1_000_000
        self.steady_ms = 0

    def clock(self) -> SystemClock:
        return SystemClock(lambda: self.wall_ms * 1_000_000, lambda: self.steady_ms * 1_000_000)

    def pass_ms(self, wall_ms: int, steady_ms: int) -> None:
        self.wall_ms += wall_ms
        self.steady_ms += steady_ms


def test_a_clock_that_is_set_forward_is_followed() -> None:
    hands = Hands()
    clock = hands.clock()
    hands.pass_ms(60_000, 10)
    assert clock.now_ms() == 1_060_000


def test_a_clock_that_is_set_back_runs_on_at_half_speed_until_it_has_caught_up() -> None:
    hands = Hands()
    clock = hands.clock()
    hands.pass_ms(-1_000, 0)
    assert clock.now_ms() == 1_000_000
    hands.pass_ms(200, 200)
    assert clock.now_ms() == 1_000_100
    hands.pass_ms(5_000, 5_000)
    assert clock.now_ms() == hands.wall_ms


@given(st.lists(st.tuples(st.integers(-10_000, 10_000), st.integers(0, 10_000)), max_size=30))
def test_time_never_goes_back(steps: list[tuple[int, int]]) -> None:
    hands = Hands()
    clock = hands.clock()
    said = []
    for wall, steady in steps:
        hands.pass_ms(wall, steady)
        said.append(clock.now_ms())
    assert said == sorted(said)


@given(st.integers(1, 2**50 - 1))
def test_a_reference_leads_back_to_its_conversation(conv: int) -> None:
    assert CODEC.conversation(CODEC.reference(conv)) == conv


def test_references_are_short_and_neighbours_look_unlike() -> None:
    said = [CODEC.reference(conv) for conv in range(1, 2_000)]
    assert len(set(said)) == len(said)
    assert {len(reference) for reference in said} == {10}
    assert len({reference[:3] for reference in said}) > 1_500


@pytest.mark.parametrize("typed", [str.lower, lambda r: f" {r[:5]}-{r[5:]} ", lambda r: r.replace("0", "O")])
def test_a_reference_is_understood_as_people_type_it(typed) -> None:  # type: ignore[no-untyped-def]
    assert CODEC.conversation(typed(CODEC.reference(7))) == 7


@pytest.mark.parametrize("typed", ["", "ABC", "ABCDEFGHJKM", "ABCDEFGH!K", "U" * 10])
def test_what_cannot_be_a_reference_is_none(typed: str) -> None:
    assert CODEC.conversation(typed) is None


def test_the_site_key_is_made_once_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    first = load_site_key(tmp_path, {})
    assert (tmp_path / KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert load_site_key(tmp_path, {}).derive("a") == first.derive("a")


def test_the_site_key_of_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    load_site_key(tmp_path, {})
    named = load_site_key(tmp_path, {"PATCHBAY_SITE_KEY": "ab" * 32})
    assert named.derive("a") == SiteKey(bytes.fromhex("ab" * 32)).derive("a")


@pytest.mark.parametrize("bad", ["xyz", "ab", "ab" * 33])
def test_a_bad_site_key_is_refused_without_being_shown(tmp_path: Path, bad: str) -> None:
    with pytest.raises(SiteKeyError) as fault:
        load_site_key(tmp_path, {"PATCHBAY_SITE_KEY": bad})
    assert bad * 2 not in str(fault.value)
    assert "hexadecimal" in str(fault.value)


def test_each_purpose_has_its_own_key_and_words_do_not_run_together() -> None:
    assert KEY.derive("ab", "c") != KEY.derive("a", "bc")
    assert KEY.effect_keys("main")(1) != KEY.effect_keys("main")(2)
    assert KEY.effect_keys("main")(1) != KEY.effect_keys("other")(1)
    assert "0" * 10 not in repr(KEY)


def test_every_metric_can_be_counted_and_has_a_meaning() -> None:
    telemetry = Telemetry(io.StringIO())
    for name, (meaning, labels) in COUNTERS.items():
        telemetry.count(name, *("x" for _ in labels))
        assert meaning.endswith(".")
    for name, (_, labels) in GAUGES.items():
        telemetry.gauge(name, 1, *("x" for _ in labels))
    for name, (_, labels, _) in HISTOGRAMS.items():
        telemetry.observe(name, 0.5, *("x" for _ in labels))
    said = telemetry.render().decode()
    assert all(f"patchbay_{name}" in said for name in (*COUNTERS, *GAUGES, *HISTOGRAMS))


def test_an_undeclared_metric_or_event_is_our_bug() -> None:
    telemetry = Telemetry(io.StringIO())
    with pytest.raises(UndeclaredTelemetry):
        telemetry.count("nothing_of_the_kind")
    with pytest.raises(UndeclaredTelemetry):
        telemetry.info("nothing_of_the_kind")


def test_a_log_line_is_json_and_drops_keys_that_are_not_declared() -> None:
    out = io.StringIO()
    Telemetry(out).warning("effect_dead", effect=7, reason="expired", text="my secret", address="ada@example.org")
    line = json.loads(out.getvalue())
    assert {key: line[key] for key in ("action", "level", "effect", "reason")} == {
        "action": "effect_dead",
        "level": "warning",
        "effect": 7,
        "reason": "expired",
    }
    assert "secret" not in out.getvalue()
    assert "ada" not in out.getvalue()


MOMENTS = [
    ("en", "Monday 24 November, 08:00"),
    ("zh", "11月24日星期一 08:00"),
    ("th", "วันจันทร์ที่ 24 พฤศจิกายน เวลา 08:00 น."),
    ("cs", "2025-11-24 08:00"),
]


@pytest.mark.parametrize(("language", "said"), MOMENTS)
def test_a_moment_is_said_in_the_sites_zone_and_the_readers_language(language: str, said: str) -> None:
    assert moment(1_763_967_600_000, "Europe/Prague", language) == said


def test_a_notice_falls_back_to_the_sites_first_language_and_names_the_queue() -> None:
    text = notice_text(bundle(), "closed", "th", until_ms=0, queue="general", reference="ABC")
    assert text == "We are closed, General.  Your number is ABC."
    assert notice_text(bundle(), "unknown", "en") == ""


def _waiting(lane_of: type[cmd.Command], count: int, **fields: object) -> list[Waiting]:
    loop = asyncio.get_running_loop()
    return [Waiting(lane_of(id=f"{lane_of.__name__}{n}", **fields), loop.create_future()) for n in range(count)]  # type: ignore[arg-type]


async def test_a_flood_of_arrivals_leaves_each_lane_its_share() -> None:
    inbox = Inbox()
    for waiting in _waiting(cmd.SetAside, 1_000, message=1, reason="x"):
        inbox.put(waiting)
    for waiting in _waiting(cmd.SetPresence, 500, agent=1, presence="x"):
        inbox.put(waiting)
    batch = inbox.drain()
    lanes = [type(waiting.command).lane for waiting in batch]
    assert len(batch) == BATCH_MAX
    assert lanes.count(cmd.PEOPLE) >= SHARES[cmd.PEOPLE]
    assert lanes.count(cmd.ARRIVALS) == SHARES[cmd.ARRIVALS]
    inbox.refuse_all(FloorDown("over"))
    assert inbox.depths() == {"time": 0, "people": 0, "arrivals": 0}


async def test_lanes_keep_their_order() -> None:
    inbox = Inbox()
    everything = _waiting(cmd.SetAside, 600, message=1, reason="x")
    for waiting in everything:
        inbox.put(waiting)
    drained: list[Waiting] = []
    while batch := inbox.drain():
        drained += batch
    assert drained == everything


async def test_a_closed_bus_ends_its_followers_after_what_they_were_given() -> None:
    bus = InProcessBus()
    follower = bus.follow(5)
    one = Committed(1, 1, (Entry(1, "a", (MessageSetAside(1, "spam"),)),))
    bus.publish(one)
    bus.close()
    bus.publish(one)
    assert [committed async for committed in follower] == [one]
    assert one.last == 1


async def test_files_of_one_owner_are_kept_once_and_of_two_apart(tmp_path: Path) -> None:
    files = FolderFiles(tmp_path / "files", b"k" * 32)
    name = await files.keep("ada", b"hello")
    assert await files.keep("ada", b"hello") == name
    assert await files.keep("bob", b"hello") != name
    assert await files.read(name) == b"hello"
    assert await files.read("../../etc/passwd") is None
    assert await files.read("0" * 40) is None


def test_what_was_used_longest_ago_is_forgotten_first() -> None:
    kept: Kept[int, str] = Kept(2)
    for number in (1, 2):
        kept.put(number, str(number))
    assert kept.get(1) == "1"
    kept.put(3, "3")
    assert [kept.get(number) for number in (1, 2, 3)] == ["1", None, "3"]


async def test_a_task_that_misses_its_cancellation_is_told_again() -> None:
    missed = []

    async def deaf_once() -> None:
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                missed.append(1)
                if len(missed) > 1:
                    raise

    tasks = Tasks(Telemetry(io.StringIO()))
    tasks.start("deaf", deaf_once)
    await asyncio.sleep(0)
    async with asyncio.timeout(60):
        await tasks.stop()
    assert len(missed) == 2


def test_a_clock_says_once_how_far_it_was_set_forward_and_nothing_of_a_slow_or_a_late_one() -> None:
    hands = Hands()
    clock = hands.clock()
    hands.wall_ms, hands.steady_ms = hands.wall_ms + 90_000, hands.steady_ms + 90_000
    assert (clock.now_ms(), clock.jumped_ms()) == (hands.wall_ms, 0)
    hands.wall_ms, hands.steady_ms = hands.wall_ms + 3_601_000, hands.steady_ms + 1_000
    clock.now_ms()
    assert (clock.jumped_ms(), clock.jumped_ms()) == (3_600_000, 0)
    hands.wall_ms -= 3_600_000
    assert clock.jumped_ms() == 0


def test_each_floor_on_a_clock_hears_of_a_jump() -> None:
    hands = Hands()
    clock = hands.clock()
    one, two = clock.jumps(), clock.jumps()
    hands.wall_ms, hands.steady_ms = hands.wall_ms + 3_601_000, hands.steady_ms + 1_000
    assert (one(), two(), one(), two()) == (3_600_000, 3_600_000, 0, 0)
    assert clock.jumps()() == 0


@pytest.mark.parametrize("off_ms", [3_600_000, -3_600_000])
def test_a_machine_whose_clock_is_wrong_says_the_stores_time_from_the_first_measure_on(off_ms: int) -> None:
    """An hour ahead must not be waited for at half speed: all that falls due would be an hour early."""
    hands = Hands()
    steady_ns, store_ms = lambda: hands.steady_ms * 1_000_000, hands.wall_ms
    clock = StoreClock(steady_ns, lambda: (store_ms + off_ms) * 1_000_000)
    clock.anchor(store_ms, asked_ns=0, answered_ns=0)
    assert (clock.now_ms(), clock.jumped_ms()) == (store_ms, 0)
    hands.pass_ms(0, 100)
    clock.anchor(store_ms + 60, asked_ns=steady_ns(), answered_ns=steady_ns())
    assert clock.now_ms() == store_ms + 60
    clock.anchor(store_ms + 40, asked_ns=steady_ns(), answered_ns=steady_ns())
    assert clock.now_ms() == store_ms + 60, "later measures never turn time back"


@pytest.mark.parametrize(("well_s", "starts"), [(-1.0, 13), (60.0, 9)])
async def test_a_task_that_worked_for_long_is_started_again_soon_and_one_that_did_not_ever_later(
    monkeypatch: pytest.MonkeyPatch, well_s: float, starts: int
) -> None:
    """Twelve pauses of a millisecond; or of one, two, four ...: then thirteen starts take four seconds and more."""
    monkeypatch.setattr(tasks_module, "AGAIN_MS", 1)
    monkeypatch.setattr(tasks_module, "WELL_S", well_s)
    started: list[float] = []
    enough = asyncio.Event()

    async def fails() -> None:
        started.append(asyncio.get_running_loop().time())
        if len(started) == starts:
            enough.set()
        raise RuntimeError("our bug")

    tasks = Tasks(Telemetry(io.StringIO()))
    tasks.start("fails", fails)
    await asyncio.wait_for(enough.wait(), 60)
    await tasks.stop()
    if well_s > 0:
        assert started[-1] - started[0] >= 0.255, "each pause is twice the last"


def test_a_configuration_that_another_node_puts_back_says_by_whom_and_why() -> None:
    """The bundle stays in the store; everything else of the order travels to the leader."""
    order = cmd.ApplyConfig(id="C1", hash="h", bundle=bundle(), proposer="rollback", by=7, why="the new one was wrong")
    asked = decode_asked(encode_asked(order, letter=3, new_ms=5))
    assert with_bundle(asked.command, order.bundle) == order
    assert (asked.letter, asked.end, asked.new_ms) == (3, None, 5)
