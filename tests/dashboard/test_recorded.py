"""Whether a call is recorded is shown to whoever may see the conversation, also when it is over."""

from __future__ import annotations

from router.core.facts import RECORDED
from tests.dashboard.office import Office


async def test_an_agent_sees_by_which_consent_a_call_is_recorded_and_of_others_nothing(
    office: Office,
) -> None:
    ana = await office.desk("ana")
    await ana.begin()
    recorded = await office.arrives("Where is my parcel?", attributes=((RECORDED, "agreed"),))
    assert (await ana.accept(recorded)).status == 200
    ref = office.ref(recorded)
    assert (await ana.get(f"/conversations/{ref}")).body["recorded"] == "agreed"
    other = await office.arrives("And mine?", key="k2")
    assert (await ana.accept(other)).status == 200
    assert (await ana.get(f"/conversations/{office.ref(other)}")).body["recorded"] == ""
    assert (await ana.post(f"/conversations/{ref}/close")).status == 200
    assert (await ana.post(f"/conversations/{ref}/wrap-up", {"disposition": "solved"})).status == 200
    assert (await ana.get(f"/conversations/{ref}")).body["recorded"] == "agreed"
