"""A message that is tried: coded like a letter's, decided like the floor's own, at any time, and nothing is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest

from router.core import commands as cmd
from router.core.bundle import Bundle
from router.core.events import Offered, decode_entries
from router.core.rules import ABSENT_CHANNEL_LOAD
from router.intake.coding import Said
from router.intake.trying import NobodyKnown, Outcome, Question, Trying
from router.node.configwatch import NoSuchVersion
from router.settings.problems import SettingsError
from tests.channels.scripted import Exchange, ScriptedModule
from tests.floor.house import wrote
from tests.floor.nodehouse import NodeHouse

ENTRY = "  scripted: {enabled: true}\n"
CONFIG = """
site: {id: main, name: Test, zone: Europe/Prague, languages: [en, th]}
hours:
  always: always
  office: {mon-fri: 08:00-18:00, 2026-12-24: closed}
queues:
  general: {label: {en: General}, hours: always}
  billing: {hours: always, skills: {billing: 2}}
  office: {hours: office, closed: {then: general}}
topics:
  bill: message.text.contains("bill")
  thai: message.language == "th"
rules:
  - {name: bills, when: '"bill" in topics && customer.segment != "vip"', queue: billing}
  - {name: thai, when: '"thai" in topics', queue: general, skills: {billing: 1}}
  - {name: desk, when: 'attributes.about == "desk"', queue: office}
  - {name: rest, queue: general}
skills: {billing: 3}
presences:
  available: {accepts: true, shape: disc, label: {en: Available}}
texts:
  off-hours: {en: "Closed until {opens}."}
  leave-message: {en: Leave a message.}
  received: {en: "{reference}"}
  closing: {en: Closing.}
  in-line: {en: In line.}
