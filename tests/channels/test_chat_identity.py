"""Who a visitor is by a token of the company's own: proved, refused, or somebody else at the same browser."""

from __future__ import annotations

from typing import Any

import jwt
import pytest

from channels import chat
from channels.chat.identity import KEY_BYTES_MIN, LIFE_S_MAX, SKEW_S, keys_of, proved
from tests.channels.door import START_MS, MemoryDoor
from tests.channels.site import serving
from tests.channels.tabs import said

KEY, OLD, FOREIGN = "k" * 40, "o" * 40, "f" * 40
NOW_S = START_MS // 1_000
CLAIMS = {
    "sub": "u1",
    "exp": NOW_S + 600,
    "email": "ann@example.org",
    "email_verified": True,
    "phone_number": "+66812345678",
    "phone_number_verified": True,
}
ALL = (("app", "u1"), ("email", "ann@example.org"), ("phone", "+66812345678"))


def signed(key: str = KEY, **changes: Any) -> str:
    claims = {name: value for name, value in {**CLAIMS, **changes}.items() if value is not None}
    return jwt.encode(claims, key, algorithm="HS256")


def read(token: str) -> tuple[tuple[str, str], ...]:
    return proved((KEY, OLD), token, site="main", now_ms=START_MS)


@pytest.mark.parametrize("key", [KEY, OLD])
def test_a_token_proves_account_address_and_number(key: str) -> None:
    assert read(signed(key)) == ALL


@pytest.mark.parametrize(
    ("changes", "left"),
    [
        ({"email_verified": False}, ("app", "phone")),
        ({"email_verified": None}, ("app", "phone")),
        ({"email_verified": "true"}, ("app", "phone")),
        ({"phone_number_verified": 1}, ("app", "email")),
        ({"sub": None}, ("email", "phone")),
        ({"sub": "a b"}, ("email", "phone")),
        ({"sub": 5}, ("email", "phone")),
        ({"email": "no address"}, ("app", "phone")),
        ({"phone_number": "081 234"}, ("app", "email")),
        ({"aud": "main"}, ("app", "email", "phone")),
    ],
)
def test_a_claim_that_is_not_verified_or_no_address_proves_nothing(
    changes: dict[str, Any], left: tuple[str, ...]
) -> None:
    assert tuple(kind for kind, _ in read(signed(**changes))) == left


@pytest.mark.parametrize(
    "token",
    [
        "",
        "rubbish",
        "a.b.c",
        signed(FOREIGN),
        signed(exp=NOW_S - SKEW_S),
        signed(exp=None),
        signed(exp=True),
        signed(exp="soon"),
        signed(exp=NOW_S + LIFE_S_MAX + SKEW_S + 1),
        signed(nbf=NOW_S + SKEW_S + 1),
        signed(aud="another"),
        jwt.encode(CLAIMS, "", algorithm="none"),
        signed()[:-2] + "xx",
    ],
)
def test_a_token_of_somebody_else_an_old_one_or_none_proves_nothing(token: str) -> None:
    assert read(token) == ()


def test_without_a_key_nothing_is_proved_and_a_short_or_missing_key_is_refused_unseen() -> None:
    assert proved((), signed(), site="main", now_ms=START_MS) == ()
    assert keys_of(("A",), {"A": KEY}) == (KEY,)
    for value in ("", "short and secret"):
        with pytest.raises(ValueError, match=rf"variable A must hold a key of {KEY_BYTES_MIN} bytes") as fault:
            keys_of(("A",), {"A": value})
        assert not value or value not in str(fault.value)


async def session(client: Any, **body: Any) -> tuple[int, dict[str, Any]]:
    async with client.post("/channels/chat/session", json=body) as response:
        return response.status, await response.json()


async def test_what_a_proved_visitor_says_carries_the_proofs_and_somebody_else_begins_a_chat_of_their_own() -> None:
    door: Any = MemoryDoor()
    settings = chat.Settings(identity_key_env="KEY")
    async with serving(chat.build(settings, door, {"KEY": KEY}), "chat") as client:
        _, first = await session(client, identity=signed(), email="other@example.org")
        await said(client, door, first["token"], "one")
        _, again = await session(client, token=first["token"])
        await said(client, door, again["token"], "two")
        _, other = await session(client, token=first["token"], identity=signed(sub="u2"))
        await said(client, door, other["token"], "three")
        status, refused = await session(client, identity=signed(FOREIGN))
    one, two, three = door.messages
    assert [(each.kind, each.value, each.verified) for each in one.identities] == [
        *((kind, value, "token") for kind, value in ALL),
        ("email", "other@example.org", ""),
    ]
    assert two.identities == one.identities
    assert one.line == two.line != three.line
    assert three.identities[0].value == "u2"
    assert (status, refused["error"]["code"]) == (403, "identity")


async def test_where_no_key_is_named_a_token_is_refused() -> None:
    door: Any = MemoryDoor()
    async with serving(chat.build(chat.Settings(), door, {}), "chat") as client:
        assert (await session(client, identity=signed()))[0] == 403
        assert (await session(client))[0] == 200
