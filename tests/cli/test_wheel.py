"""The package as people install it: built and installed without Node.js, it serves every file of every screen."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
from playwright.async_api import Browser, expect

from tests.cli.test_serve import CONFIG, Server
from tests.e2e.desk_page import DeskPage, Faults

ROOT = CONFIG.parent
PACKAGES = ("router", "channels", "dashboard")
BUILD_S = 300
# Only the installed copy says this of itself.
MARK = "/* installed */\n"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a wheel of the packages' folders where nothing else is, as `pip install git+…` does, and install it.

    `PATH` leads to Python alone: neither Node.js nor any other tool is at hand.
    """
    folder = tmp_path_factory.mktemp("wheel")
    for name in (*PACKAGES, "pyproject.toml", "README.md", "LICENSE"):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / "src" / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder / "src" / name)
    run = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input"]
    options = ["--no-deps", "--no-index", "--no-build-isolation", "--no-cache-dir", "--quiet"]
    words = [*run, "install", *options, "--no-compile", "--target", str(folder / "here"), str(folder / "src")]
    environment = os.environ | {"PATH": str(Path(sys.executable).parent)}
    subprocess.run(words, check=True, timeout=BUILD_S, env=environment, cwd=folder)
    return folder / "here"


@pytest.fixture(scope="module")
def server(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A node that runs the installed copy, which is known by a mark in its style."""
    style = installed / "dashboard" / "web" / "frame" / "frame.css"
    style.write_text(MARK + style.read_text())
    home = tmp_path_factory.mktemp("home")
    dull = {"PORT", "DATA", "CONFIG", "HOST", "PYTHONPATH"}
    environment = {name: value for name, value in os.environ.items() if name not in dull}
    environment["PYTHONPATH"] = str(installed)
    command = [sys.executable, "-m", "router", "serve", "--port", "0", "--demo-people"]
    command += ["--data", str(home / "data"), "--config", str(CONFIG)]
    with (home / "server.log").open("a") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=environment, cwd=home)
    started = Server(process)
    try:
        started.read_greeting()
        yield started
    finally:
        process.kill()
        process.wait(60)
        assert process.stdout is not None
        process.stdout.close()


def files(root: Path) -> set[str]:
    found = {
        path.relative_to(root).as_posix() for name in PACKAGES for path in (root / name).rglob("*") if path.is_file()
    }
    return {name for name in found if "__pycache__" not in name}


def test_everything_of_the_packages_is_installed(installed: Path) -> None:
    """UI.md 8.1: a file that is forgotten in a wheel is a white page."""
    assert files(installed) == files(ROOT)


def fetched(url: str) -> bytes:
    with urlopen(Request(url, headers={"Accept-Encoding": "identity"}), timeout=60) as answer:
        assert answer.status == 200
        return bytes(answer.read())


def test_every_file_of_every_screen_is_served_from_the_installed_copy(server: Server) -> None:
    """UI.md 8.1."""
    base = re.search(r'"(/ui/[^/"]+/)', fetched(server.url + "/").decode())
    assert base
    web = ROOT / "dashboard" / "web"
    served = [
        path.relative_to(web).as_posix() for path in web.rglob("*") if path.suffix in {".js", ".css", ".json", ".svg"}
    ]
    assert len(served) > 50
    for name in served:
        mark = MARK if name == "frame/frame.css" else ""
        assert fetched(f"{server.url}{base[1]}{name}") == mark.encode() + (web / name).read_bytes(), name
    for page in ("/wallboard", "/widget.js", "/channels/chat/demo", "/channels/form/contact"):
        assert fetched(server.url + page), page


@pytest.mark.browser
@pytest.mark.asyncio(loop_scope="session")
async def test_the_installed_desk_loads_and_asks_nobody_else(server: Server, chromium: Browser) -> None:
    """UI.md 8.1: the desk, and screens that are fetched when they are opened; its origin alone, no error."""
    password = re.search(r"^\s+admin\s+(\S+)$", server.said, re.MULTILINE)
    assert password
    context = await chromium.new_context(base_url=server.url)
    desk = DeskPage(context, await context.new_page(), Faults())
    asked: set[str] = set()
    desk.page.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
    desk.faults.watch(desk.page)
    await desk.page.goto("/")
    await desk.fill_in("admin", password[1])
    await expect(desk.connected).to_be_visible()
    for name in ("queues", "rules"):
        await desk.page.goto(f"/#/{name}")
        await expect(desk.page.locator("main:not(.fetching) :is(h1, h2)").first).to_be_visible()
    await context.close()
    assert asked == {urlsplit(server.url).netloc}
    assert desk.faults.said == []