"""
NOON_MS = 1_795_521_600_000  # 2026-11-24T12:00Z, a Tuesday
TEXTS = ("hello", "my bill", "สวัสดี บิล", "bill of สวัสดีครับผมอยากได้")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[NodeHouse]:
    node = NodeHouse(tmp_path, {"scripted": ScriptedModule(Exchange())}, ENTRY)
    node.write(CONFIG, ENTRY)
    await node.start()
    await node.ready()
    yield node
    await node.stop()


async def signs_in(house: NodeHouse, agent: int, *skills: tuple[str, int]) -> None:
    abilities = tuple(sorted((("channel:scripted", 1), *skills)))
    await house.made(cmd.SignIn(id=f"in{agent}", agent=agent, abilities=abilities, capacity=250))
    await house.made(cmd.AttachDesk(id=f"desk{agent}", agent=agent, node="n1", desk=f"d{agent}"))


def trying(house: NodeHouse) -> Trying:
    async def around(bundle: Bundle, at: int) -> Bundle:
        return (await house.served.config.loaded_at(bundle, at)).bundle

    served = house.served
    return Trying(
        served.floor, served.store.archive, served._capabilities, now_ms=served._parts.clock.now_ms, loaded_at=around
    )


async def ask(house: NodeHouse, text: str = "hello", **more: object) -> Outcome:
    said = Said(channel="scripted", text=text, declared=more.pop("declared", {}))  # type: ignore[arg-type]
    outcome = await trying(house).ask(Question(said=said, **more))  # type: ignore[arg-type]
    assert outcome is not None
    return outcome


async def test_twenty_random_messages_go_where_the_trial_said(house: NodeHouse) -> None:
    """UI.md 8.34: the same rule and the same agent as really sending it."""
    chance = Random(34)
    for agent, skills in ((1, ()), (2, (("skill:billing", 2),)), (3, (("skill:billing", 3),)), (4, ())):
        await signs_in(house, agent, *skills)
    offered = 0
    for number in range(20):
        text, about = chance.choice(TEXTS), chance.choice(("", "desk"))
        would = await ask(house, text, declared={"about": about} if about else {})
        door = house.served._build_door("scripted")
        signal = wrote(text, channel="scripted", key=f"K{number}", declared={"about": about} if about else {})
        letter = (await door.accept([signal]))[0].letter
        assert await door.decided(letter, wait_ms=5_000) is not None
        conv = house.served.floor.state.convs[number + 1]
        assert (would.rule, would.queue if not would.closed_by else would.ends_in) == (conv.rule, conv.queue)
        asked = conv.offer.agents[0] if conv.offer else 0
        assert would.asked == asked
        offered += bool(asked)
    assert 5 < offered < 20, "some are offered, and some find everybody busy"
    rows = [row async for row in house.store.journal.read("main", 0)]
    events = [event for row in rows for entry in decode_entries(row.entries) for event in entry.events]
    assert sum(isinstance(event, Offered) for event in events) == offered, "a trial writes nothing"


async def test_the_trace_says_why_each_rule_matched_or_not(house: NodeHouse) -> None:
    outcome = await ask(house, "สวัสดี", segment="gold")
    assert outcome.facts.language == "th"
    assert [(rule.name, rule.holds) for rule in outcome.trace] == [("bills", False), ("thai", True)]
    first = outcome.trace[0].parts
    assert [(part.text, part.holds) for part in first] == [
        ('"bill" in topics', False),
        ('customer.segment != "vip"', True),
    ]
    assert first[1].looked[0].value == '"gold"'
    assert ("skill:billing", 1) in outcome.needs
    assert outcome.load != ABSENT_CHANNEL_LOAD or outcome.load == 25


async def test_at_another_time_it_is_said_what_is_closed_and_what_then(house: NodeHouse) -> None:
    open_then = await ask(house, declared={"about": "desk"}, at=NOON_MS)
    assert (open_then.closed_by, open_then.ends_in) == ("", "office")
    evening = await ask(house, declared={"about": "desk"}, at=NOON_MS + 8 * 3_600_000)
    assert (evening.closed_by, evening.queue, evening.ends_in) == ("hours", "office", "general")
    assert evening.opens_ms == NOON_MS + 19 * 3_600_000
    kinds = [step.kind for step in evening.steps]
    assert kinds[:2] == ["diverted", "told"]
    assert evening.steps[1].notice == "off-hours"


async def test_years_away_the_hours_are_those_of_that_year(house: NodeHouse) -> None:
    years = 5 * 365 * 24 * 3_600_000
    weekday = await ask(house, declared={"about": "desk"}, at=NOON_MS + years)  # 2031-11-23, a Sunday
    assert weekday.closed_by == "hours"
    assert (await ask(house, declared={"about": "desk"}, at=NOON_MS + years + 86_400_000)).closed_by == ""
    christmas = await ask(house, declared={"about": "desk"}, at=NOON_MS + 30 * 86_400_000)
    assert christmas.closed_by == "hours"


async def test_who_can_serve_is_listed_with_how_they_stand(house: NodeHouse) -> None:
    await signs_in(house, 1, *(("skill:billing", 2),))
    await signs_in(house, 2)
    outcome = await ask(house, "my bill")
    assert (outcome.asked, [(each.agent, each.stands) for each in outcome.able]) == (1, [(1, "asked")])
    assert outcome.able_count == 1


async def test_a_customer_who_is_not_known_is_said(house: NodeHouse) -> None:
    with pytest.raises(NobodyKnown):
        await ask(house, customer=9_999)


def label(house: NodeHouse) -> str:
    bundle = house.served.floor.bundle
    assert bundle is not None
    return bundle.queues["general"].label["en"]


async def test_an_earlier_version_is_put_back_until_the_files_change_again(house: NodeHouse) -> None:
    config, first = house.served.config, house.served.floor.state.bundle_hash
    house.write(CONFIG.replace("General", "Everything"), ENTRY)
    await house.until(lambda: label(house) == "Everything", "applied")
    await config.roll_back(first, by=7, why="wrong-label", command_id="D7:rollback:1")
    assert label(house) == "General"
    await config.check_again()
    assert label(house) == "General", "the files have not changed since"
    house.write(CONFIG.replace("General", "All"), ENTRY)
    await house.until(lambda: label(house) == "All", "the next change wins")
    with pytest.raises(NoSuchVersion):
        await config.roll_back("0" * 32, by=7, why="x", command_id="D7:rollback:2")


async def test_what_is_wrong_with_the_files_is_known_by_place(house: NodeHouse) -> None:
    config = house.served.config
    house.write(CONFIG.replace("hours: always, skills", "hours: alwayz, skills"), ENTRY)
    health = await config.check_again()
    (problem,) = health.problems
    assert (problem.file, problem.line) == ("site.yaml", 8)
    assert "did you mean 'always'" in problem.message
    house.write(CONFIG, ENTRY)
    assert (await config.check_again()).problems == ()
    assert (house.config / "gone").exists() is False
    (house.config / "site.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError):
        await config.directory()
