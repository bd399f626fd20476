"""The outside names of conversations: short, unguessable, without a table. No store here."""

from __future__ import annotations

import hashlib
import hmac
from collections import OrderedDict

# Crockford's alphabet: nothing in it is mistaken for something else when read aloud.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
MISREAD = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})
# Ten characters are 50 bits: with 100 million conversations one guess in ten million names any of them.
REFERENCE_CHARS = 10
CHAR_BITS = 5
HALF_BITS = 25
HALF_MASK = (1 << HALF_BITS) - 1
ROUNDS = 6
# Each name is asked for a dozen times while its conversation is at work. Some 100 bytes each: 2 MB at the most.
KEPT_MAX = 20_000


class References:
    """A keyed permutation of the conversation's number: two conversations never share a name."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._kept: OrderedDict[int, str] = OrderedDict()

    def reference(self, conv: int) -> str:
        """Return a conversation's outside name."""
        known = self._kept.get(conv)
        if known is None:
            known = self._kept[conv] = self._made(conv)
            if len(self._kept) > KEPT_MAX:
                self._kept.popitem(last=False)
        return known

    def _made(self, conv: int) -> str:
        if not 0 < conv < 1 << (2 * HALF_BITS):
            raise ValueError("a conversation's number is out of range")
        left, right = conv >> HALF_BITS, conv & HALF_MASK
        for round_number in range(ROUNDS):
            left, right = right, left ^ self._mix(round_number, right)
        return _spell((left << HALF_BITS) | right)

    def conversation(self, reference: str) -> int | None:
        """Return the number behind a name, None where it cannot be one. It may still name nothing."""
        value = _read(reference)
        if value is None:
            return None
        left, right = value >> HALF_BITS, value & HALF_MASK
        for round_number in reversed(range(ROUNDS)):
            left, right = right ^ self._mix(round_number, left), left
        return (left << HALF_BITS) | right

    def _mix(self, round_number: int, half: int) -> int:
        said = bytes([round_number]) + half.to_bytes(4, "big")
        return int.from_bytes(hmac.digest(self._key, said, hashlib.sha256)[:4], "big") & HALF_MASK


def _spell(value: int) -> str:
    shifts = range((REFERENCE_CHARS - 1) * CHAR_BITS, -1, -CHAR_BITS)
    return "".join(ALPHABET[(value >> shift) & 31] for shift in shifts)


def _read(reference: str) -> int | None:
    plain = reference.strip().upper().translate(MISREAD)
    if len(plain) != REFERENCE_CHARS or any(char not in ALPHABET for char in plain):
        return None
    value = 0
    for char in plain:
        value = (value << CHAR_BITS) | ALPHABET.index(char)
    return value
