"""Stories of presences: that take some channels only, and that nobody chooses."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from router.core import commands as cmd
from router.core import events as ev
from router.core.answers import Refused
from router.core.bundle import Presence
from router.core.snapshot import decode_state, encode_state
from tests.core.floor_plan import ABILITIES, Floor, at_work, bundle, desk, line_of, names, offered_to

MAIL = ("email",)
RUNNING = bundle(
    presences={
        "available": Presence(name="available", accepts=True),
        "a-quiet-hour": Presence(name="a-quiet-hour", accepts=True, channels=MAIL),
        "break": Presence(name="break", accepts=False),
        "away": Presence(name="away", accepts=False, idle_ms=300_000),
    }
)


def choose(floor: Floor, presence: str, **more: str) -> list[ev.Event]:
    """Agent 7 chooses, and the floor is told what they can do in full, as a desk does."""
    return floor.do(cmd.SetPresence(id=floor.id(), agent=7, presence=presence, abilities=ABILITIES, **more))


def test_only_channels_of_the_presence_are_offered() -> None:
    floor = at_work(7, running=RUNNING)
    choose(floor, "a-quiet-hour")
    floor.arrive(1)
    floor.arrive(2, channel="email")
    assert (offered_to(floor, 1), offered_to(floor, 2)) == (0, 7)


def test_coming_back_takes_every_channel_again_and_what_waited_at_once() -> None:
    floor = at_work(7, running=RUNNING)
    choose(floor, "a-quiet-hour")
    floor.arrive(1)
    made = choose(floor, "available")
    assert names(made) == ["SignedIn", "PresenceSet", "Offered"]
    assert floor.state.agents[7].abilities == ABILITIES


def test_what_rings_goes_back_to_its_place_and_what_was_begun_stays() -> None:
    floor = at_work(7, running=RUNNING)
    floor.arrive(1)
    floor.accept(1)
    floor.arrive(2)
    made = choose(floor, "a-quiet-hour")
    assert names(made) == ["OfferWithdrawn", "SignedIn", "PresenceSet", "Queued"]
    assert (floor.state.convs[1].owner, offered_to(floor, 2)) == (7, 0)


def test_who_waited_longer_is_asked_first_when_what_rings_goes_back_for_other_channels() -> None:
    floor = at_work(7, capacity=10, running=RUNNING)
    floor.arrive(1, channel="email")
    floor.do(cmd.Decline(id="d", agent=7, conv=1, offer=floor.state.convs[1].offer.id))
    floor.wait(1_000)
    floor.arrive(2, channel="email")
    assert offered_to(floor, 2) == 7
    assert names(floor.wait(5_000)) == ["RestEnded"]
    choose(floor, "a-quiet-hour")
    assert (offered_to(floor, 1), line_of(floor)) == (7, [2])


def test_a_break_changes_no_ability_and_the_way_back_decides() -> None:
    floor = at_work(7, running=RUNNING)
    choose(floor, "a-quiet-hour")
    assert names(choose(floor, "break")) == ["PresenceSet"]
    assert names(choose(floor, "a-quiet-hour")) == ["PresenceSet"]
    assert names(choose(floor, "available")) == ["SignedIn", "PresenceSet"]


def test_a_shift_begins_where_every_channel_is_taken_though_another_name_comes_first() -> None:
    floor = at_work(7, running=RUNNING)
    assert floor.state.agents[7].presence == "available"


def test_a_shift_may_begin_with_some_channels_and_a_change_of_skills_keeps_to_them() -> None:
    floor = Floor(RUNNING)
    fewer = tuple(each for each in ABILITIES if each[0] != "channel:chat")
    sign_in = cmd.SignIn(id="s", agent=7, abilities=ABILITIES, capacity=100, presence="a-quiet-hour")
    floor.do(sign_in)
    desk(floor, 7)
    assert floor.state.agents[7].abilities == fewer
    without_thai = tuple(each for each in ABILITIES if each[0] != "skill:thai")
    floor.do(cmd.SignIn(id="t", agent=7, abilities=without_thai, capacity=100))
    assert set(floor.state.agents[7].abilities) == set(fewer) - {("skill:thai", 1)}


def test_without_the_account_a_presence_narrows_what_is_known() -> None:
    floor = at_work(7, running=RUNNING)
    floor.do(cmd.SetPresence(id="s", agent=7, presence="a-quiet-hour", by=9, reason="mails pile up"))
    floor.arrive(1)
    assert offered_to(floor, 1) == 0


def test_an_offer_waits_longer_for_who_needs_longer_and_for_nobody_else() -> None:
    """UI.md 5.2: a factor of an agent's own (WCAG 2.2.1). It makes no profile, and a restored twin keeps it."""
    floor = at_work(7)
    floor.sign_in(7, abilities=tuple(sorted((*ABILITIES, ("offer_times", 3)))))
    for conv, times in ((1, 3), (2, 1)):
        (*_, event) = floor.arrive(conv)
        assert isinstance(event, ev.Offered)
        assert event.until_ms - floor.at == times * floor.state.convs[conv].cls.spec.offer_ms
        twin = decode_state(encode_state(floor.state), {"b1": bundle()})
        assert twin.agents[7].offer_times == times
        floor.accept(conv)
        floor.sign_in(7)
    assert floor.state.agents[7].profile.abilities == ABILITIES


