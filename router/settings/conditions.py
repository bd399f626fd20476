"""The `topics` and `rules` sections: CEL conditions checked in place, and rules that nothing can reach."""

from __future__ import annotations

from typing import Any

from router.core.bundle import Rule, Topic
from router.core.cel import Program, Schema, compile_condition, implies
from router.core.cel_syntax import CelError
from router.core.rules import rule_schema, topic_schema
from router.settings.choosing import priority
from router.settings.customers import RULE_FIELDS, gathered
from router.settings.reach import never_reached
from router.settings.reading import Field, Scope, complete, duration, kind_of, mapped, record, reference, text
from router.settings.sections import needed_skills
from router.settings.tree import Mapping, Node, Sequence

RULES_MAX = 1_000


def read_topics(node: Node, scope: Scope) -> tuple[Topic, ...]:
    """Read `name: condition` pairs over the words of a message."""
    schema = topic_schema()
    conditions = mapped(lambda part, inner: condition(part, inner, schema))(node, scope) or {}
    return tuple(Topic(name=name, when=program.source) for name, program in conditions.items())


def read_rules(node: Node, scope: Scope) -> tuple[Rule, ...]:
    """Read the rules in order; the last has no condition, and each can be reached."""
    if not isinstance(node, Sequence) or not node.items:
        scope.report(node, f"expected a list of rules, found {kind_of(node)}; the last one has a queue and no `when`")
        return ()
    if len(node.items) > RULES_MAX:
        scope.report(node, f"more than {RULES_MAX} rules; let one rule say more")
        return ()
    calendars, channels, topics = (scope.names[kind] for kind in ("calendar", "channel", "topic"))
    if calendars is None:
        return ()
    schema = rule_schema(
        tuple(sorted(calendars)),
        channels=tuple(sorted(channels or ())),
        topics=None if topics is None else tuple(sorted(topics)),
        segments=tuple(sorted(scope.names.get("segment") or ())),
    )
    rules = [(part, _read_rule(part, scope, schema)) for part in node.items]
    _check_names(rules, scope)
    before = len(scope.findings.problems)
    _check_reach(rules, scope)
    if len(scope.findings.problems) == before:
        _remark_on_reach(rules, scope)
    return tuple(_rule(values) for _, values in rules if values is not None)


def _read_rule(node: Node, scope: Scope, schema: Schema) -> dict[str, Any] | None:
    table = {
        "name": Field(text(chars_max=100), "name", required=True),
        "when": Field(lambda part, inner: condition(part, inner, schema), "program"),
        "queue": Field(reference("queue"), "queue", required=True),
        "skills": Field(needed_skills, "skills"),
        "priority": Field(priority, "priority"),
        "head_start": Field(duration("0s", "7d"), "head_start_ms"),
        **RULE_FIELDS,
    }
    return complete(record(node, scope, table), table)


def _rule(values: dict[str, Any]) -> Rule:
    program: Program | None = values.get("program")
    others = gathered({key: value for key, value in values.items() if key != "program"})
    return Rule(when="" if program is None else program.source, **others)


def condition(node: Node, scope: Scope, schema: Schema) -> Program | None:
    """Read a condition over what a schema has; what does not depend on anything is a fault."""
    source: str | None = text()(node, scope)
    if source is None:
        return None
    try:
        program = compile_condition(source, schema)
    except CelError as fault:
        scope.report(node, fault.message, offset=fault.offset)
        return None
    scope.used.update(program.words)
    for path in program.paths:
        if path.startswith("open."):
            scope.used.add(("calendar", path.removeprefix("open.")))
    if not program.paths:
        said = "true" if program.holds(()) else "false"
        scope.report(node, f"this is always {said}; say what it depends on, or remove it")
        return None
    return program


def _remark_on_reach(rules: list[tuple[Node, dict[str, Any] | None]], scope: Scope) -> None:
    """Say which rules can never match although no single earlier one says so by its form."""
    programs: list[Program | None] = [(values or {}).get("program") for _, values in rules]
    trees = [None if program is None else program.tree for program in programs]
    if any(values is None for _, values in rules):
        return
    for index, catching in never_reached(trees).items():
        part = rules[index][0]
        when = part.entries.get("when", part) if isinstance(part, Mapping) else part
        lines = ", ".join(str(rules[other][0].line) for other in catching)
        said = {0: "nothing fulfils this condition", 1: f"the rule in line {lines} catches all of it"}
        why = said.get(len(catching), f"the rules in lines {lines} together catch all of it")
        scope.findings.warn(when, f"can never match: {why}")


def _check_names(rules: list[tuple[Node, dict[str, Any] | None]], scope: Scope) -> None:
    first: dict[str, int] = {}
    for part, values in rules:
        name = (values or {}).get("name")
        if name in first:
            scope.report(part, f"a rule in line {first[name]} is called '{name}' too; names tell rules apart")
        elif name is not None:
            first[name] = part.line


def _check_reach(rules: list[tuple[Node, dict[str, Any] | None]], scope: Scope) -> None:
    """Report rules that an earlier one always precedes, and a list without a last word."""
    before: list[tuple[Node, Program]] = []
    for index, (part, values) in enumerate(rules):
        when = part.entries.get("when") if isinstance(part, Mapping) else part
        if when is None:
            after = rules[index + 1 :]
            for later, _ in after:
                scope.report(later, f"never reached: the rule in line {part.line} has no condition; move it to the end")
            return
        program: Program | None = (values or {}).get("program")
        if program is None:
            continue
        covering = next((rule for rule, earlier in before if implies(program.tree, earlier.tree)), None)
        if covering is not None:
            scope.report(
                when, f"never reached: the rule in line {covering.line} matches first; move this one before it"
            )
        before.append((part, program))
    scope.report(rules[-1][0], "the last rule has a condition; add one without `when` for all that is left")
