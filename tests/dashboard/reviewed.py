"""Reviews for tests: a scorecard, served and rated conversations, deeds at the API. No test lives here."""

from __future__ import annotations

from typing import Any

from router.core import commands as cmd
from router.core.scorecards import Question, ReviewRules, Scorecard
from tests.dashboard.office import SITE, Answer, Desk, Office, bundle

WEEK_MS = 7 * 24 * 3_600_000
CARD = Scorecard(
    name="talk",
    label={"en": "Talk"},
    questions=(
        Question(name="kind", text={"en": "Kind?"}, points=4, weight=3),
        Question(name="right", text={"en": "Right?"}, fatal=True),
    ),
)
RULES = ReviewRules(scorecards=(CARD,), per_week=1)
GOOD = {"kind": 3, "right": 1}


async def floor_of(office: Office) -> tuple[Desk, Desk]:
    """Configure the scorecard; return an agent who serves, and a supervisor."""
    await office.configure(bundle(reviews=RULES))
    return await office.desk("ana", shift=True, team="east"), await office.desk("sue", role="supervisor")


async def served(office: Office, desk: Desk, *, key: str = "k1", score: int = 0, words: str = "") -> str:
    """A conversation is served, ends, and its customer rates it; return its reference."""
    conv = await office.arrives("hello", key=key)
    assert (await desk.accept(conv)).status == 200
    ref = office.ref(conv)
    assert (await desk.post(f"/conversations/{ref}/close", {"disposition": "solved"})).status == 200
    if score:
        await office.made(cmd.Rate(id=f"rate{conv}", conv=conv, score=score))
    if words:
        assert await office.store.reviews.remark(SITE, conv, words, at=office.clock.at)
    return ref


async def do(desk: Desk, ref: str, deed: str, version: int = 0, **said: Any) -> Answer:
    body = {"deed": deed, "version": version, "command_id": f"{deed}{version}", **said}
    return await desk.post(f"/conversations/{ref}/review", body)


async def done(desk: Desk, ref: str, deed: str, version: int = 0, **said: Any) -> dict[str, Any]:
    answer = await do(desk, ref, deed, version, **said)
    assert answer.status == 200, answer.text
    return dict(answer.body)


async def handed(desk: Desk, ref: str, **said: Any) -> dict[str, Any]:
    """A review is begun and handed over."""
    await done(desk, ref, "begin")
    return await done(desk, ref, "hand", 1, **{"answers": GOOD, **said})
