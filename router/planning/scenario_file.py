"""A scenario from its YAML file, checked like every other configuration: file, line, column, and what to write instead.

A scenario stages a floor of its own (`channels`, `queues`, `policy` ...), or plays on a `config` directory as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as Map
from datetime import tzinfo
from pathlib import Path
from typing import Any

from router.core.bundle import Bundle, ChannelSpec, Queue
from router.core.rules import Ruleset
from router.planning.policy import read_policy
from router.planning.scenario import SEEDS_MAX, START_MS, CustomerClass, Group, Scenario
from router.planning.scenario_parts import (
    can_serve,
    channel_key,
    customers,
    facts,
    first_task,
    group,
    read_channels,
    read_classes,
    speeds,
)
from router.planning.scenario_values import law, number, rate
from router.planning.staging import ALWAYS, staged_bundle, staged_queue, staged_rule
from router.settings.choosing import priority
from router.settings.expansion import expand_all
from router.settings.hours import read_hours
from router.settings.problems import Findings, Problem, SettingsError
from router.settings.reading import (
    Field,
    Scope,
    complete,
    duration,
    entries,
    listed,
    mapped,
    record,
    reference,
    text,
    whole,
)
from router.settings.sections import CAPACITY_MAX, LEVEL_MAX, needed_skills, read_languages, read_queues, read_skills
from router.settings.tree import Mapping, Node, Scalar, Sequence, read_tree
from router.settings.zones import zone_names, zone_of

BundleOf = Callable[[Path], Bundle]

# A file of this size holds some ten thousand classes; what is larger is another kind of file.
SCENARIO_BYTES_MAX = 1_000_000
AGENTS_MAX = 50_000
LINES_MAX = 1_000_000
SPEED_MIN, SPEED_MAX = 0.01, 100.0
SLOWING_MAX = 100.0
STAGED_ZONE = "UTC"
# Sections that say how a staged floor routes; a `config` directory says all of it instead.
STAGED = ("channels", "hours", "skills", "languages", "queues", "policy")


def read_scenario(path: Path, bundle_of: BundleOf) -> Scenario:
    """Read a scenario. `bundle_of` loads a configuration directory that it names, beside it.

    Raises SettingsError with everything that is wrong.
    """
    findings = Findings()
    tree = read_tree(path.name, _text(path), findings)
    findings.settle()
    if tree is None:
        raise SettingsError([Problem(path.name, 1, 1, "", "an empty file is no scenario; begin with `title:`")])
    scenario = _Reading(tree, path, bundle_of, Scope(findings)).run()
    findings.settle()
    assert scenario is not None, "what could not be read has been reported"
    return scenario


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
        if len(data) > SCENARIO_BYTES_MAX:
            raise SettingsError([Problem(path.name, 1, 1, "", f"larger than {SCENARIO_BYTES_MAX:,} bytes")])
        return data.decode()
    except OSError as fault:
        said = f"cannot be read: {fault.strerror}"
    except UnicodeDecodeError:
        said = "not UTF-8; save it as UTF-8"
    raise SettingsError([Problem(path.name, 1, 1, "", said)])


class _Reading:
    """One run over the file: run, floor, classes, groups, in this order, because names are needed before references."""

    def __init__(self, tree: Mapping, path: Path, bundle_of: BundleOf, scope: Scope) -> None:
        self._tree, self._path, self._bundle_of, self._scope = tree, path, bundle_of, scope
        self._bundle: Bundle | None = None
        self._zone: tzinfo = zone_of(STAGED_ZONE)

    def run(self) -> Scenario | None:
        if "config" in self._tree.entries:
            self._play_on_config(self._tree.entries["config"])
        self._name()
        read = _keep  # sections that are read in their turn, when the names they refer to are known
        table = {
            "title": Field(text(chars_max=200), "title", required=True),
            "horizon": Field(duration("1m", "365d"), "horizon_ms", required=True),
            "warm_up": Field(duration("0s", "365d"), "warm_up_ms"),
            "seeds": Field(whole(1, SEEDS_MAX), "seeds"),
            "lines": Field(whole(0, LINES_MAX), "lines"),
            "languages": Field(read_languages, "languages"),
            "config": Field(read, "config"),
            "classes": Field(read, "classes", required=True),
            "groups": Field(read, "groups", required=True),
            **{word: Field(read, word) for word in STAGED if word != "languages"},
        }
        values = complete(record(self._tree, self._scope, table), table)
        if values is None:
            return None
        values.setdefault("warm_up_ms", values["horizon_ms"] // 20)
        if values["warm_up_ms"] >= values["horizon_ms"]:
            self._scope.report(self._tree.entries["warm_up"], "as long as the whole run; nothing would be counted")
        return self._whole(values)

    def _play_on_config(self, node: Node) -> None:
        directory = text(chars_max=1_000)(node, self._scope)
        for word in STAGED:
            if word in self._tree.entries:
                self._scope.report(self._tree.keys[word], f"`config` says all of this; remove '{word}' or `config`")
        if directory is not None:
            self._bundle = self._bundle_of(self._path.parent / directory)
            self._zone = zone_of(self._bundle.zone)

    def _name(self) -> None:
        names, bundle = self._scope.names, self._bundle
        names["class"] = self._keys("classes")
        names["zone"] = zone_names()
        if bundle is not None:
            names.update(channel=tuple(bundle.channels), calendar=tuple(bundle.calendars), skill=bundle.skills)
            names.update(queue=tuple(bundle.queues), language=bundle.languages)
            return
        names["channel"] = self._keys("channels") or ("call",)
        names["calendar"] = (ALWAYS, *self._keys("hours"))
        names["queue"] = (*self._keys("queues"), *self._keys("classes"))
        languages = self._tree.entries.get("languages")
        items = languages.items if isinstance(languages, Sequence) else ()
        names["language"] = tuple(str(item.value) for item in items if isinstance(item, Scalar)) or ("en",)
        names["text"] = ()
        names["skill"] = self._skills()

    def _keys(self, section: str) -> tuple[str, ...]:
        node = self._tree.entries.get(section)
        return tuple(node.entries) if isinstance(node, Mapping) else ()

    def _skills(self) -> dict[str, int]:
        """Return the skills there are: those defined, or else those somebody of a group has."""
        node = self._tree.entries.get("skills")
        if node is not None:
            return read_skills(node, self._scope)
        had: dict[str, int] = {}
        groups = self._tree.entries.get("groups")
        for part in groups.entries.values() if isinstance(groups, Mapping) else ():
            skills = part.entries.get("skills") if isinstance(part, Mapping) else None
            for word, level in skills.entries.items() if isinstance(skills, Mapping) else ():
                value = level.value if isinstance(level, Scalar) else None
                had[word] = max(had.get(word, 1), value if type(value) is int else LEVEL_MAX)
        return had

    def _whole(self, values: dict[str, Any]) -> Scenario | None:
        given = read_classes(values.pop("classes"), self._scope, self._class_table(values["horizon_ms"]))
        for each in given.values():
            each.setdefault("channel", next(iter(self._scope.names["channel"] or ()), ""))
        groups = values.pop("groups")
        bundle = self._bundle or self._staged(values, given)
        for word in (*STAGED, "config"):
            values.pop(word, None)
        if bundle is None or not given:
            return None
        staff = self._read_groups(groups, bundle)
        classes = tuple(customers(word, each, staged=self._bundle is None) for word, each in given.items())
        self._hold_servable(bundle, classes, staff)
        return Scenario(bundle=bundle, classes=classes, groups=staff, **values) if staff else None

    # --- classes ----------------------------------------------------------------------------------------------

    def _class_table(self, horizon_ms: int) -> dict[str, Field]:
        names = self._scope.names
        usual = {
            "channel": Field(reference("channel"), "channel", required=len(names["channel"] or ()) != 1),
            "rate": Field(rate(self._zone, horizon_ms), "rate", required=True),
            "handle": Field(law, "handle", required=True),
            "patience": Field(law, "patience"),
            "wrap_up": Field(law, "wrap_up"),
            "target": Field(duration("1s", "90d"), "target_ms", required=True),
            "weight": Field(whole(1, 1_000), "weight"),
        }
        if self._bundle is not None:
            return {**usual, "facts": Field(facts, "facts")}
        return {
            **usual,
            "queue": Field(reference("queue"), "queue"),
            "language": Field(reference("language"), "language"),
            "skills": Field(needed_skills, "skills"),
            "priority": Field(priority, "priority"),
            "head_start": Field(duration("0s", "30d"), "head_start_ms"),
        }

    # --- the staged floor ---------------------------------------------------------------------------------------

    def _staged(self, values: dict[str, Any], classes: Map[str, dict[str, Any]]) -> Bundle | None:
        """Return the bundle of a floor of the scenario's own; classes without a queue get one of their name."""
        scope = self._scope
        channels = read_channels(values["channels"], scope) if "channels" in values else {"call": _CALL}
        queues: dict[str, Queue] = dict(read_queues(values["queues"], scope)) if "queues" in values else {}
        calendars: dict[str, tuple[int, ...]] = {}
        hours = entries(values["hours"], scope) if "hours" in values else None
        if hours is not None:
            calendars = expand_all(read_hours(hours, scope, zone=STAGED_ZONE, files={}), START_MS)
        policy = read_policy(values.get("policy"), scope)
        rules = []
        for word, each in classes.items():
            queue = each.get("queue", word)
            if queue not in queues:
                queues[queue] = policy.applied(
                    staged_queue(
                        queue, target_ms={each["channel"]: each["target_ms"]}, weight=each.get("weight", 1), skills={}
                    )
                )
            rules.append(
                staged_rule(
                    word,
                    queue,
                    skills=each.get("skills"),
                    head_start_ms=each.get("head_start_ms", 0),
                    priority=each.get("priority", 0),
                )
            )
        if not rules or not channels:
            return None
        skills = scope.names["skill"]
        bundle = staged_bundle(
            queues,
            tuple(rules),
            channels=channels,
            calendars=calendars,
            skills=skills if isinstance(skills, dict) else {},
            languages=tuple(scope.names["language"] or ()),
        )
        return policy.completed(bundle)

    # --- groups -------------------------------------------------------------------------------------------------

    def _read_groups(self, node: Node, bundle: Bundle) -> tuple[Group, ...]:
        table = {
            "agents": Field(whole(1, AGENTS_MAX), "agents", required=True),
            "skills": Field(needed_skills, "skills"),
            "languages": Field(listed(reference("language")), "languages"),
            "channels": Field(listed(reference("channel")), "channels"),
            "first": Field(listed(first_task), "first"),
            "limits": Field(mapped(whole(1, 1_000), key=channel_key), "limits"),
            "capacity": Field(whole(1, CAPACITY_MAX), "capacity"),
            "speed": Field(speeds, "speeds"),
            "slowing": Field(number(0.0, SLOWING_MAX), "slowing"),
            "hours": Field(reference("calendar"), "calendar"),
            "answers_after": Field(law, "answers_after"),
            "returns_after": Field(duration("1s", "24h"), "returns_after_ms"),
        }
        found = mapped(lambda part, inner: complete(record(part, inner, table), table))(node, self._scope) or {}
        return tuple(group(word, values, bundle) for word, values in found.items())

    def _hold_servable(self, bundle: Bundle, classes: tuple[CustomerClass, ...], staff: tuple[Group, ...]) -> None:
        """Nobody may come whom no group can serve at all: that is a misspelt skill, not a scenario."""
        node = self._tree.entries["classes"]
        ruleset = Ruleset(bundle)
        for each in classes:
            placed = ruleset.place(each.facts, START_MS)
            if bundle.queues[placed.queue].widen:
                continue  # somebody else may serve them later
            if not any(can_serve(group, placed) for group in staff) and isinstance(node, Mapping):
                wanted = ", ".join(f"{need} {level}" for need, level in placed.needs)
                self._scope.report(node.keys[each.name], f"no group can serve this class: it needs {wanted}")


_CALL = ChannelSpec(load=100, live=True)


def _keep(node: Node, scope: Scope) -> Node:
    del scope
    return node
