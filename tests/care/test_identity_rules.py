"""What each channel proves of who writes, and what it only claims: the table of docs/CUSTOMERS.md, held by channels.

A proof joins people, so a new one must be put down here first.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from channels.app import frames
from channels.chat.conversation import said_by
from channels.chat.sessions import Visitor
from channels.contract import MessageIn
from channels.email.signals import Ours, parse
from channels.email.threads import Threads
from channels.phone import reading as phone
from channels.sms import reading as sms
from channels.wechat import messages as wechat
from channels.wecom import messages as wecom
from channels.weibo import messages as weibo

Known = set[tuple[str, str]]
"""(kind, who proved it): empty for a claim."""

ROOT = Path(__file__).parent.parent.parent
NUMBER, OURS = "+66812345678", "+66200000000"


def known(signal: Any) -> Known:
    return {(each.kind, each.verified) for each in signal.identities}


def call(**fields: str) -> Known:
    said = {"CallSid": "CA1", "From": NUMBER, "To": OURS, "CallStatus": "ringing", **fields}
    return known(phone.opened(phone.call_in(said), language="en", facts={}))


def text(theirs: str, ours: str = OURS) -> Known:
    said = sms.said_in({"MessageSid": "SM" + "a" * 32, "From": theirs, "To": ours, "Body": "hello"})
    (signal,) = sms.signals_of(said, sms.Lines(channel="sms", secret=b"s" * 32))
    return known(signal)


def mail(*headers: str, sender: str = "ann@example.org", authority: str = "mx.example.com") -> Known:
    ours = Ours(
        threads=Threads(b"k" * 32, "support@example.com", "example.com"),
        addresses=frozenset({"support@example.com"}),
        trusted_authority=authority,
    )
    data = "\r\n".join([*headers, f"From: {sender}", "Message-ID: <a@x>", "", "Hello"]).encode()
    signal = parse(data, ours)
    assert isinstance(signal, MessageIn)
    return known(signal)


def wechat_push() -> Known:
    head = {"FromUserName": "oCust", "CreateTime": "1760000000", "MsgType": "text", "Content": "hi", "MsgId": "1"}
    return known(wechat.signals_of(head, {})[0])


def weibo_push() -> Known:
    head = {"receiver_id": 1, "sender_id": 2, "created_at": "Mon Jul 16 18:09:20 +0800 2012", "type": "text"}
    push = weibo.read_push(json.dumps({**head, "text": "hi"}).encode())
    return known(weibo.signals_of(push, weibo.Wishes(menu={}))[0])


def wecom_item() -> Known:
    item = {"msgid": "m1", "open_kfid": "wk1", "external_userid": "wm1", "origin": 3, "send_time": 1}
    return known(wecom.signals_of({**item, "msgtype": "text", "text": {"content": "hi"}})[0])


def app_message() -> Known:
    payload = (ROOT / "tests" / "channels" / "app" / "payloads" / "in.text.json").read_bytes()
    published = frames.parse("cc", "cc/u1/in", payload)
    assert isinstance(published.frame, frames.Say)
    return known(frames.message_of("u1", published.frame, {}))


def chat_message(*proved: tuple[str, str]) -> Known:
    visitor = Visitor(site="s", id="v1", expires_ms=1, name="Ann", email="ann@example.org", proved=proved)
    return known(said_by(visitor, "c1", text="hi"))


SIGNED = "Authentication-Results: mx.example.com; dkim=pass header.d=example.org; dmarc=pass header.from=example.org"
FORGED = "Authentication-Results: mx.evil.example; dkim=pass header.d=example.org; dmarc=pass header.from=example.org"

RULES: dict[str, tuple[Known, Known]] = {
    "a call proves that it shows a number, and only claims to be its owner's": (
        call(),
        {("caller_id", "carrier"), ("phone", "")},
    ),
    "a call for which the carrier has signed is its owner's": (
        call(StirVerstat="TN-Validation-Passed-A"),
        {("phone", "stir")},
    ),
    "a call for which somebody has signed less is not": (
        call(StirVerstat="TN-Validation-Passed-B"),
        {("caller_id", "carrier"), ("phone", "")},
    ),
    "a call that hides its number is nobody's": (call(From="anonymous"), set()),
    "a text message is its number's": (text(NUMBER), {("phone", "carrier")}),
    "WhatsApp knows whose number it is": (text(f"whatsapp:{NUMBER}", f"whatsapp:{OURS}"), {("phone", "whatsapp")}),
    "a sender's word is nobody": (text("COMPANY"), set()),
    "a mail for which our own relay vouches is its sender's": (mail(SIGNED), {("email", "email-auth")}),
    "a mail for which nobody vouches only claims": (mail(), {("email", "")}),
    "a mail that vouches for itself only claims": (mail(FORGED), {("email", "")}),
    "a mail to a relay that nobody was told to trust only claims": (mail(SIGNED, authority=""), {("email", "")}),
    "WeChat knows the account": (wechat_push(), {("openid", "wechat")}),
    "WeCom knows the account": (wecom_item(), {("wecom", "wecom")}),
    "Weibo knows the account": (weibo_push(), {("weibo", "weibo")}),
    "an app's account is in the token that opened its link": (app_message(), {("app", "broker")}),
    "what is typed into a chat is a claim": (chat_message(), {("email", "")}),
    "what the company's own page has signed is proved, beside what is typed": (
        chat_message(("app", "u1"), ("phone", NUMBER)),
        {("app", "token"), ("phone", "token"), ("email", "")},
    ),
}


@pytest.mark.parametrize(("found", "rule"), RULES.values(), ids=RULES.keys())
def test_each_channel_proves_what_the_table_says_and_no_more(found: Known, rule: Known) -> None:
    assert found == rule


def test_a_described_provider_proves_only_what_its_operator_wrote_down() -> None:
    examples = sorted((ROOT / "channels" / "webhook" / "examples").glob("*.yaml"))
    assert examples
    proofs = set()
    for path in examples:
        for each in _identities(yaml.safe_load(path.read_text())):
            proofs.add((each["kind"], each.get("proof", "")))
    assert proofs == {("line", "line"), ("telegram", "telegram"), ("phone", "whatsapp")}


def _identities(told: Any) -> list[dict[str, str]]:
    if isinstance(told, dict):
        found = told.get("identities", [])
        return [*found, *(each for value in told.values() for each in _identities(value))]
    return [each for value in told for each in _identities(value)] if isinstance(told, list) else []
