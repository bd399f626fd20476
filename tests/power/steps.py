"""The named steps around a commit at which the subject can be ended, each with how often it comes. Nothing of ours.

A step is reached before a statement, after it, or around a method that is named by its class.
"""

from __future__ import annotations

BEFORE_STATEMENT: dict[str, str] = {
    "BEGIN IMMEDIATE": "before_begin",
    "SAVEPOINT job": "after_begin",
    "INSERT INTO letter(": "letter_half_written",
    "INSERT INTO timeline": "decision_half_written",
    "INSERT INTO outbox": "effects_unwritten",
    "UPDATE outbox SET unsure": "before_claim",
    "INSERT OR IGNORE INTO performed": "before_done",
    "RELEASE job": "after_statements",
    "COMMIT": "before_commit",
}
AFTER_STATEMENT: dict[str, str] = {"COMMIT": "after_commit"}

METHODS: tuple[tuple[str, str, str, str], ...] = (
    ("SqliteLetterbox", "put", "", "letter_kept"),
    ("SqliteLetterbox", "tried", "", "attempt_counted"),
    ("FloorDoor", "accept", "", "accepted_unanswered"),
    ("FolderFiles", "_write", "before_file", "file_kept"),
    ("SqliteArchive", "meet", "", "met_undecided"),
    ("SqliteArchive", "write", "", "reply_written_undecided"),
    ("Replica", "apply", "committed_unseen", "seen_told"),
    ("InProcessBus", "publish", "", "published_unanswered"),
    ("Floor", "_answer", "", "answered"),
    ("Floor", "recover", "", "recovered"),
    ("SqliteOutbox", "claim", "", "claimed"),
    ("OutboxWorker", "_perform", "before_call", "effect_ended"),
    ("OutboxWorker", "_done", "sent_unnoted", "sent_and_noted"),
    ("SqliteViews", "write", "before_view", "after_view"),
)

DISK: tuple[str, ...] = (
    "log_write",
    "log_flush",
    "log_flushed",
    "database_write",
    "database_flush",
    "database_flushed",
)

RARE = frozenset(
    {"file_kept", "before_file", "attempt_counted", "recovered", "database_write", "database_flush", "database_flushed"}
)
"""Reached only now and then: the first time is waited for."""

AT_START = frozenset({"attempt_counted", "recovered"})
"""Reached while it comes up after a blow under load."""

UNDER_LOAD: tuple[str, ...] = (
    *BEFORE_STATEMENT.values(),
    *AFTER_STATEMENT.values(),
    *(step for _, _, *steps in METHODS for step in steps if step),
)
