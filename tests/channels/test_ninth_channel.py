"""A channel more is one file, its payloads and its entry: all three are put into a temporary folder, and it works.

Nothing else is told of it: the file is found, the entry is checked, its facts are known to rules, agents serve it.
"""

from __future__ import annotations

import hashlib
import hmac
import subprocess
import sys
from collections.abc import AsyncIterator
from textwrap import dedent
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
import yaml
from aiohttp import web

from tests.e2e.house import ROOT, House
from tests.sandbox.playing import Agent, at_work, until

SECRET = "a-secret-of-nobody"
FILE = '''
"""Pigeon post: a signed webhook in, one call out."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence

import msgspec
from aiohttp import web

from channels.contract import (
    AnyEffect, Capabilities, Done, Door, Identity, LetterboxClosed, LineRef, MessageIn, Route, Send, Undeliverable,
)
from channels.contract import Settings as CommonSettings
from channels.http_out import Ask, ask

CAPABILITIES = Capabilities(delivery="call", live=False, load=20, text_chars_max=200)


class Settings(CommonSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    secret_env: str = ""
    api_url: str = ""


class Flown(msgspec.Struct, forbid_unknown_fields=True):
    ring: str
    loft: str
    words: str


class Pigeon:
    def __init__(self, settings: Settings, door: Door, secret: bytes) -> None:
        self.capabilities = CAPABILITIES
        self._settings, self._door, self._secret = settings, door, secret

    def routes(self) -> Sequence[Route]:
        return (Route(method="POST", path="/landed", handler=self._landed),)

    async def listen(self) -> None:
        return

    async def _landed(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        made = hmac.digest(self._secret, body, hashlib.sha256).hex()
        if not hmac.compare_digest(made, request.headers.get("X-Seal", "")):
            return web.Response(status=403)
        try:
            flown = msgspec.json.decode(body, type=Flown)
        except (msgspec.MsgspecError, UnicodeError):
            return web.Response(status=400)
        line = LineRef(channel=self._door.name, key=flown.loft, peer=flown.loft)
        loft = Identity(kind="loft", value=flown.loft, verified="seal")
        try:
            await self._door.accept([MessageIn(line=line, dedupe=flown.ring, text=flown.words, identities=(loft,))])
        except LetterboxClosed:
            return web.Response(status=503)
        return web.Response()

    async def perform(self, effect: AnyEffect) -> Done:
        if not isinstance(effect, Send):
            raise Undeliverable("effect_unknown")
        body = msgspec.json.encode({"loft": effect.line.peer, "words": effect.text})
        told = await ask(Ask(method="POST", url=f"{self._settings.api_url}/fly", json=body))
        return Done(provider=msgspec.json.decode(told.body)["ring"])

    async def find(self, key: str) -> Done | None:
        return None


def build(settings: Settings, door: Door, environment: Mapping[str, str]) -> Pigeon:
    return Pigeon(settings, door, environment.get(settings.secret_env, "").encode())
'''
# The payloads as they come, and what is answered to them.
PAYLOADS: dict[str, tuple[bytes, int]] = {
    "text": (b'{"ring": "r1", "loft": "north", "words": "Where is my grain?"}', 200),
    "duplicate": (b'{"ring": "r1", "loft": "north", "words": "Where is my grain?"}', 200),
    "unknown-kind": (b'{"ring": "r2", "egg": true}', 400),
    "wrong-charset": (b'{"ring": "r3", "loft": "north", "words": "\xe4"}', 400),
}
LAUNCH = (
    "import sys, channels; channels.__path__.append(sys.argv.pop(1)); from router.cli import main; sys.exit(main())"
)
pytestmark = pytest.mark.asyncio(loop_scope="module")


