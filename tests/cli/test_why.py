"""`patchbay why`: the story of one conversation's decisions in words, beside a server that runs, in three languages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from router.cli import main
from router.store.port import Account
from tests.channels.scripted import Exchange, ScriptedModule
from tests.floor.nodehouse import NodeHouse


async def why(house: NodeHouse, *words: str | Path) -> Result:
    runner, told = CliRunner(), ["why", "--data", str(house.data), *(str(word) for word in words)]
    return await asyncio.to_thread(runner.invoke, main, told)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[NodeHouse]:
    made = NodeHouse(tmp_path, {"scripted": ScriptedModule(Exchange())}, "  scripted: {enabled: true}\n")
    await made.start()
    await made.ready()
    yield made
    await made.stop()


async def test_every_decision_is_said_in_words_with_its_reasons(
    house: NodeHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = Account(id=0, login="ana", name="Ana Horáková", role="agent", password="x")
    assert await house.store.accounts.add("main", ana) == 1
    await house.agent(1, "scripted")
    await house.post("/channels/scripted/ring", call="CA1", **{"from": "+420123456789", "language": "th"})
    conversations = house.served.floor.state.convs
    await house.until(lambda: 1 in conversations and conversations[1].offer is not None, "offered")
    row = await house.store.archive.conversation("main", 1)
    assert row is not None
    reference = row.reference
    told = await why(house, f"#{reference.lower()}")
    assert told.exit_code == 0, told.output
    assert told.output.startswith(f"{reference}: Scripted, Offered (Europe/Prague)\n")
    for words in ("The rule “rest” placed it.", "It waits in General.", "It was offered to Ana Horáková."):
        assert words in told.output
    assert "Because: free the longest of those who can serve it" in told.output
    for language, rule in (("zh", "规则"), ("th", "กฎ")):
        other = (await why(house, reference, "--language", language)).output
        assert rule in other
        assert "offered to" not in other
    monkeypatch.setattr("router.cli_why.PAGE_ROWS", 2)
    assert (await why(house, reference)).output == told.output, "the same, whatever is read at a time"


async def test_a_number_that_nobody_has_is_said(house: NodeHouse) -> None:
    told = await why(house, "zzzz-zzzz")
    assert told.exit_code == 1
    assert "There is no conversation ZZZZ-ZZZZ." in told.output
