"""Customer texts of the running configuration, filled in. No text is written here but names of days and months."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from router.core.bundle import Bundle

PLACES = ("opens", "queue", "reference")
EN_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
EN_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
ZH_DAYS = ("星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日")
TH_DAYS = ("จันทร์", "อังคาร", "พุธ", "พฤหัสบดี", "ศุกร์", "เสาร์", "อาทิตย์")
TH_MONTHS = (
    *("มกราคม", "กุมภาพันธ์", "มีนาคม", "เมษายน", "พฤษภาคม", "มิถุนายน"),
    *("กรกฎาคม", "สิงหาคม", "กันยายน", "ตุลาคม", "พฤศจิกายน", "ธันวาคม"),
)


def _english(at: datetime) -> str:
    return f"{EN_DAYS[at.weekday()]} {at.day} {EN_MONTHS[at.month - 1]}, {at:%H:%M}"


def _chinese(at: datetime) -> str:
    return f"{at.month}月{at.day}日{ZH_DAYS[at.weekday()]} {at:%H:%M}"


def _thai(at: datetime) -> str:
    return f"วัน{TH_DAYS[at.weekday()]}ที่ {at.day} {TH_MONTHS[at.month - 1]} เวลา {at:%H:%M} น."


def _plain(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"


# How a moment is said in each language; another language is one function and one row.
SAID: dict[str, Callable[[datetime], str]] = {"en": _english, "zh": _chinese, "th": _thai}


def moment(at_ms: int, zone: str, language: str) -> str:
    """Return a moment as the site's people would say it, in a language."""
    at = datetime.fromtimestamp(at_ms / 1_000, UTC).astimezone(ZoneInfo(zone))
    return SAID.get(language, _plain)(at)


def in_language(texts: dict[str, str], bundle: Bundle, language: str) -> str:
    """Return the text in a language, else in the site's first that has one, else any."""
    for known in (language, *bundle.languages):
        if known in texts:
            return texts[known]
    return next(iter(texts.values()), "")


def notice_text(
    bundle: Bundle, notice: str, language: str, *, until_ms: int = 0, queue: str = "", reference: str = ""
) -> str:
    """Return a notice as the customer reads it; empty when the configuration has no such text."""
    text = in_language(bundle.texts.get(notice, {}), bundle, language)
    spec = bundle.queues.get(queue)
    values = {
        "opens": moment(until_ms, bundle.zone, language) if until_ms else "",
        "queue": (in_language(spec.label, bundle, language) or spec.name) if spec else "",
        "reference": reference,
    }
    for place in PLACES:
        text = text.replace("{" + place + "}", values[place])
    return text
