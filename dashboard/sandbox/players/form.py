"""Plays visitors of the web form: a token, the time a person needs, one post. They are answered by e-mail."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from dashboard.sandbox.players.mail import MailPlayer, address_for
from dashboard.sandbox.scene import Line
from dashboard.sandbox.stage import KEPT, Deed, NotNow, Stage, Wish, needed, status_of

CHANNEL = "form"
FORM = "/channels/form/contact"
# The form takes a post that comes faster for a machine's.
FILL_S = 3.2


class FormPlayer:
    """Every line is one submission."""

    channel, off = CHANNEL, ""

    def __init__(self, stage: Stage, mail: MailPlayer) -> None:
        self._stage, self._mail = stage, mail

    @property
    def deeds(self) -> Mapping[str, Deed]:
        return {"send": self._send, "say": self._mail.write}

    async def open(self, wish: Wish) -> Line:
        """Somebody opens the form."""
        name = needed(wish, "name")
        return self._stage.scene.open(CHANNEL, name, address_for(name), deeds=("send",))

    async def _send(self, line: Line, wish: Wish) -> None:
        """Fill it in at the pace of a person, and press the button."""
        text = needed(wish, "text")
        self._stage.scene.set(line, "filling", ())
        item = self._stage.scene.add(line, "customer", text, status="sending")
        async with self._stage.session.get(f"{self._stage.local}{FORM}/token") as answer:
            if answer.status != 200:
                raise NotNow("form_away")
            token = str((await answer.json())["token"])
        await asyncio.sleep(FILL_S)
        about = wish.get("about", "") or "other"
        post = {"name": line.name, "email": line.address, "about": about, "message": text, "token": token}
        query = {"lang": wish.get("language", "") or "en"}
        async with self._stage.session.post(self._stage.local + FORM, json=post, params=query) as answer:
            said = await answer.json()
        self._stage.scene.mark(line, item, status_of(answer.status))
        if answer.status != 201:
            self._stage.scene.set(line, "open", ("send",))
            return
        self._stage.scene.add(line, "sign", said["reference"], status=KEPT)
        # Until the first mail has come there is nothing to answer.
        self._stage.scene.set(line, "sent")