# --- nobody touches the desk --------------------------------------------------------------------------------


def tell(floor: Floor, presence: str, **more: object) -> object:
    """Agent 7's desk says that nobody touches it, or that somebody does again."""
    return floor.ask(cmd.SetPresence(id=floor.id(), agent=7, presence=presence, idle=True, **more))  # type: ignore[arg-type]


def why(floor: Floor) -> str:
    (event,) = [each for each in floor.entries[-1].events if isinstance(each, ev.PresenceSet)]
    return event.why


def test_an_untouched_desk_is_away_and_a_touched_one_back() -> None:
    floor = at_work(7, running=RUNNING)
    tell(floor, "away")
    assert (floor.state.agents[7].presence, floor.state.agents[7].accepts, why(floor)) == ("away", False, "idle")
    floor.arrive(1)
    assert offered_to(floor, 1) == 0
    tell(floor, "available")
    assert (floor.state.agents[7].presence, offered_to(floor, 1), why(floor)) == ("available", 7, "idle")


def offered(floor: Floor) -> None:
    floor.arrive(1)


def talking(floor: Floor) -> None:
    floor.arrive(1)
    floor.accept(1)


def wrapping(floor: Floor) -> None:
    talking(floor)
    floor.do(cmd.Close(id="e", agent=7, conv=1))


def away(floor: Floor) -> None:
    choose(floor, "break")


def leaving(floor: Floor) -> None:
    floor.arrive(1, channel="email")
    floor.accept(1)
    choose(floor, "break", when="after_current")


@pytest.mark.parametrize("begin", [offered, talking, wrapping, away, leaving])
def test_nobody_is_away_by_idling_who_has_live_work_or_is_away_already(begin: Callable[[Floor], None]) -> None:
    floor = at_work(7, running=RUNNING)
    begin(floor)
    before = floor.state.agents[7].presence
    assert tell(floor, "away") == Refused("not_idle")
    assert floor.state.agents[7].presence == before


def test_letters_in_hand_keep_nobody_from_idling() -> None:
    floor = at_work(7, running=RUNNING)
    floor.arrive(1, channel="email")
    floor.accept(1)
    tell(floor, "away")
    assert (floor.state.agents[7].presence, floor.state.convs[1].owner) == ("away", 7)


def test_who_chose_another_state_meanwhile_keeps_it() -> None:
    floor = at_work(7, running=RUNNING)
    tell(floor, "away")
    choose(floor, "break")
    assert tell(floor, "available") == Refused("not_idle")
    assert floor.state.agents[7].presence == "break"


def test_nobody_chooses_to_be_idle_and_no_supervisor_orders_it() -> None:
    floor = at_work(7, running=RUNNING)
    plain = cmd.SetPresence(id="p", agent=7, presence="away")
    assert floor.ask(plain) == Refused("not_idle")
    assert floor.ask(msgspec.structs.replace(plain, id="q", by=9, reason="asked")) == Refused("not_idle")


def test_who_missed_an_offer_stays_not_responding() -> None:
    floor = at_work(7, running=RUNNING)
    floor.arrive(1)
    floor.wait(60_000)
    missed = floor.state.agents[7].presence
    assert missed == "not_responding"
    assert tell(floor, "away") == tell(floor, "available") == Refused("not_idle")
