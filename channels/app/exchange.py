"""Files of apps, by HTTP beside MQTT: whose they are is proved by the app's token, each time. No broker here."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from channels import uploads
from channels.app import tokens
from channels.app.frames import file_message_of, line_of
from channels.contract import Door, LetterboxClosed
from router.intake.rates import Buckets


class Exchange:
    """All files of apps on this node. `said` is told of each customer who has sent one."""

    def __init__(self, door: Door, keys: tokens.Keys, said: Callable[[str], None]) -> None:
        self._door, self._keys, self._said = door, keys, said
        self._rates = Buckets(uploads.FILES_A_MINUTE, uploads.MINUTE_MS)

    async def upload(self, request: web.Request) -> web.StreamResponse:
        """Take a file as a message. A repeat under the same id is the same message."""
        now_ms = self._door.now_ms()
        token = self._token(request)
        if token is None:
            return _no_token()
        client = uploads.client_of(request)
        if not client:
            return uploads.not_a_file()
        if not self._rates.take(token.customer, now_ms):
            return uploads.too_many()
        file = await uploads.file_of(request)
        if file is None:
            return uploads.empty()
        try:
            (accepted,) = await self._door.accept([file_message_of(token.customer, client, file)])
        except LetterboxClosed:
            return uploads.later()
        self._said(token.customer)
        return web.json_response({"client_msg_id": client, "letter": accepted.letter})

    async def file(self, request: web.Request) -> web.StreamResponse:
        """Serve a file of the customer's own line, and of no other."""
        token = self._token(request)
        if token is None:
            return _no_token()
        found = uploads.PLACE.fullmatch(request.match_info["file"])
        try:
            file = await self._door.file(line_of(token.customer), int(found[1]), int(found[2])) if found else None
        except LetterboxClosed:
            return uploads.later()
        return uploads.served(file, request.headers.get("Range", "")) if file else uploads.gone()

    def _token(self, request: web.Request) -> tokens.Token | None:
        return tokens.prove(self._keys, uploads.token_of(request).encode(errors="replace"), self._door.now_ms())


def _no_token() -> web.Response:
    return uploads.refused(401, "token", "Send the app's token.")
