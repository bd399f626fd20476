"""Once a day: what nobody will ever name again is taken away, and erasures that a crash or a reading held up go on.

Uploads that were never sent, files that no row names, halves of files, words that were written and never decided, and
what was written about complaints that have been closed for as long as the site keeps it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

import msgspec

from router.care.erasing import UPLOADS, Eraser, names_in, says_something, uploads_in
from router.care.usual import rules_of
from router.core.bundle import Bundle
from router.site.files import Files
from router.store.filerows import files_of
from router.store.port import Draft, MessageRow, Store, StoreError
from router.telemetry import Telemetry, error_code

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
# An answer that waits for a week was forgotten; its author sees it go, because the draft's words stay.
UPLOAD_AGE_MS_MAX = 7 * DAY_MS
# A file is kept before the row that names it is written: within seconds, or, where the store was away, within hours.
UNNAMED_AGE_MS_MIN = DAY_MS
HALF_AGE_MS_MIN = HOUR_MS
SLICE_MESSAGES, SLICE_DRAFTS, DRAFTS_MAX, ERASURES_MAX = 500, 200, 100_000, 1_000
SLICE_COMPLAINTS, SLICE_REVIEWS = 200, 1_000
SWEEP_S, FIRST_SWEEP_S = 24 * 3_600.0, 300.0
BOOK, SWEPT, DOOMED = "care", "swept", "doomed"
# A time that no row was written after.
NEVER_MS = 2**62


class Swept(msgspec.Struct, frozen=True, kw_only=True):
    """What a sweep took away. `waits`: erasures not to be ended yet; `complaints`, `reviews`: forgotten ones."""

    uploads: int = 0
    files: int = 0
    halves: int = 0
    undecided: int = 0
    erasures: int = 0
    waits: int = 0
    complaints: int = 0
    reviews: int = 0


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """How far sweeps have looked: files kept until a time; the newest message at the last one, and at that before."""

    files_ms: int = 0
    old: int = 0
    new: int = 0


class Sweeper:
    """Sweeps one site. `bundle` is what runs; what its keeping says is not done where there is none."""

    def __init__(
        self,
        site: str,
        store: Store,
        files: Files,
        now_ms: Callable[[], int],
        *,
        bundle: Callable[[], Bundle | None] = lambda: None,
    ) -> None:
        self._bundle = bundle
        self._site = site
        self._store = store
        self._files = files
        self._now_ms = now_ms
        self._eraser = Eraser(site, store, files, now_ms)

    async def run_daily(self, telemetry: Telemetry) -> None:
        """Sweep, each day; what fails is done the day after."""
        await asyncio.sleep(FIRST_SWEEP_S)
        while True:
            try:
                swept = await self.sweep()
                telemetry.info("swept", site=self._site, count=swept.files + swept.halves)
            except StoreError as error:
                telemetry.info("sweep_failed", site=self._site, error=error_code(error))
            await asyncio.sleep(SWEEP_S)

    async def sweep(self) -> Swept:
        """Take away what is left over. Raises StoreError; sweeping again goes on."""
        now_ms = self._now_ms()
        erasures, waits = await self._go_on_erasing()
        mark = await self._mark()
        uploads = await self._drop_uploads(now_ms - UPLOAD_AGE_MS_MAX)
        undecided = await self._blank_undecided(mark)
        files = await self._erase_doomed()
        until_ms = max(mark.files_ms, now_ms - UNNAMED_AGE_MS_MIN)
        files += await self._erase_unnamed(mark, until_ms)
        halves = await self._files.erase_halves(now_ms - HALF_AGE_MS_MIN)
        complaints, reviews = await self._forget_complaints(now_ms), await self._forget_reviews(now_ms)
        newest = await self._newest(mark.new)
        await self._note(SWEPT, Mark(files_ms=until_ms, old=mark.new, new=newest))
        return Swept(
            uploads=uploads, files=files, halves=halves, undecided=undecided, erasures=erasures, waits=waits,
            complaints=complaints, reviews=reviews,
        )  # fmt: skip

    async def _forget_complaints(self, now_ms: int) -> int:
        """Forget what was written about complaints that were closed long enough ago; they stay in the figures."""
        bundle, forgotten = self._bundle(), 0
        before_ms = now_ms - rules_of(bundle).keep_ms if bundle is not None else 0
        while before_ms and (some := await self._forget_some(before_ms)):
            forgotten += some
        return forgotten

    async def _forget_some(self, before_ms: int) -> int:
        return await self._store.complaints.forget(self._site, closed_before_ms=before_ms, limit=SLICE_COMPLAINTS)

    async def _forget_reviews(self, now_ms: int) -> int:
        """Forget what was written with ratings and in reviews long enough ago; scores and points stay."""
        bundle, forgotten = self._bundle(), 0
        before_ms = now_ms - bundle.reviews.keep_ms if bundle is not None else 0
        reviews = self._store.reviews
        while before_ms > 0 and (some := await reviews.forget(self._site, before_ms=before_ms, limit=SLICE_REVIEWS)):
            forgotten += some
        return forgotten

    async def _go_on_erasing(self) -> tuple[int, int]:
        found = await self._store.care.erasures(self._site, since_ms=NEVER_MS, limit=ERASURES_MAX)
        ended = [not (await self._eraser.go_on(erasure)).waits for erasure in found]
        return sum(ended), len(ended) - sum(ended)

    # --- uploads, and words that were never decided --------------------------------------------------------------

    async def _drop_uploads(self, before_ms: int) -> int:
        """Forget lists of uploads that are too old."""
        old = [draft for draft in await self._drafts(before_ms) if draft.key.endswith(UPLOADS)]
        dropped = 0
        for at in range(0, len(old), SLICE_DRAFTS):
            part = old[at : at + SLICE_DRAFTS]
            await self._doom(_uploads_of(part))
            dropped += await self._store.care.forget_drafts(self._site, part)
        return dropped

    async def _drafts(self, before_ms: int) -> list[Draft]:
        return await self._store.care.drafts_before(self._site, before_ms=before_ms, limit=DRAFTS_MAX)

    async def _blank_undecided(self, mark: Mark) -> int:
        """Blank what was written here and has no conversation since the sweep before: its node died with it."""
        after, blanked = mark.old, 0
        while after < mark.new and (rows := await self._messages(after)):
            after = rows[-1].id
            ours = [row for row in rows if row.id <= mark.new and not row.conv and row.body.direction != "in"]
            lost = [row for row in ours if says_something(row.body)]
            if lost:
                await self._doom(name for row in lost for name in names_in(files_of(row.body)))
                await self._store.care.blank(self._site, [row.id for row in lost])
            blanked += len(lost)
        return blanked

    # --- files ---------------------------------------------------------------------------------------------------

    async def _doom(self, names: Iterable[str]) -> None:
        """Note files before the rows that name them go, so that no crash keeps them."""
        await self._note(DOOMED, sorted({*names, *await self._doomed()}))

    async def _doomed(self) -> list[str]:
        noted = await self._store.notebook.read(self._site, BOOK, DOOMED)
        return msgspec.json.decode(noted, type=list[str]) if noted else []

    async def _erase_doomed(self) -> int:
        """Erase what was doomed, unless it is named by somebody else after all: it was sent, or came twice."""
        doomed = await self._doomed()
        if not doomed:
            return 0
        left = await self._unnamed(set(doomed), after=0)
        await self._files.erase(sorted(left))
        await self._note(DOOMED, [])
        return len(left)

    async def _erase_unnamed(self, mark: Mark, until_ms: int) -> int:
        """Erase files of which no row was ever written. Nearly all are named by messages that are as new as they."""
        left = set(await self._files.kept_between(mark.files_ms, until_ms))
        for after in (mark.old, 0):
            left = await self._unnamed(left, after=after) if left else left
        # What was kept again meanwhile is about to be named again.
        left &= set(await self._files.kept_between(mark.files_ms, until_ms)) if left else left
        await self._files.erase(sorted(left))
        return len(left)

    async def _unnamed(self, names: set[str], *, after: int) -> set[str]:
        """Return which of these no list of uploads and no message above an id names."""
        drafts = await self._drafts(NEVER_MS)
        if len(drafts) >= DRAFTS_MAX:
            return set()
        left = names - set(_uploads_of(drafts))
        while left and (rows := await self._messages(after)):
            left -= {name for row in rows for name in names_in(files_of(row.body))}
            after = rows[-1].id
        return left

    # --- where the last sweep stood ------------------------------------------------------------------------------

    async def _messages(self, after: int) -> list[MessageRow]:
        return await self._store.care.messages_after(self._site, after=after, limit=SLICE_MESSAGES)

    async def _newest(self, above: int) -> int:
        """Return the id of the newest message, by halving: above it there is none, above any smaller one there is."""
        step = 1
        while await self._any_above(above + step):
            step *= 2
        low, high = above, above + step
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if await self._any_above(middle) else (low, middle)
        return low

    async def _any_above(self, number: int) -> bool:
        return bool(await self._store.care.messages_after(self._site, after=number, limit=1))

    async def _mark(self) -> Mark:
        noted = await self._store.notebook.read(self._site, BOOK, SWEPT)
        return msgspec.json.decode(noted, type=Mark) if noted else Mark()

    async def _note(self, key: str, value: object) -> None:
        await self._store.notebook.note(self._site, BOOK, key, msgspec.json.encode(value).decode())


def _uploads_of(drafts: Iterable[Draft]) -> list[str]:
    return [name for draft in drafts if draft.key.endswith(UPLOADS) for name in uploads_in(draft.text)]
