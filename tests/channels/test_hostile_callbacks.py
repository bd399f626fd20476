"""Nonsense of many shapes at the callbacks of three platforms: it is refused by a name, and none of it breaks us."""

from __future__ import annotations

import random
from typing import Any
from urllib.parse import quote_from_bytes

import pytest
from yarl import URL

from channels import wechat, wecom, weibo
from channels.contract import Channel
from channels.five_seconds import sorted_sha1
from channels.tencent.envelope import Sealer
from tests.channels.door import MemoryDoor
from tests.channels.site import serving

TOKEN, KEY, OWNER = "a-token", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "wx0123456789abcdef"
ENVIRONMENT = {"S": "a-secret", "T": TOKEN, "K": KEY}
REQUESTS = 400
NAMES = ("signature", "msg_signature", "timestamp", "nonce", "echostr", "encrypt_type", "openid")
BITS: tuple[bytes, ...] = (
    b"",
    b"0",
    b"-1",
    b"9" * 40,
    b"a" * 40,
    b"\x00",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    "٣".encode(),
    "é".encode(),
    b"%",
    b"<![CDATA[",
    b"]]>",
    b"<xml>",
    b"</xml>",
    b"<a>",
    b"<Encrypt>",
    b"</Encrypt>",
    b"AAAA",
    b"{",
    b"}",
    b'"type":',
    b'"text"',
    b"[" * 50,
    b"&x;",
    b"<!DOCTYPE x>",
    b"<MsgType>text</MsgType>",
    b"<FromUserName>o</FromUserName>",
    b"<CreateTime>1</CreateTime>",
    b"<MsgId>1</MsgId>",
)


def channels() -> dict[str, tuple[Channel, MemoryDoor]]:
    doors = {name: MemoryDoor() for name in ("wechat", "weibo", "wecom")}
    sealed = {"token_env": "T", "aes_key_env": "K"}
    return {
        "wechat": (
            wechat.build(wechat.Settings(app_id=OWNER, app_secret_env="S", **sealed), doors["wechat"], ENVIRONMENT),
            doors["wechat"],
        ),
        "weibo": (
            weibo.build(weibo.Settings(uid="1", app_secret_env="T", access_token_env="S"), doors["weibo"], ENVIRONMENT),
            doors["weibo"],
        ),
        "wecom": (
            wecom.build(
                wecom.Settings(corp_id=OWNER, corp_secret_env="S", accounts=("wk",), **sealed),
                doors["wecom"],
                ENVIRONMENT,
            ),
            doors["wecom"],
        ),
    }


def nonsense(chance: random.Random, most: int = 8) -> bytes:
    return b"".join(chance.choice(BITS) for _ in range(chance.randrange(most)))


def signed(chance: random.Random, door: MemoryDoor, body: bytes) -> tuple[dict[str, str], bytes]:
    """Nonsense as the platform itself would sign and seal it: it reaches the readers behind the locks."""
    stamp = {"timestamp": str(door.at_ms // 1_000), "nonce": "n"}
    sealer = Sealer(TOKEN, KEY, OWNER)
    encrypt = sealer.seal(body, b"0" * 16) if chance.random() < 0.8 else "AAAA" * chance.randrange(20)
    seals = {"msg_signature": sealer.signature(*stamp.values(), encrypt)}
    query = {**stamp, "signature": sorted_sha1(TOKEN, *stamp.values()), **seals}
    return query, f"<xml><Encrypt>{encrypt}</Encrypt></xml>".encode()


@pytest.mark.parametrize("name", ["wechat", "weibo", "wecom"])
async def test_nonsense_from_anybody_is_refused(name: str) -> None:
    chance = random.Random(name)
    channel, door = channels()[name]
    async with serving(channel, name) as client:
        for _ in range(REQUESTS):
            fields = [(each, nonsense(chance, 3)) for each in NAMES if chance.random() < 0.7]
            query = "&".join(f"{each}={quote_from_bytes(value)}" for each, value in fields)
            url = client.make_url(f"/channels/{name}/callback")
            method = chance.choice(["GET", "POST"])
            asked: dict[str, Any] = {} if method == "GET" else {"data": nonsense(chance, 30)}
            async with client.session.request(method, URL(f"{url}?{query}", encoded=True), **asked) as answer:
                assert answer.status in {400, 403}, query
    assert door.signals == []


@pytest.mark.parametrize("name", ["wechat", "weibo", "wecom"])
async def test_nonsense_from_the_platform_itself_is_read_or_refused(name: str) -> None:
    chance = random.Random(name)
    channel, door = channels()[name]
    async with serving(channel, name) as client:
        for _ in range(REQUESTS):
            body = nonsense(chance, 30)
            query, sealed = signed(chance, door, b"<xml>" + body + b"</xml>" if chance.random() < 0.5 else body)
            async with client.post(
                f"/channels/{name}/callback", params=query, data=body if name == "weibo" else sealed
            ) as answer:
                assert answer.status in {200, 400, 403}, body
