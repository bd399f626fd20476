"""Sign-in, sessions, and the proofs that a request comes from our own page."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
import pytest

from dashboard import sessions
from dashboard.passwords import hash_password
from dashboard.sessions import SESSION_MS, SLIDE_MS, TRIES_PER_PAIR, token_hash
from tests.dashboard.office import PASSWORD, SITE, Desk, Office


def token_of(desk: Desk) -> str:
    return next(cookie.value for cookie in desk.http.cookie_jar if cookie.key == "pb_session")


async def test_signing_in_tells_who_one_is_and_sets_a_cookie_no_script_can_read(office: Office) -> None:
    ana = office.visitor(await office.account("ana", skills={"billing": 4}, languages=("en", "th")))
    answer = await ana.sign_in()
    assert answer.body["me"] == {
        "id": 1,
        "login": "ana",
        "name": "Ana",
        "role": "agent",
        "languages": ["en", "th"],
        "skills": {"billing": 4},
    }
    cookie = answer.headers["Set-Cookie"]
    assert all(part in cookie for part in ("HttpOnly", "SameSite=Lax", "Secure", "Path=/"))
    assert (await ana.get("/me")).body == answer.body


async def test_the_cookie_is_not_secure_where_there_is_no_https(office: Office) -> None:
    await office.stop_serving()
    await office.serve(public_url="http://127.0.0.1:8080")
    ana = office.visitor(await office.account("ana"))
    assert "Secure" not in (await ana.sign_in()).headers["Set-Cookie"]


async def test_the_store_keeps_only_a_hash_of_the_token(office: Office, tmp_path: Path) -> None:
    ana = await office.desk("ana")
    token = token_of(ana)
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("patchbay.db*"))
    assert token.encode() not in kept
    assert token_hash(token).encode() in kept


@pytest.mark.parametrize(
    ("login", "password"), [("ana", "wrong password"), ("nobody", PASSWORD), ("gone", PASSWORD), ("ana", "x")]
)
async def test_every_failed_sign_in_says_the_same(office: Office, login: str, password: str) -> None:
    await office.account("ana")
    gone = await office.account("gone")
    await office.store.accounts.change(SITE, msgspec.structs.replace(gone, disabled=True))
    answer = await office.visitor().post("/session", {"login": login, "password": password})
    assert (answer.status, answer.code) == (401, "login_failed")
    assert "Set-Cookie" not in answer.headers


async def test_an_unknown_login_takes_as_long_as_a_known_one(office: Office) -> None:
    ana = await office.account("ana")
    await office.store.accounts.change(SITE, msgspec.structs.replace(ana, password=hash_password(PASSWORD)))
    visitor, spent_s = office.visitor(), dict[str, float]()
    for login in ("ana", "nobody"):
        started = time.process_time()
        for _ in range(5):
            await visitor.post("/session", {"login": login, "password": "wrong password"})
        spent_s[login] = time.process_time() - started
    assert 0.4 < spent_s["ana"] / spent_s["nobody"] < 2.5


async def test_a_login_is_tried_from_one_address_only_so_often(office: Office) -> None:
    await office.account("ana")
    visitor = office.visitor()
    tries = [{"login": login, "password": "wrong password"} for login in ("ana", "ANA", " aNa") * 4]
    statuses = [(await visitor.post("/session", each)).status for each in tries[:TRIES_PER_PAIR]]
    assert set(statuses) == {401}
    refused = await visitor.post("/session", {"login": "ana", "password": PASSWORD})
    assert (refused.status, refused.code) == (429, "too_many")
    office.clock.at += 1_000 * int(refused.headers["Retry-After"])
    assert (await visitor.post("/session", {"login": "ana", "password": PASSWORD})).status == 200


@pytest.mark.parametrize("limit", ["TRIES_PER_ADDRESS", "TRIES_PER_LOGIN"])
async def test_addresses_and_logins_have_their_own_bounds(
    office: Office, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(sessions, limit, 3)
    await office.stop_serving()
    await office.serve()
    visitor = office.visitor()
    tries = [f"guess{number}" if limit == "TRIES_PER_ADDRESS" else "guess" for number in range(4)]
    statuses = [
        (await visitor.post("/session", {"login": each, "password": "wrong password"})).status for each in tries
    ]
    assert statuses == [401, 401, 401, 429]


async def test_an_office_behind_one_address_can_sign_in_all_at_once(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "TRIES_PER_ADDRESS", 3)
    await office.stop_serving()
    await office.serve()
    await office.account("ana")
    visitor = office.visitor()
    for _ in range(8):
        assert (await visitor.post("/session", {"login": "ana", "password": PASSWORD})).status == 200


async def test_a_session_ends_when_it_is_not_used_and_slides_when_it_is(office: Office) -> None:
    ana, ben = await office.desk("ana"), await office.desk("ben")
    office.clock.at += SESSION_MS - 1
    assert (await ana.get("/me")).status == 200
    office.clock.at += SLIDE_MS
    assert (await ana.get("/me")).status == 200
    ended = await ben.get("/me")
    assert (ended.status, ended.code) == (401, "signed_out")


async def test_signing_out_ends_the_session_its_sockets_and_the_shift(office: Office) -> None:
    ana = await office.desk("ana")
    socket = await ana.begin()
    assert (await ana.call("DELETE", "/session")).status == 204
    assert await socket.closed() == 4401
    assert office.floor.state.agents == {}
    assert (await ana.get("/me")).status == 401


async def test_a_request_under_way_does_not_bring_an_ended_session_back(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = await office.desk("ana")
    token = token_of(ana)
    office.clock.at += 2 * SLIDE_MS
    slide = office.store.accounts.slide_session

    async def sign_out_first(site: str, token: str, *, expires_ms: int) -> None:
        monkeypatch.setattr(office.store.accounts, "slide_session", slide)
        assert (await ana.call("DELETE", "/session")).status == 204
        await slide(site, token, expires_ms=expires_ms)

    monkeypatch.setattr(office.store.accounts, "slide_session", sign_out_first)
    assert (await ana.get("/me")).status == 401
    assert await office.store.accounts.session(SITE, token_hash(token), now_ms=office.clock.at) is None


async def test_a_disabled_account_is_signed_out_at_once(office: Office) -> None:
    ana = await office.desk("ana")
    assert ana.account is not None
    await office.store.accounts.change(SITE, msgspec.structs.replace(ana.account, disabled=True))
    assert (await ana.get("/me")).status == 401


@pytest.mark.parametrize("token", ["", "made-up", "é"])
async def test_a_change_without_the_sessions_own_token_is_refused(office: Office, token: str) -> None:
    ana = await office.desk("ana")
    ana.csrf = ""
    answer = await ana.post("/shift", {}, **{"X-CSRF": token})
    assert (answer.status, answer.code) == (403, "csrf")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://desk.example.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_what_another_site_sends_is_refused(office: Office, headers: dict[str, str]) -> None:
    ana = await office.desk("ana")
    answer = await ana.post("/shift", {}, **headers)
    assert (answer.status, answer.code) == (403, "foreign_origin")
    signing_in = await office.visitor().post("/session", {"login": "ana", "password": PASSWORD}, **headers)
    assert signing_in.code == "foreign_origin"


async def test_our_own_page_is_let_in_under_both_of_its_addresses(office: Office) -> None:
    ana = await office.desk("ana")
    for origin in ("https://desk.example", ana.base):
        answer = await ana.post("/shift", {}, **{"Origin": origin, "Sec-Fetch-Site": "same-origin"})
        assert answer.status == 200


async def test_a_form_of_another_kind_is_not_json(office: Office) -> None:
    visitor = office.visitor()
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        answer = await visitor.call("POST", "/session", raw=b'{"login":"a","password":"b"}', **{"Content-Type": kind})
        assert (answer.status, answer.code) == (400, "not_json")


async def test_a_body_over_its_bound_is_refused_unread(office: Office) -> None:
    answer = await office.visitor().call("POST", "/session", raw=b'{"login":"' + b"a" * 20_000 + b'"}')
    assert (answer.status, answer.code) == (413, "too_large")


async def test_a_body_that_hides_its_length_is_bounded_too(office: Office) -> None:
    visitor = office.visitor()

    async def endless() -> object:
        for _ in range(40):
            yield b"a" * 1_000

    async with visitor.http.post(
        visitor.base + "/api/v1/session", data=endless(), headers={"Content-Type": "application/json"}
    ) as response:
        assert response.status == 413
