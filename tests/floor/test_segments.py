"""Who writes is put into the segment the rules say, and routing follows it at once; a person's word stands."""

from __future__ import annotations

from typing import Any

import msgspec

from channels import contract as sig
from router.core import bundle as b
from router.core.segments import Segment
from router.intake.lookup import LookUp
from router.intake.senders import Watch
from router.store.port import Placing
from router.store.port.customers import BY_RULE
from tests.floor.house import CAPABILITIES, SITE, House, bundle, wrote

VIP = Segment(name="vip", when='attributes["tier"] == "gold" || numbers["spent"] >= 1000')
ADA = sig.Identity(kind="email", value="ada@example.org", verified="smtp")


async def opened(house: House, *segments: Segment) -> None:
    """Route by segment, and look people up as a node does."""
    plain = bundle()
    queues = {**plain.queues, "golden": b.Queue(name="golden", hours="always", label={"en": "Golden"})}
    rule = b.Rule(name="vips", queue="golden", when='customer.segment == "vip"')
    changed = msgspec.structs.replace(plain, segments=segments, queues=queues, rules=(rule, *plain.rules))
    await house.configure(changed)
    house.intake._look_up = LookUp(
        house.floor,
        house.store.archive,
        CAPABILITIES,
        watch=Watch(SITE, house.store.senders),
        customers=house.store.customers,
    )
    house.start("intake")


async def writes(house: House, key: str) -> Any:
    """Ada writes on a line of her own; return the conversation that is opened."""
    door = house.door("push")
    (accepted,) = await door.accept([wrote(f"hello {key}", key=key, identities=(ADA,))])
    assert await door.decided(accepted.letter, wait_ms=5_000) is not None
    return max(house.floor.state.convs.values(), key=lambda conv: conv.id)


async def put(house: House, customer: int, segment: str, *, was: str) -> None:
    placing = Placing(command=f"hand:{segment}", customer=customer, at=1, agent=7, was=was, segment=segment)
    assert not (await house.store.customers.place(SITE, placing)).refused


async def segments_of(house: House, customer: int) -> list[tuple[str, int]]:
    return [(each.segment, each.agent) for each in await house.store.customers.placings(SITE, customer, limit=9)]


async def test_a_rule_puts_somebody_into_a_segment_and_their_message_is_routed_by_it(house: House) -> None:
    await opened(house, VIP)
    first = await writes(house, "k1")
    assert first.cls.queue == "general"
    await house.store.archive.give_care(SITE, first.customer, {"spent": "1000"})
    second = await writes(house, "k2")
    assert (second.customer, second.cls.queue) == (first.customer, "golden")
    assert await segments_of(house, first.customer) == [("vip", BY_RULE)]
    await house.store.archive.give_care(SITE, first.customer, {"spent": "999"})
    assert (await writes(house, "k3")).cls.queue == "general"
    assert await segments_of(house, first.customer) == [("", BY_RULE), ("vip", BY_RULE)]


async def test_what_a_person_has_said_no_rule_takes_back(house: House) -> None:
    await opened(house, VIP, Segment(name="press"))
    first = await writes(house, "k1")
    await put(house, first.customer, "press", was="")
    await house.store.archive.give_care(SITE, first.customer, {"tier": "gold"})
    assert (await writes(house, "k2")).cls.queue == "general"
    await put(house, first.customer, "vip", was="press")
    await house.store.archive.give_care(SITE, first.customer, {"tier": None})
    assert (await writes(house, "k3")).cls.queue == "golden"
    await put(house, first.customer, "", was="vip")
    await house.store.archive.give_care(SITE, first.customer, {"tier": "gold"})
    assert (await writes(house, "k4")).cls.queue == "golden"


async def test_somebody_who_comes_often_is_seen_by_how_often(house: House) -> None:
    await opened(house, msgspec.structs.replace(VIP, when="conversations.days30 >= 2"))
    queues = [(await writes(house, key)).cls.queue for key in ("k1", "k2", "k3")]
    assert queues == ["general", "general", "golden"]


async def test_without_rules_nobody_is_looked_up_for_a_segment(house: House) -> None:
    await opened(house, Segment(name="vip"))
    first = await writes(house, "k1")
    await put(house, first.customer, "vip", was="")
    assert (await writes(house, "k2")).cls.queue == "golden"
    assert await segments_of(house, first.customer) == [("vip", 7)]
