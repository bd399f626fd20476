"""Words in the answer to a push itself: for who has just begun to follow, as they cost nothing of the quota. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from channels.tencent.envelope import Sealer


def greets(fields: Mapping[str, str]) -> bool:
    """Return whether a push is of somebody who begins to follow."""
    return fields.get("MsgType") == "event" and fields.get("Event") == "subscribe"


def passive_text(fields: Mapping[str, str], text: str, at_s: int) -> str:
    """Return the document that says something to who has made a push; the parties change places."""
    return (
        f"<xml><ToUserName>{_cdata(fields.get('FromUserName', ''))}</ToUserName>"
        f"<FromUserName>{_cdata(fields.get('ToUserName', ''))}</FromUserName>"
        f"<CreateTime>{at_s}</CreateTime><MsgType><![CDATA[text]]></MsgType><Content>{_cdata(text)}</Content></xml>"
    )


def sealed(document: str, sealer: Sealer, *, timestamp: str, nonce: str, random: bytes) -> str:
    """Return a document in its envelope: who pushes sealed is answered sealed."""
    encrypt = sealer.seal(document.encode(), random)
    signature = sealer.signature(timestamp, nonce, encrypt)
    return (
        f"<xml><Encrypt>{_cdata(encrypt)}</Encrypt><MsgSignature>{_cdata(signature)}</MsgSignature>"
        f"<TimeStamp>{timestamp}</TimeStamp><Nonce>{_cdata(nonce)}</Nonce></xml>"
    )


def _cdata(text: str) -> str:
    """Quote any text: its one forbidden sequence is put into two quotations."""
    return f"<![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]>"
