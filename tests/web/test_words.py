"""The desk's words: every language has them all, every screen uses those that exist, none is written elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dashboard.followups.reading import GROUPS
from router.care.complaints import NEXT, OUTCOMES, STAGES, TABLE
from router.care.likeness import WEIGHTS
from router.core.choosing import STEPS
from router.core.decide.patience import PROMPTS
from router.core.orders import FAIR_TURN, OVERTOOK
from router.views.alarms import ALARMS
from router.views.promises import KINDS
from tests.web.modules import LANGUAGES, all_words, modules, name_of, rooms, template_texts, words_for, words_of

BOARD_ALARMS = {alarm for alarm in ALARMS if alarm != "queue_unstaffed"}
# Channels with a name of their own, which no language translates but where the brand does.
BRANDS = ("sms", "wechat", "weibo", "wecom", "line", "telegram", "whatsapp")
# Keys that are put together at run time, each by the prefix it is put together from, and where its ends come from.
DYNAMIC = {
    "state.": {"waiting", "offered", "active", "wrap_up", "deferred", "parked", "closed", "abandoned"},
    "channel.": {"chat", "email", "form", *BRANDS},
    "complaints.part.": {"open", "closed", "unrecorded", "figures"},
    "complaints.column.": {"due", "number", "customer", "kind", "severity", "stage", "queue", "owner"},
    "complaints.any.": {"stage", "severity", "kind", "queue"},
    "complaint.until.": {"late", "soon", "by"},
    "complaint.due.": {"acknowledge", "answer", "close"},
    "complaint.stage.": set(STAGES),
    "complaint.outcome.": set(OUTCOMES),
    "given.": {"complaint", "review"},
    "complaint.next.": set(NEXT.values()),
    "complaint.about.": {*NEXT.values(), "withdraw", "reopen", "change", "assign"},
    "complaint.title.": {*NEXT.values(), "withdraw", "reopen", "change", "assign"},
    "complaint.deed.": set(TABLE) - {"unlink"},
    "complaint.did.": {"record", *TABLE},
    "complaint.words.": {"note", "reopen", "examine"},
    "complaint.field.": {
        *("happened", "wish", "answer", "outcome", "cause", "remedy", "amount", "kind", "severity", "about", "queue"),
        *("owner", "customer", "recorder", "acknowledge_by", "answer_by"),
    },
    "complaints.figure.": {"open", "opened", "closed", "in_time", "median", "week", "late"},
    "followups.scope.": {"mine", "team", "all"},
    "followups.none.": {"mine", "team", "all"},
    "followups.column.": {"due", "customer", "kind", "note", "queue", "owner"},
    "followups.group.": set(GROUPS),
    "followup.kind.": set(KINDS),
    "followup.there.": {"away", "gone"},
    "followup.back.": {"waiting", "held", "offered", "deferred"},
    "followup.deed.": {"move", "hand", "done"},
    "followup.did.": {"take", "move", "hand", "done"},
    "followup.time.": {"hour", "tomorrow", "monday"},
    "followup.why.": {"customer_asked", "owner_away", "expertise", "priorities", "settled"},
    "archive.column.": {"name", "last"},
    "archive.filter.": {"last", "open", "channel", "language"},
    "archive.any.": {"last", "open", "channel", "language"},
    "archive.last.": {"today", "7", "30", "90", "longer"},
    "archive.open.": {"yes", "no"},
    "segment.by.": {"rule", "import"},
    "reviews.part.": {"said", "to-do", "written", "mine", "figures"},
    "reviews.filter.": {"days", "channel", "queue", "agent"},
    "reviews.by.": {"agent", "queue", "channel"},
    "reviews.split.": {"agent.queue.channel", "queue.channel", "mean", "ratings", "rated", "low"},
    "reviews.only.": {"score_max", "worded", "unseen"},
    "reviews.column.": {
        *("agent", "team", "many", "answered", "differ", "mean", "question", "card", "zeros", "week"),
    },
    "review.stage.": {"none", "draft", "handed", "answered", "settled"},
    "review.view.": {"agree", "differ"},
    "review.why.": {"lot", "rated", "transferred", "reopened", "chosen"},
    "help.state.": {"published", "draft", "archived"},
    "help.deed.": {"publish", "withdraw", "archive", "restore", "look"},
    "help.step.": {"create", "write", "publish", "withdraw", "archive", "restore", "look"},
    "step.": {
        "accepted",
        "declined",
        "lapsed",
        "transferred",
        "parked",
        "returned",
        "left",
        "abandoned",
        "closed",
        "rated",
        "copied",
    },
    "delivery.": {"queued", "sent", "delivered", "read", "failed"},
    "link.": {"live", "connecting", "offline"},
    "presence.": {"not_responding", "offline"},
    "role.": {"agent", "supervisor", "admin"},
    "theme.": {"system", "light", "dark"},
    "palette.theme.": {"system", "light", "dark"},
    "group.": {"parts", "reply", "customer", "wrap", "parked"},
    "view.": {
        *("desk", "queues", "wallboard", "team", "customers", "complaints", "reviews", "followups", "help", "rules"),
        "why",
    },
    "team.column.": {"name", "state", "since", "load", "work", "busy", "skills"},
    "team.state.": {"available", "handling", "wrap_up", "not_responding", "offline"},
    "join.": {"listen", "whisper", "barge"},
    "member.why.": {"forgot", "emergency", "schedule", "connection"},
    "figure.": {"level", "waiting", "longest", "abandoned", "answer", "risk"},
    "stands.": {"on_target", "below", "far_below"},
    "switch.": {"count_flow_outs", "count_short_abandons", "count_abandons"},
    "board.column.": {"queue", "waiting", "longest", "level", "abandoned", "people", "risk"},
    "board.state.": {"available", "handling", "wrap_up", "not_responding", "offline"},
    "severe.": {"crit", "warn"},
    "need.": {
        *("nobody", "no_free", "far_below", "silent_named", "nobody.more", "risk.more", "complaints_late.more"),
        *BOARD_ALARMS,
    },
    "level.": {"soon", "late"},
    "rules.way.": {"files", "rollback", "extension"},
    "rules.bond.": {"last_agent", "named_agent", "team", "same_customer", "repeat"},
    "rules.closed.": {"hours", "closure", "emergency"},
    "rules.step.": {"told", "diverted", "deferred", "overflowed", "offered_way", "queued", "held"},
    "rules.because.": {
        *("longest_idle", "named_agent", "last_agent", "same_customer", *STEPS),
        *("overflow_full", "overflow_slow", "overflow_nobody"),
    },
    "rules.stands.": {"asked", "free", "kept", "full", "away"},
    "rules.reason.": {"wrong_routing", "wrong_hours", "mistake", "incident", "test"},
    "rules.change.": {"changed", "added", "removed"},
    "rules.queue.": {"hours", "closure", "emergency"},
    "rules.day.": {"date", "range", "holiday"},
    "rules.emergency.why.": {"evacuation", "outage", "weather", "staff", "drill"},
    "column.": {"pos", "channel", "customer", "queue", "priority", "needs", "state", "wait", "due", "why", "act"},
    "priority.": {"normal", "high", "urgent"},
    "ends.": set(PROMPTS),
    "order.to.": {"assign", "move", "priority"},
    "deed.": {"assign", "move", "priority", "take-over", "withdraw", "end"},
    "order.why.": {
        *("long_wait", "promised", "wrong_queue", "expertise", "emergency", "overload", "outage", "training"),
        *("settled", "duplicate", "spam", "test"),
    },
    "why.stood.": {"free", "kept", "full", "away", "resting"},
    "waits.": {"in_line", "all_busy", "nobody_can_serve", "queue_closed", "resting", "kept_free"},
    "why.": {"longest_idle", "next_in_line", "named_agent", *OVERTOOK, FAIR_TURN, *STEPS},
    "identity.": {"email", "phone", "caller_id"},
    "evidence.": set(WEIGHTS),
    "palette.": {"recent", "work", "customers", "numbers", "found", "replies", "actions"},
    "settings.enter.": {"enter", "ctrl"},
    "key.": {
        *("next", "previous", "reply", "note", "accept", "decline"),
        *("transfer", "end", "park", "presence", "keys", "search"),
    },
    "target.kind.": {"used", "queue", "skill", "agent", "contact"},
    "block.span.": {"hour", "day", "week", "good"},
    "party.": {"consult", "listen", "whisper", "barge"},
    "call.": {"listen", "whisper", "barge"},
    "phone.": {"failed", "token", "line", "microphone"},
    "blocked.": {"sender", "mark", "reason", "since", "until"},
    "mark.": {"blocked", "test"},
    "story.": {
        "Abandoned",
        "Accepted",
        "Announced",
        "Assigned",
        "CallbackAsked",
        "CallbackFailed",
        "CallbackReached",
        "Closed",
        "CopyWanted",
        "CustomerCalled",
        "CustomerLeft",
        "Declined",
        "Deferred",
        "Diverted",
        "Escalated",
        "HandedOut",
        "HeldFor",
        "LegLost",
        "LineHeld",
        "OfferLapsed",
        "OfferWithdrawn",
        "Offered",
        "Ordered",
        "OutsideAsked",
        "OutsideJoined",
        "OutsideLeft",
        "OverflowTold",
        "Overflowed",
        "Parked",
        "ParticipantAsked",
        "ParticipantJoined",
        "ParticipantLeft",
        "PartyReported",
        "Queued",
        "RangAlso",
        "Rated",
        "Received",
        "Reclassed",
        "Related",
        "Reminded",
        "Returned",
        "RingStopped",
        "Routed",
        "TakenBack",
        "TransferReturned",
        "Transferred",
        "Widened",
        "WindowClosed",
        "WrapUpExtended",
        "WrapUpKept",
        "WrapUpStarted",
    },
    "reason.": {
        "agent_away",
        "agent_silent",
        "arrived",
        "asked",
        "auto_answer",
        "callback",
        "closure",
        "config",
        "customer_left",
        "customer_silent",
        "declined",
        "desk_lost",
        "due",
        "earliest_deadline",
        "emergency",
        "fair_turn",
        "few_can",
        "first_task",
        "fullest",
        "handled",
        "higher_priority",
        "highest_level",
        "highest_score",
        "hold_over",
        "hours",
        "lapsed",
        "last_agent",
        "least_flexible",
        "least_loaded",
        "longest_idle",
        "message",
        "most_urgent",
        "named_agent",
        "next_in_line",
        "no_answer",
        "nobody_free",
        "off_hours",
        "overflow_full",
        "overflow_slow",
        "owner_absent",
        "owner_free",
        "packed",
        "repeat",
        "reply_failed",
        "rings_too",
        "same_customer",
        "shift_over",
        "signed_out",
        "supervisor",
        "taken",
        "taken_over",
        "team",
        "timeout",
        "transferred",
        "transfers_max",
        "unanswered",
        "window_closed",
        "window_closing",
        "wrap_up_timeout",
    },
    "wrap.mode.": {"optional", "timed", "required", "fixed"},
}
PLACEHOLDER = re.compile(r"\{(\w+)\}")
# Names that are the same in every language, and the keys of a keyboard.
UNTRANSLATED = {"Patchbay", "Ctrl K", "Alt ↵", "Ctrl ↵"}


@pytest.mark.parametrize("room", rooms())
def test_every_language_has_the_same_keys(room: str) -> None:
    for language in LANGUAGES:
        catalogue = words_of(room, language)
        assert set(catalogue) == set(words_of(room, "en")), language
        assert not [key for key, text in catalogue.items() if not text.strip()], language


def test_no_key_stands_in_two_rooms() -> None:
    keys = [key for room in rooms() for key in words_of(room, "en")]
    assert sorted(keys) == sorted(set(keys))


@pytest.mark.parametrize("room", rooms())
def test_a_translation_keeps_every_placeholder(room: str) -> None:
    for language in ("zh", "th"):
        for key, text in words_of(room, "en").items():
            assert set(PLACEHOLDER.findall(words_of(room, language)[key])) == set(PLACEHOLDER.findall(text)), key


@pytest.mark.parametrize("room", rooms())
def test_chinese_and_thai_are_not_left_in_english(room: str) -> None:
    for language, script in (("zh", r"[\u4e00-\u9fff]"), ("th", r"[\u0e00-\u0e7f]")):
        words = words_of(room, language)
        latin = {key for key, text in words.items() if re.search(r"[A-Za-z]{3}", text)}
        foreign = {key for key in latin if not re.search(script, words[key])}
        assert foreign <= {f"channel.{brand}" for brand in BRANDS}, language


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_every_word_that_a_module_asks_for_is_there_when_it_is_shown(path: Path) -> None:
    asked = set(re.findall(r"""\bt\(\s*["']([^"']+)["']""", path.read_text()))
    assert asked <= words_for(path) | {key.removesuffix(".other") for key in words_for(path)}


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_keys_that_are_put_together_are_of_a_listed_kind(path: Path) -> None:
    prefixes = set(re.findall(r"\bt\(\s*`([\w.]*)\$\{", path.read_text()))
    assert prefixes <= {*DYNAMIC, "named.", "error."}


@pytest.mark.parametrize("prefix", DYNAMIC)
def test_every_end_of_a_put_together_key_has_a_word(prefix: str) -> None:
    assert {prefix + end for end in DYNAMIC[prefix]} <= set(all_words("en"))


def test_every_word_is_used() -> None:
    source = "".join(path.read_text() for path in modules())
    prefixes = (*DYNAMIC, "named.", "error.")
    bare = {key: re.sub(r"\.(zero|one|two|few|many|other)$", "", key) for key in all_words("en")}
    unused = [key for key, asked in bare.items() if not key.startswith(prefixes) and f'"{asked}"' not in source]
    assert not unused


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_no_sentence_is_written_in_a_template(path: Path) -> None:
    english = [text for text in template_texts(path.read_text()) if re.search(r"[A-Za-z]{3}", text)]
    assert [text for text in english if text not in UNTRANSLATED] == []
