"""`patchbay erase`, `export` and `sweep` on the data of a floor that has really served somebody, and beside it."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from channels import contract as sig
from channels import sms
from router.cli import main
from router.core import commands as cmd
from router.store.port import Body
from tests.floor.nodehouse import NodeHouse
from tests.providers.twilio import ACCOUNT, TOKEN, Twilio

SITE, SECRET, THEIRS = "main", b"Zebulon", "+66812345678"
PNG = b"\x89PNG\r\n\x1a\n" + b"Zebulon's picture" * 20


def patchbay(*words: str | Path, typed: str = "") -> Result:
    return CliRunner().invoke(main, [str(word) for word in words], input=typed)


def traces(folder: Path) -> list[str]:
    return [path.name for path in sorted(folder.rglob("*")) if path.is_file() and SECRET in path.read_bytes()]


async def lived(house: NodeHouse, text: str, agent: int = 1) -> int:
    """Somebody writes with a picture, is answered and let go; return their number."""
    number = sig.Identity(kind="phone", value=THEIRS, verified="carrier")
    message = sig.MessageIn(
        line=sig.LineRef(channel="sms", key=f"{THEIRS} Zebulon", peer=f"{THEIRS} via +66200000000"),
        dedupe=text,
        text=text,
        name="Zebulon Quirk",
        identities=(number,),
        attachments=(sig.Attachment(name="a.png", media_type="image/png", size_bytes=len(PNG), content=PNG),),
    )
    state = house.served.floor.state
    before = set(state.convs)
    await house.served._build_door("sms").accept([message])
    await house.until(lambda: set(state.convs) - before != set(), "opened")
    (conv,) = set(state.convs) - before
    await house.until(lambda: state.convs[conv].offer is not None, "rings")
    offer = state.convs[conv].offer
    assert offer is not None
    customer = state.convs[conv].customer
    await house.made(cmd.Accept(id=f"a{conv}", agent=agent, conv=conv, offer=offer.id))
    words = Body(direction="out", author="agent:1", text="Dear Zebulon", created_ms=1)
    (sent,) = await house.store.archive.write(SITE, [words])
    await house.made(cmd.Reply(id=f"r{conv}", agent=agent, conv=conv, message=sent, then="stay"))
    depth = house.store.outbox.depth
    for _ in range(1_000):
        if (await depth(SITE))[0] == 0:
            break
        await asyncio.sleep(0.01)
    await house.made(cmd.Close(id=f"c{conv}", agent=agent, conv=conv, disposition="done"))
    if conv in state.convs:
        await house.made(cmd.FinishWrapUp(id=f"w{conv}", agent=agent, conv=conv, disposition="done"))
    return customer


async def open_house(folder: Path, twilio: Twilio, agent: int = 1) -> NodeHouse:
    entry = json.dumps(
        {"account_sid": ACCOUNT, "auth_token_env": "TOKEN", "api_url": twilio.url, "numbers": ["+66200000000"]}
    )
    house = NodeHouse(folder, {"sms": sms}, f"  sms: {entry}\n")
    await house.start(environment={"TOKEN": TOKEN})
    twilio.reach = lambda url: url.replace("http://127.0.0.1", str(house.client.make_url("/")).rstrip("/"))
    await house.ready()
    await house.agent(agent, "sms")
    return house


async def a_day(folder: Path, text: str = "My name is Zebulon", agent: int = 1) -> int:
    """A node serves somebody, is stopped; return their number."""
    twilio = Twilio(auto_statuses=("sent", "delivered"))
    await twilio.start()
    house = await open_house(folder, twilio, agent)
    try:
        customer = await lived(house, text, agent)
        await house.made(cmd.SignOut(id=f"out{agent}", agent=agent))
        return customer
    finally:
        await house.stop()
        await twilio.stop()


@pytest.fixture
def served(tmp_path: Path) -> tuple[Path, int]:
    """The data of a node that has stopped, and whom it served."""
    return tmp_path / "data", asyncio.run(a_day(tmp_path))


def test_somebody_is_handed_out_and_forgotten_and_the_journal_stays_whole(served: tuple[Path, int]) -> None:
    data, customer = served
    assert traces(data)
    out = data.parent / "export"
    done = patchbay("export", customer, "--data", data, "--to", out)
    assert done.exit_code == 0, done.output
    told = json.loads((out / "customer.json").read_text())
    (conversation,) = told["conversations"]
    assert [message["text"] for message in conversation["messages"]] == ["My name is Zebulon", "Dear Zebulon"]
    assert (out / "files" / conversation["messages"][0]["files"][0]["file"]).read_bytes() == PNG
    assert (out / "customer.json").stat().st_mode & 0o077 == 0
    assert "exists already" in patchbay("export", customer, "--data", data, "--to", out).output
    assert patchbay("erase", customer, "--data", data, typed="n\n").exit_code == 1
    assert traces(data)
    done = patchbay("erase", customer, "--data", data, typed="y\n")
    assert (done.exit_code, done.output.splitlines()[-1]) == (
        0,
        f"Forgot customer {customer}: 2 messages, 1 files, 0 drafts.",
    )
    assert traces(data) == []
    verified = patchbay("verify", "--data", data)
    assert verified.exit_code == 0, verified.output
    assert patchbay("rebuild", "--data", data).exit_code == 0


def test_a_node_goes_on_with_what_is_left_and_knows_who_comes_again_as_somebody_new(served: tuple[Path, int]) -> None:
    data, customer = served
    assert patchbay("erase", customer, "--yes", "--data", data).exit_code == 0
    assert asyncio.run(a_day(data.parent, "Zebulon is here again", agent=2)) != customer
    assert patchbay("verify", "--data", data).exit_code == 0


def test_nobody_is_forgotten_or_handed_out_under_a_number_that_is_nobodys(served: tuple[Path, int]) -> None:
    data, _ = served
    for words in (("erase", "99", "--yes"), ("export", "99", "--to", str(data / "x"))):
        done = patchbay(*words, "--data", data)
        assert (done.exit_code, "There is no customer 99." in done.output) == (1, True)


def test_a_sweep_says_what_it_took(served: tuple[Path, int]) -> None:
    data, _ = served
    half = data / "files" / SITE / "ab" / f"{'ab' * 20}.9-9.part"
    half.parent.mkdir(parents=True, exist_ok=True)
    half.write_bytes(b"half")
    os.utime(half, (1, 1))
    done = patchbay("sweep", "--data", data)
    assert done.exit_code == 0, done.output
    assert "     1 halves of files" in done.output
    assert not half.exists()


async def test_somebody_is_forgotten_beside_a_running_node(tmp_path: Path) -> None:
    twilio = Twilio(auto_statuses=("sent", "delivered"))
    await twilio.start()
    house = await open_house(tmp_path, twilio)
    customer = await lived(house, "My name is Zebulon")
    done = await asyncio.to_thread(patchbay, "erase", customer, "--yes", "--data", house.data)
    assert done.exit_code == 0, done.output
    assert traces(house.data) == []
    again = await lived(house, "Zebulon again")
    assert again != customer
    await house.stop()
    await twilio.stop()
    assert patchbay("verify", "--data", house.data).exit_code == 0
