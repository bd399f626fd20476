"""Prism, the mock server from npm, before the vendor's own OpenAPI document: it judges requests, and answers to them.

It stands between two ends of ours: what was answered is prepared beforehand, so that it says what is wrong with either.
"""

from __future__ import annotations

import asyncio
import gzip
import itertools
import json
import re
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import aiohttp
from aiohttp import web
from yarl import URL

from tests.ports import free_port

HERE = Path(__file__).parent
DOCUMENT = HERE / "twilio_api_v2010.json.gz"
PROGRAM = Path(sys.prefix) / "prism" / "node_modules" / "@stoplight" / "prism-cli" / "dist" / "index.js"
# Node reads two megabytes of JSON and compiles their schemas: three seconds of a processor that others use, too.
READY_S = 120.0
PREPARED = "X-Prepared"
VIOLATIONS = "sl-violations"


def like_of(path: str) -> re.Pattern[str]:
    """Return what addresses look like that a path with names in braces stands for."""
    return re.compile(re.sub(r"\\\{.*?\\\}", "[^/]+", re.escape(path)) + "$")


def described() -> dict[str, Any]:
    """Return the vendor's document."""
    read: dict[str, Any] = json.loads(gzip.decompress(DOCUMENT.read_bytes()))
    return read


@dataclass
class Judge:
    """A running Prism. `seen`: which operations and fields it has judged."""

    url: str
    session: aiohttp.ClientSession
    seen: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    prepared: dict[str, tuple[int, Any]] = field(default_factory=dict)
    played: set[Any] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._numbers = itertools.count(1)
        self._paths = described()["paths"]
        self._templates = {
            path: re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)) + "$") for path in self._paths
        }

    async def judge(self, request: web.Request, *, status: int, answer: Any) -> list[str]:
        """Return what Prism finds wrong with a request and with the answer to it, empty for nothing."""
        number = str(next(self._numbers))
        self.prepared[number] = (status, answer)
        template = next((path for path, like in self._templates.items() if like.match(request.path)), "")
        form = parse_qsl((await request.read()).decode(), keep_blank_values=True)
        self.seen.setdefault((request.method, template), set()).update({*request.query, *(name for name, _ in form)})
        headers = {name: request.headers[name] for name in ("Authorization", "Content-Type") if name in request.headers}
        lists = self._lists(request.method, template)
        body = urlencode([(f"{name}[]" if name in lists else name, value) for name, value in form])
        url = URL(self.url + request.path_qs, encoded=True)
        async with self.session.request(
            request.method, url, data=body or None, headers={**headers, PREPARED: number}
        ) as judged:
            if self.prepared.pop(number, None) is not None:
                return [f"{request.method} {request.path}: {(await judged.json())['title']}"]
            found = json.loads(judged.headers.get(VIOLATIONS, "[]"))
        return [
            f"{request.method} {request.path}: {'.'.join(each['location'])}: {each['message']}"
            for each in found
            if _counts(each, status)
        ]

    def _lists(self, method: str, template: str) -> set[str]:
        """Return the fields that may come many times: Prism knows them as a list by two brackets behind the name."""
        operation = self._paths.get(template, {}).get(method.lower(), {})
        content = operation.get("requestBody", {}).get("content", {}).get("application/x-www-form-urlencoded", {})
        return {name for name, like in content.get("schema", {}).get("properties", {}).items() if "items" in like}

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Give Prism what was prepared."""
        status, said = self.prepared.pop(request.headers[PREPARED])
        return web.json_response(said, status=status) if status != 204 else web.Response(status=204)


def _counts(violation: dict[str, Any], status: int) -> bool:
    """Answers that refuse are not in the document at all, and its own examples of pages are not the URIs it says."""
    if violation["location"][0] != "response":
        return True
    return status < 400 and not violation["location"][-1].endswith("_uri")


@asynccontextmanager
async def judging(folder: Path) -> AsyncIterator[Judge]:
    """Serve the vendor's document by Prism on a free port."""
    node = shutil.which("node")
    assert node, "Prism needs Node.js: apt install nodejs npm, then make setup-test"
    assert PROGRAM.is_file(), "Prism is not installed: make setup-test puts it into the virtual environment"
    document, log = folder / "twilio.json", folder / "prism.log"
    document.write_bytes(gzip.decompress(DOCUMENT.read_bytes()))
    port = free_port()
    async with aiohttp.ClientSession() as session:
        judge = Judge(f"http://127.0.0.1:{port}", session)
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", judge.answer)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        upstream = f"http://127.0.0.1:{runner.addresses[0][1]}"
        with log.open("wb") as said:
            process = await asyncio.create_subprocess_exec(
                *(node, str(PROGRAM), "proxy", str(document), upstream, "-h", "127.0.0.1", "-p", str(port)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=said,
                stderr=said,
            )
        try:
            await _ready(process, log)
            yield judge
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()
            await runner.cleanup()


async def _ready(process: asyncio.subprocess.Process, log: Path) -> None:
    async with asyncio.timeout(READY_S):
        while "is listening" not in log.read_text():
            assert process.returncode is None, f"Prism has ended: {log.read_text()[-2_000:]}"
            await asyncio.sleep(0.05)
