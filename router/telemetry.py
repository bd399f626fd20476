"""Every metric and every log event, declared once with its meaning. Nothing personal has a key here."""

from __future__ import annotations

import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, TextIO

import msgspec
import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

COUNTERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "floor_decisions": ("Commands decided, by command.", ("command",)),
    "floor_refusals": ("Commands refused, by named reason.", ("reason",)),
    "floor_look_again": ("Commands told to look again.", ()),
    "floor_commits": ("Batches committed.", ()),
    "floor_commits_failed": ("Batches whose commit failed or is unknown, by error.", ("error",)),
    "floor_recoveries": ("Times the core was made anew from the journal, by cause.", ("cause",)),
    "floor_broken": ("Commands that broke the core and were set aside.", ("command",)),
    "floor_full": ("Commands refused because a lane was full.", ("lane",)),
    "letters_accepted": ("Letters put into the letterbox, by channel.", ("channel",)),
    "letters_repeated": ("Letters that were there already, by channel.", ("channel",)),
    "letters_refused": ("Letters the letterbox could not take, by channel.", ("channel",)),
    "letters_resubmitted": ("Letters found waiting and submitted again.", ()),
    "letters_quarantined": ("Letters set aside as poison, by reason.", ("reason",)),
    "effects_done": ("Effects performed, by channel and effect.", ("channel", "effect")),
    "effects_later": ("Effects put off, by channel and reason.", ("channel", "reason")),
    "effects_hastened": ("Effects brought forward when their channel worked again, by channel.", ("channel",)),
    "effects_dead": ("Effects given up, by channel and reason.", ("channel", "reason")),
    "effects_repeated_unsure": ("Effects repeated although the first may have arrived.", ("channel",)),
    "requests_unread": ("Connections whose request could not be read, by reason.", ("reason",)),
    "config_applied": ("Configurations proposed by this node.", ()),
    "config_refused": ("Configurations refused because of problems.", ()),
    "snapshots_made": ("Snapshots kept.", ()),
    "snapshots_failed": ("Snapshots that could not be made.", ()),
    "link_asks": ("Questions to a leader over the link, by how they ended.", ("end",)),
    "link_dropped": ("What the link between nodes dropped, by kind; nothing is lost by it.", ("kind",)),
}
GAUGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "floor_position": ("Journal position of the committed state.", ("site",)),
    "floor_leading": ("1 while this node leads the floor.", ("site",)),
    "floor_inbox": ("Commands waiting, by lane.", ("site", "lane")),
    "floor_conversations": ("Conversations inside the core.", ("site",)),
    "floor_agents": ("Agents signed in.", ("site",)),
    "letterbox_waiting": ("Letters without a decision.", ("site",)),
    "letterbox_oldest_ms": ("Age of the oldest letter without a decision.", ("site",)),
    "letterbox_quarantined": ("Letters in quarantine.", ("site",)),
    "outbox_waiting": ("Effects waiting.", ("site",)),
    "outbox_oldest_ms": ("Age of the oldest waiting effect.", ("site",)),
    "outbox_dead": ("Dead letters.", ("site",)),
    "alarms": ("Alarms that stand, by name.", ("site", "alarm")),
    "view_behind": ("Committed events that a view does not hold yet, by view.", ("site", "view")),
    "view_applied_ms": (
        "Time of the last committed event that a view holds, in UTC milliseconds, by view.",
        ("site", "view"),
    ),
    "link_up": ("1 while the link between nodes works.", ()),
    "loop_lag_ms": ("How late the event loop was at its last measurement.", ()),
}
SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
HISTOGRAMS: dict[str, tuple[str, tuple[str, ...], tuple[float, ...]]] = {
    "floor_commit_seconds": ("How long a commit took.", (), SECONDS),
    "floor_decide_seconds": ("How long a batch was decided.", (), SECONDS),
    "floor_batch": ("Commands in a batch.", (), SIZES),
    "look_up_seconds": ("How long the look-up of a batch of letters took.", (), SECONDS),
    "effect_seconds": ("How long a channel took to perform an effect.", ("channel",), SECONDS),
}
# A log line carries these keys and no other: ids, codes and figures. There is none for text, names or addresses.
LOG_KEYS = frozenset(
    {
        *("action", "level", "time", "site", "node", "release", "kind", "reason", "error", "cause", "status"),
        *("channel", "command", "lane", "letter", "effect", "conv", "signal", "task", "attempts"),
        *("position", "epoch", "gap_ms", "count", "ms", "hash", "problems", "port", "view", "queue"),
    }
)
LOG_EVENTS: dict[str, str] = {
    "node_started": "The node serves.",
    "node_stopping": "The node has been asked to stop.",
    "node_stopped": "The node has stopped and lost nothing.",
    "lead_taken": "This node leads the floor.",
    "moved_on": "The clock was set forward or nothing could be written; promises between us and agents moved on by it.",
    "lead_lost": "This node no longer leads the floor.",
    "lead_given_up": "This node gave up its leads: its clock and the store's part, or its loop stands still.",
    "replica_waits": "The journal could not be read on now; this node shows what it has and tries again.",
    "frame_unreadable": "What the leader told could not be read by this release; the journal is read instead.",
    "question_unanswered": "A command of another node could not be read here; it was asked to come again.",
    "store_troubled": "The store cannot be written; what comes in is refused until it can. The reason is a sentence.",
    "store_mended": "The store can be written again.",
    "presence_untold": "The loss of a node could not be decided or noted now; it is tried again.",
    "floor_recovered": "The core was made from snapshot and journal.",
    "commit_failed": "A commit failed or its outcome is unknown; the core is made anew.",
    "command_broken": "A command broke the core and was set aside.",
    "tick_broken": "Firing what is due broke the core; commands are still decided.",
    "letter_quarantined": "A letter was set aside as poison.",
    "look_up_failed": "A letter could not be looked up now; it stays in the letterbox.",
    "letterbox_closed": "A letter could not be written; its provider was told to come again.",
    "alarm_raised": "Something goes wrong that no customer has said yet; its name and subject are codes.",
    "alarm_ended": "An alarm is over.",
    "effect_dead": "An effect was given up; it is shown as a dead letter.",
    "effect_later": "An effect was put off.",
    "effect_unsure": "An effect left and no answer came.",
    "effect_unwritten": "An effect happened and its outcome could not be written yet.",
    "config_applied": "A configuration was proposed to the floor.",
    "config_refused": "A configuration has problems; the running one stays.",
    "channel_started": "A channel is served.",
    "channel_off": "A channel cannot be served; its reason is a code.",
    "channel_troubled": "A channel's link outside does not work now; its reason is a code.",
    "channel_mended": "A channel's link outside works again.",
    "channel_stopped": "A channel's link ended; it is opened again.",
    "snapshot_made": "A snapshot was kept.",
    "snapshot_failed": "A snapshot could not be made; the next one is tried later.",
    "snapshot_unreadable": "A snapshot cannot be read by this release; an older one or the journal is read.",
    "view_waits": "A view could not be brought on now; it goes on from its place.",
    "task_failed": "A task of the node ended by our own bug; it is started again.",
    "link_lost": "A part of the link between nodes does not work now; nodes go through the store.",
    "link_mended": "A part of the link between nodes works again.",
    "swept": "What nobody names any more was taken away; the count is of files and halves of files.",
    "sweep_failed": "The daily sweep could not be done now; it is done the day after.",
    "request_failed": "A request ended by our own bug.",
    "request_unread": "What came in was no request that could be read.",
}
PREFIX = "patchbay_"


