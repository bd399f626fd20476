"""Nonsense of many shapes at every page of a telephone, signed as the provider signs: it is read or refused by name."""

from __future__ import annotations

import random
from urllib.parse import urlencode

from channels.contract import MessageIn, encode_signal
from tests.channels.phone.conftest import PAGES, Exchange

REQUESTS = 250
FIELDS = ("From", "To", "CallStatus", "Direction", "Digits", "QueueResult", "StatusCallbackEvent", "ParticipantLabel")
FIELDS += (
    "ReasonParticipantLeft",
    "RecordingSid",
    "RecordingUrl",
    "RecordingDuration",
    "RecordingStatus",
    "CallerName",
)
QUERY = ("line", "lang", "party", "menu", "notice", "confirm", "asked")
SHAPES = ("", "x" * 2_000, "\u202eevil", "\u200b", "\x00", "-1", "9" * 400, "٣", "<xml>", "%00", "*#", "https://x/y")
KNOWN = ("completed", "ringing", "in-progress", "inbound", "hangup", "leave", "participant-join", "participant-leave")
KNOWN += ("+66812345678", "anonymous", "agent_1", "outside_1", "customer", "1", "2")
# No letter of a telephone is larger: what a provider writes into one field does not fill the letterbox.
LETTER_BYTES_MAX = 8_000


def call(chance: random.Random) -> str:
    return f"CA{chance.randrange(4):032x}" if chance.random() < 0.8 else chance.choice(SHAPES)


async def test_nonsense_that_the_provider_itself_has_signed_breaks_no_page(exchange: Exchange) -> None:
    chance = random.Random("telephone")
    pages = [route.path for route in exchange.channel.routes() if route.method == "POST"]
    told = set[int]()
    for _ in range(REQUESTS):
        fields = {name: chance.choice(SHAPES + KNOWN) for name in FIELDS if chance.random() < 0.7}
        asked = {name: chance.choice(SHAPES + KNOWN)[:600] for name in QUERY if chance.random() < 0.4}
        asked = {**asked, "line": call(chance)[:600]} if chance.random() < 0.5 else asked
        url = f"{PAGES}{chance.choice(pages)}" + (f"?{urlencode(asked)}" if asked else "")
        status, _ = await exchange.twilio.post(url, {"CallSid": call(chance), **fields})
        told.add(status)
    assert told <= {200, 400, 503}
    assert {200, 400} <= told, "some of it can be read"
    letters = [each for each in exchange.door.signals if not isinstance(each, MessageIn)]
    assert max(len(encode_signal(each)) for each in letters) < LETTER_BYTES_MAX
