"""Which mail belongs to which line: secret tokens in our ids and addresses. Pure: a key and strings."""

from __future__ import annotations

import hashlib
import hmac
import re

_MAC_CHARS = 10
# With these our ids stay below 64 characters on a usual domain: longer ones are broken by some programs' folding.
_LINE_KEY_CHARS = 16
_EFFECT_KEY_CHARS = 16
_LOOP_CHARS = 20
_KEY = r"[0-9a-z]{8,64}"


class Threads:
    """Makes and recognises the names of mail threads. `secret` is the channel's own, 32 bytes."""

    def __init__(self, secret: bytes, address: str, domain: str) -> None:
        self._secret = secret
        self._local, _, self._at = address.partition("@")
        self._domain = domain
        # The mark on our own mail. Another site's mark says nothing about ours.
        self.loop_mark = self._mac("loop", self._at)[:_LOOP_CHARS]
        escaped = re.escape(domain)
        self._our_id = re.compile(rf"<([0-9A-Za-z_-]+)\.({_KEY})\.([0-9a-f]{{{_MAC_CHARS}}})@{escaped}>")
        self._our_address = re.compile(
            rf"{re.escape(self._local)}\+({_KEY})\.([0-9a-f]{{{_MAC_CHARS}}})@{re.escape(self._at)}"
        )

    def new_key(self, message_id: str) -> str:
        """Return the line key of a thread that begins with this mail; the same mail gives the same key."""
        return self._mac("thread", message_id)[:_LINE_KEY_CHARS]

    def message_id(self, effect_key: str, line_key: str) -> str:
        """Return our Message-ID for an effect: the same on every retry, short, and ours beyond doubt."""
        return f"<{effect_key[:_EFFECT_KEY_CHARS]}.{line_key}.{self._mac('id', line_key)[:_MAC_CHARS]}@{self._domain}>"

    def root_id(self, line_key: str) -> str:
        """Return the id under which a thread is kept that we began: no mail has it, all of ours refer to it."""
        return self.message_id("thread", line_key)

    def reply_address(self, line_key: str) -> str:
        """Return the secret address to which answers on a line come."""
        return f"{self._local}+{line_key}.{self._mac('address', line_key)[:_MAC_CHARS]}@{self._at}"

    def line_of_id(self, message_id: str) -> str:
        """Return the line key in one of our Message-IDs, empty for anybody else's."""
        found = self._our_id.fullmatch(message_id)
        return found.group(2) if found and self._proves("id", found.group(2), found.group(3)) else ""

    def line_of_address(self, address: str) -> str:
        """Return the line key in one of our secret addresses, empty for any other."""
        found = self._our_address.fullmatch(address.lower())
        return found.group(1) if found and self._proves("address", found.group(1), found.group(2)) else ""

    def _proves(self, purpose: str, key: str, mac: str) -> bool:
        return hmac.compare_digest(self._mac(purpose, key)[:_MAC_CHARS], mac.lower())

    def _mac(self, purpose: str, value: str) -> str:
        return hmac.new(self._secret, f"{purpose}\0{value}".encode(), hashlib.sha256).hexdigest()
