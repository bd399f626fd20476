"""How long an effect that failed waits for its next try, and what brings that forward. Performs and decides nothing.

A back-off grows while a provider is away and knows nothing of its return. So whatever goes through on a channel brings
forward what was put off on it, and while nothing does one effect of each channel is tried now and then.
"""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from router.clock import Clock
from router.core.bundle import HOUR_MS, MINUTE_MS
from router.store.port import Outbox
from router.telemetry import Telemetry

# Back-off: 2 s, 4 s, 8 s ... 15 min, each with up to a quarter of jitter, so that lanes do not come in step.
BACK_OFF_MS, BACK_OFF_MS_MAX = 2_000, 15 * MINUTE_MS
BACK_OFF_DOUBLINGS_MAX = 10
JITTER_DIVISOR = 4
# A provider may say when to come again, but not hold a lane for longer than this.
PROVIDER_WISH_MS_MAX = HOUR_MS
# What fails although its channel works for others is tried no more often than this.
REST_MS = 30_000
# A channel that works again gets what waited for it at this rate from each node, and is looked at so often otherwise.
TOGETHER_MAX, TOGETHER_MS, QUIET_MS = 16, 1_000, 10_000
# So often one effect of a channel is tried that would wait for longer: somebody has to notice that it is back.
PROBE_MS = 30_000


class Patience:
    """One worker's. `channels` are those that it has now."""

    def __init__(
        self, site: str, outbox: Outbox, channels: Iterable[str], *, clock: Clock, random: Random, telemetry: Telemetry
    ) -> None:
        self._site, self._outbox, self._channels = site, outbox, channels
        self._clock, self._random, self._count = clock, random, telemetry
        self._worked: set[str] = set()
        self._look_ms: dict[str, int] = {}
        self._probe_ms: dict[str, int] = {}

    def times(self, attempts: int, wish_ms: int) -> tuple[int, int]:
        """Return when to try again after so many attempts, and from when that may be brought forward."""
        wish_ms = min(wish_ms, PROVIDER_WISH_MS_MAX)
        wait_ms = max(wish_ms, back_off_ms(attempts, self._random))
        now_ms = self._clock.now_ms()
        return now_ms + wait_ms, now_ms + (wish_ms or min(wait_ms, REST_MS))

    def worked(self, channel: str) -> None:
        """Note that an effect went through."""
        self._worked.add(channel)

    def wait_ms(self) -> int:
        """Return how long until something is to be brought forward, when nothing else happens."""
        times = [self._look_ms.get(channel, 0) for channel in self._worked]
        times += [self._probe_ms.get(channel, 0) for channel in self._channels]
        return max(0, min(times) - self._clock.now_ms()) if times else PROBE_MS

    async def hasten(self, room: int) -> None:
        """Bring forward what may go now, at most so many of a channel. Raises StoreError."""
        now_ms = self._clock.now_ms()
        for channel in sorted(self._worked):
            if room and self._look_ms.get(channel, 0) <= now_ms:
                # Those that are let go and fail again note nothing, and then nothing more follows them.
                self._worked.discard(channel)
                found = await self._let_go(channel, min(room, TOGETHER_MAX))
                self._look_ms[channel] = now_ms + (TOGETHER_MS if found else QUIET_MS)
                self._probe_ms[channel] = now_ms + PROBE_MS
        for channel in sorted(self._channels):
            if room and self._probe_ms.get(channel, 0) <= now_ms:
                self._probe_ms[channel] = now_ms + PROBE_MS
                await self._let_go(channel, 1)

    async def _let_go(self, channel: str, limit: int) -> int:
        found = await self._outbox.hasten(self._site, channel, now_ms=self._clock.now_ms(), limit=limit)
        if found:
            self._count.count("effects_hastened", channel, by=found)
        return found


def back_off_ms(attempts: int, random: Random) -> int:
    """Return how long to wait after so many attempts: doubled, capped, jittered upwards."""
    wait_ms = min(BACK_OFF_MS << min(attempts, BACK_OFF_DOUBLINGS_MAX), BACK_OFF_MS_MAX)
    return wait_ms + random.randrange(wait_ms // JITTER_DIVISOR + 1)
