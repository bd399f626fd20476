"""Reply windows: until when a platform takes answers, from when that is soon, and what an answer is refused for.

Times only; what is done when they come lives in `hastening`. It reads and changes nothing.
"""

from __future__ import annotations

from router.core.bundle import HOUR_MS, MINUTE_MS
from router.core.orders import URGENT
from router.core.state import Conv, State

# A window is about to close when a quarter of it is left, and two hours at the most: time for a queue to get there.
MARGIN_MS_MAX = 2 * HOUR_MS
MARGIN_SHARE = 4
# Less than this before a window closes nobody who was parked could still be found, and waking helps nobody.
WAKE_MS_MIN = MINUTE_MS
WINDOW_CLOSING, WINDOW_CLOSED = "window_closing", "window_closed"


def hasten_ms(arrived_ms: int, window_ms: int) -> int:
    """Return from when on a window that begins with a message is about to close; 0 where there is none."""
    if not window_ms:
        return 0
    return window_ms - max(1, min(MARGIN_MS_MAX, (window_ms - arrived_ms) // MARGIN_SHARE))


def is_hastened(conv: Conv) -> bool:
    """Return whether a conversation goes before all others because of its window."""
    return conv.cls.priority >= URGENT


def closing_ms(s: State, at: int, conv: Conv) -> int:
    """The prompt `window`: when a waiting conversation is to be hastened; 0 for never, or once it is."""
    del s, at
    return 0 if is_hastened(conv) else conv.hasten_ms


def closed_ms(s: State, at: int, conv: Conv) -> int:
    """The prompt `window_closed`: when its window has closed; 0 for never, or once it has been said."""
    del s, at
    return conv.window_ms if conv.hasten_ms else 0


def refusal(conv: Conv, at: int, line: int) -> str:
    """Return why an answer on a line (0: the current one) would not be taken by its platform; empty when it would."""
    if line not in {0, conv.line}:
        return ""
    if conv.window_ms and conv.window_ms <= at:
        return "window_closed"
    return "replies_used" if conv.replies_left == 0 else ""


def sooner_ms(conv: Conv, at: int, due_ms: int) -> int:
    """Return a due time, or the next step of an open window where that comes before it."""
    if not conv.hasten_ms:
        return due_ms
    return min(due_ms, *(step for step in (conv.hasten_ms, conv.window_ms, due_ms) if step > at))


def bounded_ms(conv: Conv, at: int, until_ms: int) -> int:
    """Return until when a conversation may be kept for one agent: no hold lasts into the time that is short.

    A window that has closed shortens nothing: nobody else could keep it either.
    """
    return max(at + 1, min(until_ms, conv.hasten_ms)) if conv.hasten_ms and at < conv.window_ms else until_ms


def wake_ms(conv: Conv, at: int) -> int:
    """Return when a conversation parked now must be woken for its window; 0 where the last word was ours.

    Who parks it in the short time itself is asked again after half of what is left.
    """
    if conv.actor != "agent" or not conv.hasten_ms or conv.window_ms - at < WAKE_MS_MIN:
        return 0
    return conv.hasten_ms if conv.hasten_ms > at else at + (conv.window_ms - at) // 2


def stage(conv: Conv, at: int) -> str:
    """Return the name of what a window has come to: nothing, `window_closing`, `window_closed`."""
    if not conv.hasten_ms or at < conv.hasten_ms:
        return ""
    return WINDOW_CLOSING if at < conv.window_ms else WINDOW_CLOSED