class UndeclaredTelemetry(Exception):
    """A metric, log event or key that is not declared in this file: our own bug."""


class Telemetry:
    """One node's figures and log. Children of labelled metrics are kept: finding them costs more than counting."""

    def __init__(self, out: TextIO | None = None) -> None:
        self.registry = CollectorRegistry(auto_describe=True)
        self._counters = {
            name: Counter(PREFIX + name, text, labels, registry=self.registry)
            for name, (text, labels) in COUNTERS.items()
        }
        self._gauges = {
            name: Gauge(PREFIX + name, text, labels, registry=self.registry) for name, (text, labels) in GAUGES.items()
        }
        self._histograms = {
            name: Histogram(PREFIX + name, text, labels, buckets=buckets, registry=self.registry)
            for name, (text, labels, buckets) in HISTOGRAMS.items()
        }
        self._children: dict[tuple[str, ...], Any] = {}
        self._log = structlog.wrap_logger(
            structlog.WriteLogger(out or sys.stderr),
            processors=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
                refuse_undeclared,
                _render,
            ],
        )

    def count(self, name: str, *labels: str, by: int = 1) -> None:
        """Add to a counter."""
        self._child(self._counters, name, labels).inc(by)

    def gauge(self, name: str, value: float, *labels: str) -> None:
        """Set a gauge."""
        self._child(self._gauges, name, labels).set(value)

    def observe(self, name: str, value: float, *labels: str) -> None:
        """Add to a distribution."""
        self._child(self._histograms, name, labels).observe(value)

    def info(self, action: str, **keys: str | int | float) -> None:
        """Write one log line about a declared event."""
        self._log.info(action, **keys)

    def warning(self, action: str, **keys: str | int | float) -> None:
        """Write one log line that somebody should look at."""
        self._log.warning(action, **keys)

    def error(self, action: str, **keys: str | int | float) -> None:
        """Write one log line about our own fault."""
        self._log.error(action, **keys)

    def render(self) -> bytes:
        """Return all figures in Prometheus' text form. It takes milliseconds: call it off the loop."""
        return generate_latest(self.registry)

    def _child(self, metrics: Mapping[str, Any], name: str, labels: tuple[str, ...]) -> Any:
        key = (name, *labels)
        child = self._children.get(key)
        if child is None:
            if name not in metrics:
                raise UndeclaredTelemetry(name)
            child = metrics[name].labels(*labels) if labels else metrics[name]
            self._children[key] = child
        return child


def refuse_undeclared(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Refuse an event that is not declared; drop keys that are not, so that nothing personal slips through."""
    action = line.pop("event")
    if action not in LOG_EVENTS:
        raise UndeclaredTelemetry(action)
    line["action"] = action
    return {key: value for key, value in line.items() if key in LOG_KEYS}


def _render(_logger: object, _method: str, line: MutableMapping[str, Any]) -> str:
    return msgspec.json.encode(dict(line), order="sorted").decode()


def error_code(error: BaseException) -> str:
    """Return an error's kind. Its words may hold what a customer wrote, so they stay out of logs."""
    return type(error).__name__
