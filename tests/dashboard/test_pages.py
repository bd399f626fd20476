"""The web app's files and the headers of every response."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse

from dashboard.app import build_app
from dashboard.headers import DATA_POLICY, PAGE, PAGE_POLICY, page_for
from dashboard.pages import FILE_BYTES_MAX, Pages, WebAppMissing, modules_of, read_files, version_of
from tests.dashboard.office import WEB_APP, Desk, Office


async def fetch(desk: Desk, path: str, **headers: str) -> tuple[ClientResponse, bytes]:
    from yarl import URL

    sent = {"Accept-Encoding": "identity", **headers}
    async with desk.http.get(URL(desk.base + path, encoded=True), headers=sent) as response:
        return response, await response.read()


@pytest.fixture
def version(office: Office) -> str:
    return version_of("0.1.0", read_files(office.web_root))


async def test_the_index_names_its_version_and_preloads_what_it_imports(office: Office, version: str) -> None:
    response, body = await fetch(office.visitor(), "/")
    text = body.decode()
    assert (response.status, response.headers["Cache-Control"]) == (200, "no-cache")
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert f'src="/ui/{version}/js/main.js"' in text
    assert "{{" not in text
    preloaded = [line for line in text.splitlines() if "modulepreload" in line]
    names = [line.partition(f"/ui/{version}/")[2].rstrip('">') for line in preloaded]
    assert names == ["js/main.js", "js/state.js", "vendor/ui.js", "js/views/desk.js"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("desk.css", "text/css; charset=utf-8"),
        ("js/main.js", "text/javascript; charset=utf-8"),
        ("i18n/en.json", "application/json; charset=utf-8"),
    ],
)
async def test_a_file_is_kept_for_a_year_under_its_version(office: Office, version: str, name: str, kind: str) -> None:
    response, body = await fetch(office.visitor(), f"/ui/{version}/{name}")
    assert (response.status, body.decode()) == (200, WEB_APP[name])
    assert response.headers["Content-Type"] == kind
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"


async def test_a_known_tag_is_not_sent_again(office: Office, version: str) -> None:
    visitor = office.visitor()
    tag = (await fetch(visitor, f"/ui/{version}/desk.css"))[0].headers["ETag"]
    for known in (tag, f'"other", W/{tag}'):
        response, body = await fetch(visitor, f"/ui/{version}/desk.css", **{"If-None-Match": known})
        assert (response.status, body) == (304, b"")


@pytest.mark.parametrize(
    ("accepted", "packed"), [("gzip, br", True), ("br;q=1.0, gzip;q=0.8", True), ("gzip;q=0", False), ("br", False)]
)
async def test_a_text_is_sent_packed_to_who_takes_it(office: Office, version: str, accepted: str, packed: bool) -> None:
    visitor = office.visitor()
    async with visitor.http.get(
        f"{visitor.base}/ui/{version}/desk.css", headers={"Accept-Encoding": accepted}
    ) as response:
        assert (response.headers.get("Content-Encoding") == "gzip") is packed
        assert response.headers["Vary"] == "Accept-Encoding"
        assert (await response.read()).decode() == WEB_APP["desk.css"]
    assert len(gzip.compress(WEB_APP["desk.css"].encode())) < len(WEB_APP["desk.css"])


@pytest.mark.parametrize(
    "path",
    [
        "../patchbay.db",
        "..%2fpatchbay.db",
        "js/../../patchbay.db",
        "%2e%2e/%2e%2e/etc/passwd",
        "//etc/passwd",
        "/etc/passwd",
        "js/main.js%00.css",
        "notes.md",
        "widget/frame.html",
        "index.html",
        "js",
        "js/",
    ],
)
async def test_nothing_but_the_apps_own_files_is_served(office: Office, version: str, path: str) -> None:
    response, body = await fetch(office.visitor(), f"/ui/{version}/{path}")
    assert response.status == 404
    assert b"SQLite" not in body


async def test_another_versions_files_are_gone(office: Office) -> None:
    assert (await fetch(office.visitor(), "/ui/0.0.9-abcdef01/desk.css"))[0].status == 404


async def test_every_response_carries_its_security_headers(office: Office, version: str) -> None:
    ana = await office.desk("ana")
    policies = {
        "/": PAGE_POLICY,
        f"/ui/{version}/desk.css": PAGE_POLICY,
        "/api/v1/me": DATA_POLICY,
        "/api/v1/agents": DATA_POLICY,
        "/api/v1/nowhere": DATA_POLICY,
        "/ui/old/x.js": DATA_POLICY,
    }
    for path, policy in policies.items():
        response, _ = await fetch(ana, path)
        assert response.headers["X-Content-Type-Options"] == "nosniff", path
        assert response.headers["Referrer-Policy"] == "same-origin", path
        assert response.headers["Content-Security-Policy"] == policy, path
    assert (await fetch(ana, "/api/v1/me"))[0].headers["Cache-Control"] == "no-store"
    assert "unsafe" not in PAGE_POLICY


def test_the_same_files_have_the_same_version_and_others_another() -> None:
    files = {name: text.encode() for name, text in WEB_APP.items()}
    assert version_of("1.0 rc/1", files) == version_of("1.0 rc/1", dict(reversed(files.items())))
    assert version_of("1.0", files) != version_of("1.0", {**files, "desk.css": b"body{}"})
    assert version_of("1.0 rc/1", files).startswith("1.0-rc-1-")


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('import a from "./x.js";', ["x.js"]),
        ('import * as a from "./x.js"', ["x.js"]),
        ('import "./x.js";import b from "./y.js"', ["x.js", "y.js"]),
        ('export * from "./x.js";', ["x.js"]),
        ("import { a,\n  b } from './x.js';", ["x.js"]),
        ('const text = "import it from ./x.js";', []),
        ('import far from "https://evil.example/x.js"', []),
        ('import out from "../../x.js"', []),
        ('const later = await import("./x.js")', []),
    ],
)
def test_the_import_walk_finds_what_a_module_imports(source: str, found: list[str]) -> None:
    files = {"main.js": source.encode(), "x.js": b"", "y.js": b'import "./main.js"'}
    assert modules_of(files, "main.js")[1:] == found


def test_a_package_without_its_web_app_does_not_start(office_folder: Path, surroundings: Any) -> None:
    with pytest.raises(WebAppMissing):
        build_app(surroundings(web_root=office_folder))


@pytest.fixture
def office_folder(tmp_path: Path) -> Path:
    (tmp_path / "empty").mkdir()
    return tmp_path / "empty"


@pytest.fixture
def surroundings(office: Office) -> Any:
    return office.surroundings


def test_links_out_of_the_folder_and_giants_are_left_out(tmp_path: Path) -> None:
    root = tmp_path / "web"
    root.mkdir()
    (root / "index.html").write_text("<html><head></head></html>")
    (tmp_path / "secret.txt").write_text("secret")
    (root / "link.txt").symlink_to(tmp_path / "secret.txt")
    (root / "giant.js").write_bytes(b"x" * (FILE_BYTES_MAX + 1))
    assert list(read_files(root)) == ["index.html"]


def test_a_template_may_say_where_its_preloads_go() -> None:
    index = '<head>{{preload}}<script src="/ui/{{version}}/a.js" type="module"></script></head>'
    pages = Pages({"index.html": index.encode(), "a.js": b""}, "1")
    assert pages.version.startswith("1-")
    body = pages._index.body.decode()
    assert body.startswith(f'<head><link rel="modulepreload" href="/ui/{pages.version}/a.js">')


def test_the_policy_is_opened_for_a_softphones_provider_alone() -> None:
    assert page_for([]) == PAGE
    policy = page_for(["wss://voice.example", "https://sounds.example"])["Content-Security-Policy"]
    assert "connect-src 'self' wss://voice.example https://sounds.example;" in policy
    assert policy.endswith("media-src 'self' blob: mediastream: https://sounds.example")
    assert "script-src 'self';" in policy, "no foreign script for that"
