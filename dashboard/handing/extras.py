"""What a message carries beside its text: the note it takes the place of, and who gets a copy of a letter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dashboard.errors import ApiError
from dashboard.surroundings import Surroundings
from dashboard.words import NEWEST
from router.outbox.outgoing import COPIES
from router.store.port import Body, Story

# The key of a note's extras that names the message which it takes the place of.
REPLACES = "replaces"
# Time for second thoughts. What has stood for longer has been read, and stays as it was read.
NOTE_CHANGE_MS_MAX = 10 * 60_000
# Newer things than these were not said within that time.
STORY_ROWS = 50


def extra_of_note(replaces: int) -> Mapping[str, str]:
    return {REPLACES: str(replaces)} if replaces else {}


def extra_of_letter(cc: Sequence[str]) -> Mapping[str, str]:
    return {COPIES: " ".join(dict.fromkeys(cc))} if cc else {}


def copies_of(body: Body) -> list[str]:
    """Return who got a copy of a letter, and to whom else one went that came."""
    return body.extra.get(COPIES, "").split()


def on_one_line(subject: str) -> str:
    return " ".join(subject.split())


async def check_last_note(out: Surroundings, conv: int, message: int, *, by: int) -> None:
    """Raise ApiError `note_settled` for anything but the asker's own last note of this conversation, still fresh."""
    rows = await out.store.archive.story(out.floor.site, conv, before=NEWEST, limit=STORY_ROWS)
    last = next((each for each in reversed(rows) if _is_note_of(each, by)), None)
    fresh = last is not None and out.now_ms() - last.row.at <= NOTE_CHANGE_MS_MAX
    if last is None or last.row.message != message or not fresh:
        raise ApiError("note_settled")


def _is_note_of(item: Story, agent: int) -> bool:
    body = item.message.body if item.message else None
    return body is not None and body.kind == "note" and body.author == f"agent:{agent}"