class NinthHouse(House):
    """Commands find one folder more to look for channels in."""

    def launch(self, *arguments: str) -> list[str]:
        return [sys.executable, "-c", LAUNCH, str(self.folder / "more"), *arguments]

    def command(self, *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.launch(*arguments),
            cwd=ROOT,
            env=self.environment(),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    async def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.launch("serve"),
                cwd=ROOT,
                env=self.environment(),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        await self.wait_ready()


class Loft:
    """The provider: it lets pigeons fly, and knows what they carry."""

    def __init__(self) -> None:
        self.flown: list[dict[str, str]] = []
        self.url = ""

    async def fly(self, request: web.Request) -> web.Response:
        self.flown.append(await request.json())
        return web.json_response({"ring": f"out{len(self.flown)}"})


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def loft() -> AsyncIterator[Loft]:
    made = Loft()
    app = web.Application()
    app.router.add_post("/fly", made.fly)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(loft: Loft, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[NinthHouse]:
    folder = tmp_path_factory.mktemp("ninth")
    (folder / "more" / "payloads").mkdir(parents=True)
    (folder / "more" / "pigeon.py").write_text(dedent(FILE))
    for name, (body, _) in PAYLOADS.items():
        (folder / "more" / "payloads" / f"{name}.json").write_bytes(body)
    entry = {"enabled": True, "secret_env": "PIGEON_SEAL", "api_url": loft.url}
    always = {"hours": {"office": "always", "always": "always"}}
    made = NinthHouse(folder, changes={"channels": {"channels": {"pigeon": entry}}, "hours": always})
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PIGEON_SEAL", SECRET)
        async with made.serving():
            made.add_person("ana", skill=["billing=3", "orders=3", "complaints=3"])
            yield made
            assert made.stop() == 0


@pytest_asyncio.fixture(loop_scope="module")
async def ana(house: NinthHouse) -> AsyncIterator[Agent]:
    async with at_work(house, "ana") as made:
        yield made


async def post(house: NinthHouse, body: bytes, seal: str = "") -> int:
    headers = {"X-Seal": seal or hmac.digest(SECRET.encode(), body, hashlib.sha256).hex()}
    url = f"{house.base}/channels/pigeon/landed"
    async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=headers) as answer:
        return answer.status


async def test_what_comes_is_offered_answered_and_flies_back(house: NinthHouse, ana: Agent, loft: Loft) -> None:
    payloads = house.folder / "more" / "payloads"
    for name, (_, status) in PAYLOADS.items():
        assert await post(house, (payloads / f"{name}.json").read_bytes()) == status, name
    assert await post(house, (payloads / "text.json").read_bytes(), seal="0" * 64) == 403
    ref = await ana.accepts()
    await ana.reads(ref, "Where is my grain?")
    detail: dict[str, Any] = await ana.call("GET", f"/conversations/{ref}/story")
    assert [item["text"] for item in detail["items"] if item["kind"] == "in"] == ["Where is my grain?"], "once"
    await ana.answers(ref, "On its way")
    await until(lambda: loft.flown, "the answer flies")
    assert loft.flown == [{"loft": "north", "words": "On its way"}]
    await ana.ends(ref)


def checked(house: NinthHouse, file: str, text: str) -> tuple[int, str]:
    """Check the configuration with one file written anew; it is put back."""
    path = house.config / file
    before = path.read_text()
    path.write_text(text)
    ran = house.command("check")
    path.write_text(before)
    return ran.returncode, ran.stdout + ran.stderr


async def test_rules_know_it_and_a_mistake_in_its_entry_is_found(house: NinthHouse) -> None:
    rules = yaml.safe_load((house.config / "rules.yaml").read_text())["rules"]
    for channel, status in (("pigeon", 0), ("pidgeon", 1)):
        ours = {"name": "pigeons", "when": f'channel == "{channel}"', "queue": "orders"}
        found, said = checked(house, "rules.yaml", yaml.safe_dump({"rules": [ours, *rules]}, sort_keys=False))
        assert found == status, said
        assert status == 0 or channel in said
    entries = (house.config / "channels.yaml").read_text()
    found, said = checked(house, "channels.yaml", entries.replace("api_url:", "api_ulr:"))
    assert found == 1
    assert "api_ulr" in said
