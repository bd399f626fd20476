"""The rules' page: what runs, how the files on disk stand, each rule with how often it matched. Reads views only."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.errors import ApiError
from dashboard.rules.port import Rulebook
from dashboard.rules.shapes import DiskShape, FileShape, ProblemShape, RuleShape, RulesPage, SectionShape
from dashboard.rules.versions import Versions
from dashboard.surroundings import Surroundings
from router.core.bundle import DAY_MS, HOUR_MS, Bundle, Rule
from router.core.cel import Program
from router.core.cel_syntax import Binary, Listing, Literal, Node, Select
from router.core.explaining import conditions, parts_inside
from router.core.rules import Ruleset
from router.settings.outline import Outline, outline
from router.settings.problems import Problem, SettingsError
from router.settings.reach import never_reached
from router.views.rulings import MATCHES, RULINGS_VIEW, Matches, number_of

# What is worked out of a version's files is kept for so many versions.
STUDIES_MAX = 8
DAY_HOURS = 24
# The words with which a hint begins, in the sentences of `router.settings`.
HINT = "; "


@dataclass(frozen=True, slots=True)
class Study:
    """What is worked out of one version, once."""

    outline: Outline
    conditions: tuple[tuple[str, tuple[str, ...]], ...]
    never: dict[int, tuple[int, ...]]
    named: dict[str, tuple[str, ...]]


class RulesPages:
    """Makes the page."""

    def __init__(self, out: Surroundings, versions: Versions, rulebook: Rulebook) -> None:
        self._out, self._versions, self._rulebook = out, versions, rulebook
        self._studies: OrderedDict[str, Study] = OrderedDict()
        self._stood: tuple[tuple[int, str], dict[str, int]] = ((0, ""), {})

    async def page(self) -> RulesPage:
        """Return the page of what runs. Raises ApiError before the first configuration."""
        bundle = self._out.floor.bundle
        if bundle is None:
            raise ApiError("not_configured")
        running = await self._versions.running()
        study = await self._study(running.content, bundle)
        health = self._rulebook.health
        disk = await self.disk(running.content)
        matched = await self._matches(bundle.rules)
        since = await self._since(bundle.rules)
        return RulesPage(
            running=running,
            disk=disk,
            files=_files(bundle, study.outline, health.problems),
            counts=_counts(bundle),
            rules=[
                self._rule(bundle, study, number, matched=matched, since=since) for number in range(len(bundle.rules))
            ],
            skills=dict(bundle.skills),
            segments=list(study.named.get("customer.segment", ())),
            attributes={
                name.removeprefix("attributes."): list(values)
                for name, values in study.named.items()
                if name.startswith("attributes.")
            },
            texts=dict(bundle.texts),
            read_ms=self._out.now_ms(),
        )

    async def disk(self, running: str = "") -> DiskShape:
        """Return how the files on disk stand to what runs."""
        running = running or (await self._versions.running()).content
        health = self._rulebook.health
        sources = await self._sources() if health.problems or health.warnings else {}
        known = {True: "refused", False: "same" if health.content == running else "other"}[bool(health.problems)]
        return DiskShape(
            state=known if health.content else "unknown",
            content=health.content,
            since_ms=health.since_ms,
            looked_ms=health.looked_ms,
            problems=[problem_shape(each, sources) for each in health.problems],
            warnings=[problem_shape(each, sources) for each in health.warnings],
        )

    async def _sources(self) -> dict[str, list[str]]:
        try:
            return {name: text.splitlines() for name, text in (await self._rulebook.on_disk()).items()}
        except (SettingsError, ApiError):
            return {}

    async def _study(self, content: str, bundle: Bundle) -> Study:
        if content not in self._studies:
            self._studies[content] = await asyncio.to_thread(_studied, bundle)
        self._studies.move_to_end(content)
        while len(self._studies) > STUDIES_MAX:
            self._studies.popitem(last=False)
        return self._studies[content]

    async def _matches(self, rules: Sequence[Rule]) -> dict[str, tuple[int, int]]:
        """Return for each rule that ever matched how often in the last 24 hours, and when last."""
        views, site, spec = self._out.store.views, self._out.floor.site, RULINGS_VIEW.spec
        numbers = {number_of(rule.name): rule.name for rule in rules}
        last = await views.latest(site, spec, MATCHES, subjects=list(numbers))
        now_ms = self._out.now_ms()
        found: dict[str, tuple[int, int]] = {}
        for number, row in last.items():
            assert isinstance(row, Matches), "the table holds these"
            since = now_ms // HOUR_MS - DAY_HOURS
            counted = 0
            if row.last_ms > now_ms - DAY_MS:
                rows = await views.rows(site, spec, MATCHES, after=(number, since), limit=DAY_HOURS + 1)
                counted = sum(each.matched for each in rows if isinstance(each, Matches) and each.rule == number)
            found[numbers[number]] = counted, row.last_ms
        return found

    async def _since(self, rules: Sequence[Rule]) -> dict[str, int]:
        """Return since when each rule stands as it does, as far back as versions are looked at."""
        rows = await self._versions.rows()
        key = (rows[0].number if rows else 0, self._out.floor.state.bundle_hash)
        if self._stood[0] == key:
            return self._stood[1]
        standing = {rule.name: rule for rule in rules}
        since: dict[str, int] = {}
        for row in rows:
            earlier = {rule.name: rule for rule in (await self._versions.bundle(row.name)).rules}
            standing = {name: rule for name, rule in standing.items() if _same(rule, earlier.get(name))}
            since.update(dict.fromkeys(standing, row.at))
        self._stood = key, since
        return since

    def _rule(
        self,
        bundle: Bundle,
        study: Study,
        index: int,
        *,
        matched: dict[str, tuple[int, int]],
        since: dict[str, int],
    ) -> RuleShape:
        rule, places = bundle.rules[index], study.outline.rules
        joined, when = study.conditions[index]
        counted, last_ms = matched.get(rule.name, (0, 0))
        return RuleShape(
            number=index + 1,
            name=rule.name,
            file=places[index].file if index < len(places) else "",
            line=places[index].line if index < len(places) else 0,
            joined=joined,
            when=list(when),
            queue=rule.queue,
            label=bundle.queues[rule.queue].label,
            skills=dict(rule.skills),
            priority=rule.priority,
            head_start_ms=rule.head_start_ms,
            bonds=[*sorted(rule.affinity), *(["repeat"] if rule.repeat else [])],
            matched=counted,
            last_ms=last_ms,
            since_ms=since.get(rule.name, 0),
            never=index in study.never,
            caught_by=[other + 1 for other in study.never.get(index, ())],
        )


def problem_shape(problem: Problem, sources: dict[str, list[str]]) -> ProblemShape:
    """Return a problem with its line, and its hint apart from what is wrong."""
    message, _, hint = problem.message.partition(HINT)
    lines = sources.get(problem.file, [])
    return ProblemShape(
        file=problem.file,
        line=problem.line,
        column=problem.column,
        where=problem.where,
        message=message,
        hint=hint,
        source=lines[problem.line - 1] if 0 < problem.line <= len(lines) else "",
    )


def _same(rule: Rule, earlier: Rule | None) -> bool:
    return earlier is not None and (rule.when, rule.queue) == (earlier.when, earlier.queue)


def _studied(bundle: Bundle) -> Study:
    programs: list[Program | None] = [program for _, program in Ruleset(bundle).conditions]
    trees = [None if program is None else program.tree for program in programs]
    named: dict[str, dict[str, None]] = {}
    for tree in trees:
        _learn(tree, named)
    return Study(
        outline(bundle.files),
        tuple(conditions(program) for program in programs),
        never_reached(trees),
        {name: tuple(values) for name, values in named.items()},
    )


def _learn(node: Node | None, named: dict[str, dict[str, None]]) -> None:
    """Learn which values the rules name of a customer's segment and of attributes: they are what is worth trying."""
    if isinstance(node, Binary) and node.op in {"==", "!=", "in"} and isinstance(node.left, Select):
        of = getattr(node.left.of, "name", "")
        values = node.right.items if isinstance(node.right, Listing) else (node.right,)
        known = named.setdefault(f"{of}.{node.left.name}", {})
        known.update({str(each.value): None for each in values if isinstance(each, Literal)})
    for part in parts_inside(node) if node is not None else ():
        _learn(part, named)


def _files(bundle: Bundle, found: Outline, problems: Sequence[Problem]) -> list[FileShape]:
    """Return the files of what runs, and those on disk that only have problems."""
    names = sorted({*bundle.files, *(each.file for each in problems)})
    return [
        FileShape(
            name=name,
            lines=len(bundle.files.get(name, "").splitlines()),
            sections=[
                SectionShape(name=each.name, line=each.line, entries=each.entries)
                for each in found.sections.get(name, ())
            ],
            problems=sum(each.file == name for each in problems),
        )
        for name in names
    ]


def _counts(bundle: Bundle) -> dict[str, int]:
    return {
        "files": len(bundle.files),
        "rules": len(bundle.rules),
        "queues": len(bundle.queues),
        "topics": len(bundle.topics),
        "calendars": len(bundle.calendars),
        "skills": len(bundle.skills),
        "channels": len(bundle.channels),
    }
