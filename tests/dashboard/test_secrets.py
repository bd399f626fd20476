"""What people write, and what opens doors, is in no log and no error."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from dashboard.passwords import NOBODY, hash_password
from tests.dashboard.office import PASSWORD, PASSWORD_HASH, Office

SECRETS = ("parcel 4711", "On its way, Ada", "k1@example.org", "Ada k1", PASSWORD, PASSWORD_HASH, "half a draft")


async def test_no_text_name_address_or_secret_reaches_a_log(
    office: Office, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    ana = await office.desk("ana")
    socket = await ana.begin()
    conv = await office.arrives("parcel 4711")
    ref = office.ref(conv)
    await ana.accept(conv)
    await socket.say(type="look", ref=ref)
    await socket.next("story")
    await ana.post(f"/conversations/{ref}/reply", {"text": "On its way, Ada", "client_id": "c1"})
    await ana.call("PUT", f"/drafts/{ref}:note", {"text": "half a draft"})
    await ana.post("/session", {"login": "ana", "password": PASSWORD + "!"})
    await break_something(office, ana, ref)
    out, err = capfd.readouterr()
    said = "\n".join([caplog.text, out, err, str(office.logged)])
    cookies = [cookie.value for cookie in ana.http.cookie_jar]
    for secret in (*SECRETS, *cookies, ana.csrf):
        assert secret not in said, secret
    assert len(office.logged) == 1


async def break_something(office: Office, desk: Any, ref: str) -> None:
    """A fault of ours whose exception holds everything it should not tell."""

    async def breaks(*_: Any, **__: Any) -> Any:
        raise RuntimeError(" ".join(SECRETS))

    kept = office.store.archive.story
    office.store.archive.story = breaks  # type: ignore[method-assign]
    answer = await desk.get(f"/conversations/{ref}/story")
    office.store.archive.story = kept  # type: ignore[method-assign]
    assert answer.status == 500
    assert not any(secret in answer.text for secret in SECRETS)


def test_the_hash_of_nobody_is_of_the_same_cost_as_a_real_one() -> None:
    real = hash_password(PASSWORD)
    assert NOBODY.split("$")[:4] == real.split("$")[:4]
    assert "m=19456,t=2,p=1" in real
