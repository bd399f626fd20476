"""`patchbay ask`: on files alone, and on the data of a floor with its people, beside a server that runs."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from router.cli import main
from router.core import commands as cmd
from router.store.port import Account
from tests.channels.scripted import Exchange, ScriptedModule
from tests.floor.nodehouse import NodeHouse

SHIPPED = Path(__file__).parent.parent.parent / "config"


def ask(*words: str | Path) -> Result:
    return CliRunner().invoke(main, ["ask", *(str(word) for word in words)])


def test_files_alone_say_the_rule_the_queue_and_what_the_customer_hears(tmp_path: Path) -> None:
    said = ask(
        "--data", tmp_path, "--config", SHIPPED, "--channel", "chat", "--text", "我要退款", "--at", "2026-12-24T10:00"
    )
    assert said.exit_code == 0, said.output
    assert said.output.splitlines()[0] == "chat, language zh, topics refund"
    assert "   3  yes  refunds and invoices" in said.output
    assert "closed by hours (office), opens 2026-12-28 09:00" in said.output
    assert "the customer is told 'leave-message'" in said.output
    assert "waits in after-hours-email" in said.output


def test_years_away_the_calendars_are_those_of_that_year(tmp_path: Path) -> None:
    words = ("--data", tmp_path, "--config", SHIPPED, "--channel", "form", "--attribute", "about=order")
    assert "open (office)" in ask(*words, "--at", "2031-05-05T10:00").output
    assert "closed by hours (office)" in ask(*words, "--at", "2031-05-04T10:00").output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--channel", "pigeon"), "There is no channel 'pigeon'"),
        (("--channel", "chat", "--at", "tomorrow"), "is no time"),
        (("--channel", "chat", "--attribute", "about"), "is no NAME=VALUE"),
        (("--channel", "chat", "--customer", "3"), "needs the data of a floor"),
    ],
)
def test_what_cannot_be_asked_is_said(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    answer = ask("--data", tmp_path, "--config", SHIPPED, *words)
    assert answer.exit_code != 0
    assert said in answer.output


def test_broken_files_are_told_by_place(tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text("site: [")
    answer = ask("--data", tmp_path / "none", "--config", tmp_path, "--channel", "chat")
    assert answer.exit_code == 1
    assert "site.yaml:2:1: not YAML" in answer.output


def test_on_a_floor_that_runs_the_agent_who_would_be_asked_is_named(tmp_path: Path) -> None:
    async def make() -> NodeHouse:
        house = NodeHouse(tmp_path, {"scripted": ScriptedModule(Exchange())}, "  scripted: {enabled: true}\n")
        await house.start()
        await house.ready()
        ana = Account(id=0, login="ana", name="Ana Horáková", role="agent", password="x")
        number = await house.store.accounts.add("main", ana)
        abilities = (("channel:scripted", 1),)
        await house.made(cmd.SignIn(id="in", agent=number, abilities=abilities, capacity=100))
        await house.made(cmd.AttachDesk(id="desk", agent=number, node="n1", desk="d"))
        said = await asyncio.to_thread(ask, "--data", house.data, "--channel", "scripted", "--text", "hello")
        assert said.exit_code == 0, said.output
        assert "   1  yes  rest" in said.output
        assert "offered to Ana Horáková (longest_idle)" in said.output
        assert "agents  1 signed in can serve it" in said.output
        missing = await asyncio.to_thread(ask, "--data", house.data, "--channel", "scripted", "--customer", "99")
        assert "There is no customer 99" in missing.output
        await house.stop()
        return house

    asyncio.run(make())
