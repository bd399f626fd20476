"""Configuration from files to a checked bundle: finds the sections, reads them in order, builds the whole."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as Map
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from channels.contract import Settings
from router.core.bundle import Bundle, Contact, Wallboard, decode_bundle, encode_bundle
from router.core.cel import did_you_mean
from router.settings.board import read_wallboard
from router.settings.channel_entries import Schemas, is_served, read_channels, specs_of
from router.settings.checks import Check, CheckResult, read_checks, run_checks
from router.settings.choosing import read_reserves
from router.settings.complaints import read_complaints
from router.settings.conditions import read_rules, read_topics
from router.settings.contacts import read_contacts
from router.settings.expansion import expand_all
from router.settings.files import raise_unless_sane, read_directory
from router.settings.helping import read_help
from router.settings.hours import Hours, read_hours
from router.settings.presences import read_presences
from router.settings.problems import Findings, Problem, SettingsError
from router.settings.reading import Scope, check_name, entries, looks_secret, secret_refused, there_is
from router.settings.replies import read_replies
from router.settings.reviews import read_reviews
from router.settings.sections import (
    LEVEL_MAX,
    MAY_BE,
    NOTICES,
    read_limits,
    read_queues,
    read_reasons,
    read_site,
    read_skills,
    read_texts,
)
from router.settings.segments import read_segments
from router.settings.tree import Mapping, Node, Scalar, Sequence, read_tree
from router.settings.wrapping import outcome_names, read_outcomes
from router.settings.zones import zone_names

# Each section, and whether a floor can do without it.
SECTIONS: Map[str, bool] = {
    "site": True,
    "hours": True,
    "queues": True,
    "rules": True,
    "presences": True,
    "channels": True,
    "texts": True,
    "skills": False,
    "topics": False,
    "dispositions": False,
    "decline_reasons": False,
    "limits": False,
    "reserves": False,
    "contacts": False,
    "replies": False,
    "complaints": False,
    "reviews": False,
    "help": False,
    "segments": False,
    "checks": False,
    "wallboard": False,
}
DEFAULT_CAPACITY = 100

T = TypeVar("T")

# What the sections define names of, in words for people.
_KINDS = (("calendar", "hours"), ("queue", "queues"), ("topic", "topics"), ("skill", "skills"), ("text", "texts"))


@dataclass(frozen=True, slots=True)
class Loaded:
    """A sound configuration. `hours` and `checks` are for asking it; the bundle alone is what runs."""

    bundle: Bundle
    channels: Map[str, Settings]
    warnings: tuple[Problem, ...]
    hours: dict[str, Hours]
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What `patchbay check` says of a directory."""

    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    results: tuple[CheckResult, ...]

    @property
    def ok(self) -> bool:
        """Whether the files could be applied, and all of ops' own checks hold."""
        return not self.problems and all(result.passed for result in self.results)

    @property
    def lines(self) -> list[str]:
        """The report as lines to print, what must be put right first."""
        failed = [str(result) for result in self.results if not result.passed]
        lines = [str(problem) for problem in self.problems]
        lines += [f"{line} (check failed)" for line in failed]
        lines += [f"{warning} (warning)" for warning in self.warnings]
        passed = len(self.results) - len(failed)
        if not self.problems:
            lines.append(f"{passed} of {len(self.results)} checks passed")
        return lines


def load(directory: Path, channel_schemas: Schemas, *, now_ms: int) -> Loaded:
    """Load a configuration directory. Raises SettingsError with all problems of all files."""
    return load_files(read_directory(directory), channel_schemas, now_ms=now_ms)


def load_files(files: Map[str, str], channel_schemas: Schemas, *, now_ms: int) -> Loaded:
    """Load from texts by file name, such as `Bundle.files`: a bundle is extended from what it was made of.

    Raises SettingsError with all problems.
    """
    texts = dict(sorted(files.items()))
    raise_unless_sane(texts)
    return _Load(texts, channel_schemas, now_ms=now_ms).run()


