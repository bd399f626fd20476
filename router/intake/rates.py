"""Rates: token buckets in bounded memory. No clock of its own, no request."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable

# Beyond so many keys the one seen longest ago is forgotten: memory is bounded, and a forgotten key starts full again.
KEYS_MAX = 10_000


class Buckets:
    """For every key a bucket of `size` tokens that fills again within `refill_ms`."""

    def __init__(self, size: int, refill_ms: int, *, keys_max: int = KEYS_MAX) -> None:
        self._size, self._refill_ms, self._keys_max = size, refill_ms, keys_max
        self._buckets: OrderedDict[Hashable, tuple[float, int]] = OrderedDict()

    def take(self, key: Hashable, now_ms: int) -> bool:
        """Take a token; False when the bucket is empty."""
        tokens = self._tokens(key, now_ms)
        if tokens < 1:
            self._keep(key, tokens, now_ms)
            return False
        self._keep(key, tokens - 1, now_ms)
        return True

    def wait_ms(self, key: Hashable, now_ms: int) -> int:
        """Return how long until the next token."""
        lacking = 1 - self._tokens(key, now_ms)
        return max(0, int(lacking * self._refill_ms / self._size) + 1) if lacking > 0 else 0

    def give_back(self, key: Hashable, now_ms: int) -> None:
        """Return a token that was taken for nothing."""
        if key in self._buckets:
            self._keep(key, min(float(self._size), self._tokens(key, now_ms) + 1), now_ms)

    def __len__(self) -> int:
        return len(self._buckets)

    def _tokens(self, key: Hashable, now_ms: int) -> float:
        tokens, at = self._buckets.get(key, (float(self._size), now_ms))
        return min(float(self._size), tokens + max(0, now_ms - at) * self._size / self._refill_ms)

    def _keep(self, key: Hashable, tokens: float, now_ms: int) -> None:
        # Who is heard of late, by another's time, turns no clock back: it would fill the bucket twice.
        self._buckets[key] = (tokens, max(now_ms, self._buckets.get(key, (0.0, now_ms))[1]))
        self._buckets.move_to_end(key)
        if len(self._buckets) > self._keys_max:
            self._buckets.popitem(last=False)
