"""Stories of presences that take some channels only: what is offered in them, and what comes back when they end."""

from __future__ import annotations

from router.core import commands as cmd
from router.core import events as ev
from router.core.bundle import Presence
from tests.core.floor_plan import ABILITIES, Floor, at_work, bundle, desk, names, offered_to

MAIL = ("email",)
RUNNING = bundle(
    presences={
        "available": Presence(name="available", accepts=True),
        "a-quiet-hour": Presence(name="a-quiet-hour", accepts=True, channels=MAIL),
        "break": Presence(name="break", accepts=False),
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