def check_directory(directory: Path, channel_schemas: Schemas, *, now_ms: int) -> CheckReport:
    """Check a directory and run its checks; never raises for what is in the files."""
    try:
        loaded = load(directory, channel_schemas, now_ms=now_ms)
    except SettingsError as fault:
        return CheckReport(fault.problems, (), ())
    return CheckReport((), loaded.warnings, tuple(run_checks(loaded)))


class _Load:
    """One run over the files."""

    def __init__(self, files: dict[str, str], schemas: Schemas, *, now_ms: int) -> None:
        self._files = files
        self._schemas = schemas
        self._now_ms = now_ms
        self._findings = Findings()
        self._scope = Scope(self._findings)
        self._nodes: dict[str, Node] = {}
        self._broken = False

    def run(self) -> Loaded:
        self._collect()
        self._name()
        site = self._read("site", read_site) or {}
        parts = self._parts()
        hours = self._hours(site.get("zone", "UTC"))
        limits: dict[str, Any] = self._read("limits", read_limits) or {}
        channels = self._channels(limits.get("capacity", DEFAULT_CAPACITY))
        contacts = self._contacts(channels)
        checks = self._checks(site.get("zone", "UTC"))
        self._warn()
        self._findings.settle()
        bundle = Bundle(
            **site,
            **parts,
            **limits,
            calendars=expand_all(hours, self._now_ms),
            channels=specs_of(channels, self._schemas),
            contacts=contacts,
            files=self._files,
        )
        # What is recovered later is what was read back: the same order of everything, from the first moment.
        bundle = decode_bundle(encode_bundle(bundle))
        return Loaded(bundle, channels, tuple(sorted(self._findings.warnings)), hours, checks)

    def _collect(self) -> None:
        """Find every section; each stands in one file only."""
        keys: dict[str, Scalar] = {}
        for file in (file for file in self._files if file.endswith(".yaml")):
            before = len(self._findings.problems)
            tree = read_tree(file, self._files[file], self._findings)
            if tree is not None:
                self._collect_from(tree, keys)
            self._broken = self._broken or (tree is None and len(self._findings.problems) > before)
        missing = [word for word, required in SECTIONS.items() if required and word not in self._nodes]
        if missing and not self._broken:
            self._findings.add(
                Problem(next(iter(self._files)), 1, 1, "", f"no section {', '.join(missing)} in any file")
            )

    def _collect_from(self, tree: Mapping, keys: dict[str, Scalar]) -> None:
        for word, node in tree.entries.items():
            key = tree.keys[word]
            if word not in SECTIONS:
                self._findings.report(key, _unknown_section(word))
            elif word in keys:
                first = keys[word]
                self._findings.report(key, f"'{word}' is in {first.file}:{first.line} already; keep it in one file")
            else:
                keys[word], self._nodes[word] = key, node

    def _name(self) -> None:
        """Learn which names there are, before anything refers to them."""
        names = self._scope.names
        names["zone"] = zone_names()
        names["language"] = self._languages()
        for kind, section in _KINDS:
            names[kind] = self._keys(section)
        names["channel"] = self._channel_names()
        names["rule"] = self._rule_names()
        names["segment"] = self._keys("segments")
        names["disposition"] = None if self._broken else outcome_names(self._nodes.get("dispositions"))
        levels = self._read("skills", read_skills) or {}
        if (skills := names["skill"]) is not None:
            names["skill"] = dict.fromkeys(skills, LEVEL_MAX) | levels

    def _keys(self, section: str) -> tuple[str, ...] | None:
        """Return the names a section defines; None when it is broken or may stand in a broken file."""
        node = self._nodes.get(section)
        if isinstance(node, Mapping):
            return tuple(node.entries)
        return None if node is not None or self._broken or SECTIONS[section] else ()

    def _channel_names(self) -> tuple[str, ...] | None:
        words, node = self._keys("channels"), self._nodes.get("channels")
        found = node.entries if isinstance(node, Mapping) else {}
        return None if words is None else tuple(word for word in words if is_served(word, found[word], self._schemas))

    def _languages(self) -> tuple[str, ...] | None:
        site = self._nodes.get("site")
        node = site.entries.get("languages") if isinstance(site, Mapping) else None
        items = node.items if isinstance(node, Sequence) else ()
        return tuple(str(item.value) for item in items if isinstance(item, Scalar)) or None

    def _rule_names(self) -> tuple[str, ...] | None:
        node = self._nodes.get("rules")
        if not isinstance(node, Sequence):
            return None
        names = [rule.entries.get("name") for rule in node.items if isinstance(rule, Mapping)]
        return tuple(str(name.value) for name in names if isinstance(name, Scalar))

    def _read(self, section: str, reader: Callable[[Node, Scope], T]) -> T | None:
        node = self._nodes.get(section)
        return None if node is None else reader(node, self._scope)

    def _said(self, section: str, reader: Callable[[Node, Scope], Any]) -> dict[str, Any]:
        """Read a section that a bundle does not mention where there is none: its bytes stay those of before."""
        found = self._read(section, reader)
        return {} if found is None else {section: found}

    def _parts(self) -> dict[str, Any]:
        outcomes = self._read("dispositions", read_outcomes) or {}
        return {
            "queues": self._read("queues", read_queues),
            "topics": self._read("topics", read_topics) or (),
            "rules": self._read("rules", read_rules),
            "skills": self._scope.names["skill"],
            "reserves": self._read("reserves", read_reserves) or (),
            "presences": self._read("presences", read_presences),
            "dispositions": tuple(outcomes),
            "outcome_reasons": {word: reasons for word, reasons in outcomes.items() if reasons},
            "decline_reasons": self._read("decline_reasons", read_reasons) or (),
            "texts": self._read("texts", read_texts) or {},
            "replies": self._read("replies", read_replies) or {},
            "wallboard": self._read("wallboard", read_wallboard) or Wallboard(),
            **self._said("complaints", read_complaints),
            **self._said("reviews", read_reviews),
            **self._said("help", read_help),
            **self._said("segments", read_segments),
        }

    def _hours(self, zone: str) -> dict[str, Hours]:
        node = self._nodes.get("hours")
        group = entries(node, self._scope) if node is not None else None
        if group is None:
            return {}
        for word in group.entries:
            check_name(word, group.keys[word], self._scope)
        return read_hours(group, self._scope, zone=zone, files=self._files)

    def _channels(self, capacity: int) -> dict[str, Settings]:
        node = self._nodes.get("channels")
        if node is None:
            return {}
        return read_channels(node, self._scope, schemas=self._schemas, capacity=capacity)

    def _contacts(self, channels: Map[str, Settings]) -> dict[str, Contact]:
        node = self._nodes.get("contacts")
        return {} if node is None else read_contacts(node, self._scope, channels=channels, schemas=self._schemas)

    def _checks(self, zone: str) -> tuple[Check, ...]:
        node = self._nodes.get("checks")
        used = set(self._scope.used)
        checks = () if node is None else read_checks(node, self._scope, zone=zone)
        # What only a check names is not in use.
        self._scope.used = used
        return checks

    def _warn(self) -> None:
        """Remark on what is defined and never used."""
        for kind, section in _KINDS:
            node = self._nodes.get(section)
            for word in self._keys(section) or ():
                known = (kind, word) in self._scope.used or (kind == "text" and word in (*NOTICES, *MAY_BE))
                if not known and isinstance(node, Mapping):
                    self._findings.warn(node.keys[word], f"nothing uses the {kind} '{word}'")


def _unknown_section(word: str) -> str:
    if looks_secret(word):
        return secret_refused(word)
    return f"no section '{word}'{did_you_mean(word, SECTIONS) or there_is(SECTIONS)}"
