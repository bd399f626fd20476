"""What LINE, Telegram and WhatsApp really post, to the signals that are said beside each; and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.contract import AnySignal, MessageIn
from channels.webhook.proof import Signature, fault_of
from channels.webhook.reading import Reader, Unreadable, body_of
from channels.webhook.settings import Settings
from tests.channels.vectors.reading import vectors
from tests.channels.webhook.entry import PLATFORMS, account, example, read

PAYLOADS = Path(__file__).parent / "payloads"
POSTS = sorted(PAYLOADS.glob("*/*.post.json"))
STANDARD = {
    "header": "webhook-signature",
    "separator": " ",
    "prefix": "v1,",
    "encoding": "base64",
    "signed": "{id}.{timestamp}.{body}",
    "timestamp": "webhook-timestamp",
    "id": "webhook-id",
    "secret_in": "base64",
}
HMACS: dict[str, dict[str, str]] = {
    "hub-signature-256-github-official": {"header": "X-Hub-Signature-256", "prefix": "sha256="},
    "whatsapp-cloud-inbound": {"header": "X-Hub-Signature-256", "prefix": "sha256="},
    "line-signature": {"header": "X-Line-Signature", "encoding": "base64"},
    "telegram-secret-token": {"how": "header", "header": "X-Telegram-Bot-Api-Secret-Token"},
    "slack-v0-official": {
        "header": "X-Slack-Signature",
        "prefix": "v0=",
        "signed": "v0:{timestamp}:{body}",
        "timestamp": "X-Slack-Request-Timestamp",
    },
    "stripe-style-t-v1": {
        "header": "Stripe-Signature",
        "separator": ",",
        "prefix": "v1=",
        "timestamp_prefix": "t=",
        "signed": "{timestamp}.{body}",
    },
    "standard-webhooks-v1": STANDARD,
    "standard-webhooks-stale": STANDARD,
}


def reader(provider: str) -> Reader:
    settings = read(provider, example(provider))
    assert isinstance(settings, Settings)
    return Reader(provider, settings.receive, window_ms=settings.reply_window_ms, quota=settings.reply_quota)


def said(signals: list[AnySignal]) -> list[dict[str, Any]]:
    """Return signals as they stand beside a payload: only what is not as usual."""
    found: list[dict[str, Any]] = json.loads(msgspec.json.encode([_short(signal) for signal in signals]))
    return found


def _short(signal: AnySignal) -> dict[str, Any]:
    fields = msgspec.structs.fields(type(signal))
    told = {field.name: getattr(signal, field.name) for field in fields}
    usual = {field.name: field.default for field in fields}
    changed = {name: value for name, value in told.items() if value not in (usual[name], (), {})}
    return {"type": type(signal).__name__, **changed}


@pytest.mark.parametrize("path", POSTS, ids=lambda path: f"{path.parent.name}/{path.name.partition('.')[0]}")
def test_a_real_post_means_what_is_said_beside_it(path: Path) -> None:
    expected = path.with_name(path.name.replace(".post.json", ".json"))
    found = said(reader(path.parent.name).signals(body_of(path.read_bytes(), "json")))
    assert found == json.loads(expected.read_text())


@pytest.mark.parametrize("path", POSTS, ids=lambda path: f"{path.parent.name}/{path.name.partition('.')[0]}")
def test_a_repeat_has_the_same_names(path: Path) -> None:
    body = path.read_bytes()
    first, again = (reader(path.parent.name).signals(body_of(body, "json")) for _ in range(2))
    assert [each.dedupe for each in first] == [each.dedupe for each in again]
    assert len({each.dedupe for each in first}) == len(first)


@pytest.mark.parametrize("name", sorted(HMACS))
def test_the_signed_samples_are_believed_or_not_as_they_should(name: str) -> None:
    vector = vectors("webhook")[name]
    inputs = vector["inputs"]
    secret = inputs.get("secret") or inputs.get("channel_secret") or inputs["secret_token"]
    signature = msgspec.convert(HMACS[name], Signature)
    stamp = next((value for key, value in inputs["headers"].items() if "imestamp" in key), "1760000000")
    now_ms = int(inputs.get("now", stamp)) * 1_000
    body = inputs["body"].encode()
    fault = fault_of(signature, (secret,), inputs["headers"], body=body, now_ms=now_ms)
    assert (fault == "") is vector["expected"]["valid"]
    assert fault_of(signature, ("another", secret), inputs["headers"], body=body, now_ms=now_ms) == fault
    assert fault_of(signature, ("another",), inputs["headers"], body=body, now_ms=now_ms)
    assert fault_of(signature, ("",), inputs["headers"], body=body, now_ms=now_ms) == "secret_missing"
    if signature.how == "hmac":
        assert fault_of(signature, (secret,), inputs["headers"], body=body + b" ", now_ms=now_ms)
        late_ms = now_ms + 301_000
        stale = fault_of(signature, (secret,), inputs["headers"], body=body, now_ms=late_ms)
        assert stale == ("timestamp" if "{timestamp}" in signature.signed else "")


def test_the_samples_with_words_give_their_words_and_names() -> None:
    whatsapp = vectors("webhook")["whatsapp-cloud-inbound"]
    (message,) = reader("whatsapp").signals(body_of(whatsapp["inputs"]["body"].encode(), "json"))
    assert isinstance(message, MessageIn)
    assert (message.text, message.provider) == (whatsapp["expected"]["text"], whatsapp["expected"]["dedupe_key"])


def test_one_broken_signature_among_several_keeps_nobody_from_the_right_one() -> None:
    vector = vectors("webhook")["standard-webhooks-v1"]["inputs"]
    signature = msgspec.convert(HMACS["standard-webhooks-v1"], Signature)
    headers = {**vector["headers"], "webhook-signature": f"v1,%%% v1a,AAAA {vector['headers']['webhook-signature']}"}
    now_ms = vector["now"] * 1_000
    assert fault_of(signature, (vector["secret"],), headers, body=vector["body"].encode(), now_ms=now_ms) == ""


@given(st.text(), st.binary(), st.sampled_from(sorted(HMACS)))
def test_no_header_and_no_body_breaks_the_proof(header: str, body: bytes, name: str) -> None:
    signature = msgspec.convert(HMACS[name], Signature)
    names = (signature.header, signature.timestamp, signature.id)
    headers = {each: header for each in names if each}
    assert fault_of(signature, ("c2VjcmV0",), headers, body=body, now_ms=1_760_000_000_000)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["events", "type", "source", "message", "userId", "id", "from", "chat"]), inner
        )
    ),
    max_leaves=20,
)


@given(VALUES, st.sampled_from(sorted(PLATFORMS)))
def test_no_body_breaks_the_reader(body: Any, provider: str) -> None:
    try:
        found = READERS[provider].signals(body)
    except Unreadable:
        return
    assert all(signal.dedupe and signal.line.key for signal in found)


READERS = {name: reader(name) for name in PLATFORMS}


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe{}", '{"text": "é"}'.encode("latin-1"), b"[" * 100_000])
def test_a_body_that_is_no_json_is_unreadable(data: bytes) -> None:
    with pytest.raises(Unreadable):
        body_of(data, "json")


@pytest.mark.parametrize("name", sorted(PLATFORMS))
async def test_what_is_not_signed_is_refused_and_a_repeat_makes_nothing_twice(name: str) -> None:
    async with account(name) as at:
        post = {
            "line": lambda **more: at.platform.post(LINE_EVENT, **more),
            "telegram": lambda **more: at.platform.post(TELEGRAM_UPDATE, **more),
            "whatsapp": lambda **more: at.platform.post(WHATSAPP_BODY, **more),
        }[name]
        wrong: dict[str, str] = {"secret": "wrong"} if name == "telegram" else {"signature": "wrong"}
        assert await post(**wrong) == 403
        assert [await post() for _ in range(3)] == [200, 200, 200]
        assert [message.text for message in at.door.messages] == ["Hello, world"]
        at.door.closed = True
        assert await at.platform.say({"telegram": 42}.get(name, "U42"), "come again") == 503
        at.door.closed = False


LINE_EVENT = json.loads((PAYLOADS / "line" / "text.post.json").read_text())["events"][0]
TELEGRAM_UPDATE = {
    "update_id": 1,
    "message": {
        **json.loads((PAYLOADS / "telegram" / "text.post.json").read_text())["message"],
        "text": "Hello, world",
    },
}
WHATSAPP_BODY = (PAYLOADS / "whatsapp" / "text.post.json").read_bytes().replace(b"h\\u00e9llo", b"Hello, world")


async def test_the_address_is_checked_by_the_word_that_was_entered() -> None:
    async with account("whatsapp") as at:
        assert await at.platform.check() == (200, "1158201444")
        assert (await at.platform.check("another word"))[0] == 403
    async with account("line") as at, at.client.get("/channels/line/hook") as told:
        assert told.status == 405
