"""The provider's library for an agent's browser, served from our own address, and the token that it takes.

The library is the vendor's release, unchanged: `npm pack @twilio/voice-sdk@2.18.5`, `dist/twilio.min.js`, Apache-2.0;
what it contains of others is in `web/LICENSES.md`.
"""

from __future__ import annotations

from pathlib import Path

from aiohttp import web
from twilio.jwt.access_token import AccessToken
from twilio.jwt.access_token.grants import VoiceGrant

from channels.contract import Handler, Route
from channels.twilio import Account

WEB = Path(__file__).parent / "web"
MODULE, LIBRARY = "softphone.js", "twilio-2.18.5.min.js"
# Where a desk's page finds it; a sandbox plays it elsewhere.
SDK = f"/channels/phone/{MODULE}"
# Signalling, events about the call's quality, and sounds. https://www.twilio.com/docs/voice/sdks/javascript
HOSTS = (
    "wss://voice-js.roaming.twilio.com",
    "https://eventgw.twilio.com",
    "https://sdk.twilio.com",
    "https://media.twiliocdn.com",
)
# A softphone asks anew before its token ends; the vendor's longest is a day.
TOKEN_S = 3_600
# The library changes with a release of ours, under another name; the module's name stays.
_CACHING = {MODULE: "no-cache", LIBRARY: "public, max-age=31536000, immutable"}


def routes() -> list[Route]:
    """Return the routes of both files. They hold no secret: whoever asks gets them."""
    return [Route(method="GET", path=f"/{name}", handler=_serving(name)) for name in (MODULE, LIBRARY)]


def _serving(name: str) -> Handler:
    body = (WEB / name).read_bytes()
    headers = {"Cache-Control": _CACHING[name], "Cross-Origin-Resource-Policy": "same-origin"}

    async def serve(request: web.Request) -> web.StreamResponse:
        del request
        answer = web.Response(body=body, content_type="text/javascript", charset="utf-8", headers=headers)
        answer.enable_compression()
        return answer

    return serve


def identity_of(agent: int) -> str:
    """Return the name under which an agent's browser registers."""
    return f"agent_{agent}"


def token_for(account: Account, *, agent: int, key_sid: str, outgoing_app_sid: str) -> str:
    """Return the token with which an agent's browser takes calls: for its own name, and to call nobody by itself."""
    token = AccessToken(account.sid, key_sid, account.secret, identity=identity_of(agent), ttl=TOKEN_S)
    token.add_grant(VoiceGrant(incoming_allow=True, outgoing_application_sid=outgoing_app_sid or None))
    return str(token.to_jwt())
