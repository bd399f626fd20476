"""The rules of a bundle, compiled: where a message goes, what it needs, where a closed queue sends it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from router.core.bundle import Affinity, Bundle, Repeat, Rule
from router.core.calendar import FOREVER_MS, is_open, next_change
from router.core.cel import Program, Schema, compile_condition
from router.core.cel_values import BOOL, STRING, Env, Type, list_of, map_of
from router.core.facts import Facts

# Every topic of a bundle looks at the whole text, so its length is bounded before: a request is told in its
# beginning, and what follows is mostly quoted history. RE2 reads this much in well under a millisecond.
TOPIC_TEXT_CHARS_MAX = 20_000

# Distinct (facts, open calendars) met by one bundle; declared attributes could make them endless.
PLACEMENTS_MAX = 20_000

# So many of them are worth keeping when a configuration changes nothing about them.
PLACEMENTS_KEPT_MAX = 2_000

# A message accepted before its channel was switched off is still served; it counts as much as a chat.
ABSENT_CHANNEL_LOAD = 25

DEFAULT_NOTICE = "off-hours"

Needs = tuple[tuple[str, int], ...]


class Placement(msgspec.Struct, frozen=True):
    """What the rules say of a message: the rule that matched, the queue, what an agent must be able to do."""

    rule: str
    queue: str
    needs: Needs
    load: int
    head_start_ms: int
    priority: int = 0
    affinity: dict[str, Affinity] = {}
    repeat: Repeat | None = None


# By facts, and by which of the calendars that rules ask for are open.
Placed = dict[tuple[Facts, tuple[bool, ...]], Placement]


class Fallback(msgspec.Struct, frozen=True):
    """Where an arrival for a closed queue ends: an open queue, or the last of the chain, kept for its opening."""

    queue: str
    deferred: bool
    notice: str


def rule_schema(
    calendars: tuple[str, ...],
    *,
    channels: tuple[str, ...] = (),
    topics: tuple[str, ...] | None = None,
    segments: tuple[str, ...] = (),
) -> Schema:
    """Return what a rule's condition may look at. Known channels, topics and segments make a misspelt one an error."""
    channel = Type("string", choices=channels, noun="channel") if channels else STRING
    # Who is in none has an empty one.
    segment = Type("string", choices=(*segments, ""), noun="segment") if segments else STRING
    topic = STRING if topics is None else Type("string", choices=topics, noun="topic")
    return {
        "channel": channel,
        "language": STRING,
        "kind": STRING,
        "customer.segment": segment,
        "topics": list_of(topic),
        "attributes": map_of(STRING, missing=""),
        **{f"open.{name}": BOOL for name in calendars},
    }


def topic_schema() -> Schema:
    """Return what a topic's condition may look at."""
    return {"message.text": STRING, "message.subject": STRING, "message.language": STRING}


def needs_of(
    bundle: Bundle, queue: str, channel: str, extra: Mapping[str, int] | None = None, *, language: str = ""
) -> Needs:
    """Return what an agent must be able to do at first, sorted.

    The channel; the highest of the levels that the queue needs, prefers and `extra` asks for; the customer's language
    where the queue looks at it and somebody knows it.
    """
    spec = bundle.queues[queue]
    levels = dict(spec.skills)
    for skill, level in (*spec.prefer.items(), *(extra or {}).items()):
        levels[skill] = max(level, levels.get(skill, 0))
    needs = [(f"channel:{channel}", 1), *((f"skill:{skill}", level) for skill, level in levels.items())]
    if language and spec.language:
        needs.append((f"language:{language}", 1))
    return tuple(sorted(needs))


def on_channel(needs: Needs, channel: str) -> Needs:
    """Return the same needs on one channel, whichever they were for."""
    others = (need for need in needs if not need[0].startswith("channel:"))
    return tuple(sorted([(f"channel:{channel}", 1), *others]))


def fall_back(bundle: Bundle, queue: str, channel: str, is_open: Callable[[str], bool]) -> Fallback:
    """Follow the fallbacks of a closed queue to the first open one, at most once through every queue.

    The notice is that of the queue the customer came for.
    """
    if is_open(queue):
        return Fallback(queue, deferred=False, notice="")
    notice = bundle.queues[queue].off_hours.notices.get(channel, DEFAULT_NOTICE)
    last = queue
    for _ in bundle.queues:
        then = bundle.queues[last].off_hours.then
        if not then:
            break
        last = then
        if is_open(last):
            return Fallback(last, deferred=False, notice=notice)
    return Fallback(last, deferred=True, notice=notice)


def places_alike(before: Bundle, bundle: Bundle) -> bool:
    """Return whether two configurations place everybody alike at the same hours."""
    return _placing(before) == _placing(bundle)


def _placing(bundle: Bundle) -> tuple[object, ...]:
    loads = {name: (spec.load, spec.live) for name, spec in bundle.channels.items()}
    asking = {
        name: (spec.skills, spec.prefer, spec.language, spec.widen, spec.repeat, spec.affinity)
        for name, spec in bundle.queues.items()
    }
    return bundle.rules, loads, asking


class Ruleset:
    """The compiled rules of one bundle. Answers are remembered by facts and by which calendars are open."""

    def __init__(self, bundle: Bundle, before: Ruleset | None = None) -> None:
        """Compile what the ruleset `before` has not. Raises CelError, ValueError when no rule catches everything."""
        if not bundle.rules or bundle.rules[-1].when:
            raise ValueError("the last rule of a bundle must have no condition")
        self._bundle = bundle
        names: tuple[str, ...] = tuple(sorted(bundle.calendars))
        schema = rule_schema(names)
        compiled = before.compiled_for(names) if before is not None else {}
        self._rules = [(rule, compiled.get(rule.when) or _condition(rule.when, schema)) for rule in bundle.rules]
        asked = {path for _, program in self._rules if program is not None for path in program.paths}
        self._names = names
        # What no queue asks for costs a decision no more than a look here.
        self.links = any(queue.related for queue in bundle.queues.values())
        self.teams = any("team" in queue.affinity for queue in bundle.queues.values())
        self._asked = frozenset(name for name in names if f"open.{name}" in asked)
        self._known: Placed = before.known_for(bundle, names) if before is not None else {}
        self._open: tuple[bool, ...] = ()
        self._open_from, self._open_until = 0, 0

    def known_for(self, bundle: Bundle, calendars: tuple[str, ...]) -> Placed:
        """Return what is known of where facts are placed, as far as it holds for another bundle."""
        few = len(self._known) <= PLACEMENTS_KEPT_MAX
        return self._known if few and calendars == self._names and places_alike(self._bundle, bundle) else {}

    @property
    def asks_hours(self) -> bool:
        """Whether some rule looks at whether a calendar is open: it may say another thing by now."""
        return bool(self._asked)

    def compiled_for(self, calendars: tuple[str, ...]) -> dict[str, Program]:
        """Return the conditions by their source, if they were compiled for these calendars: most stay as they are."""
        if calendars != self._names:
            return {}
        return {rule.when: program for rule, program in self._rules if program is not None}

    def place(self, facts: Facts, at: int) -> Placement:
        """Return what the first matching rule says of these facts at a time."""
        hours = self._open if self._open_from <= at < self._open_until else self._look_at_hours(at)
        key = (facts, hours)
        placement = self._known.get(key)
        if placement is None:
            if len(self._known) >= PLACEMENTS_MAX:
                self._known.clear()
            placement = self._known[key] = self._placed(facts, hours)
        return placement

    def _look_at_hours(self, at: int) -> tuple[bool, ...]:
        """Which calendars are open; kept from now until the next of them changes."""
        calendars = [self._bundle.calendars[name] if name in self._asked else () for name in self._names]
        changes = [change for calendar in calendars if (change := next_change(calendar, at))]
        self._open = tuple(is_open(calendar, at) for calendar in calendars)
        self._open_from, self._open_until = at, min(changes, default=FOREVER_MS)
        return self._open

    @property
    def conditions(self) -> Sequence[tuple[Rule, Program | None]]:
        """The rules in order, each with its compiled condition; None where it has none."""
        return self._rules

    @property
    def schema(self) -> Schema:
        """What a condition of these rules may look at."""
        return rule_schema(self._names)

    def env(self, facts: Facts, at: int) -> Env:
        """Return what conditions look at, for these facts at a time: the values of the schema's paths."""
        return self._env(facts, tuple(is_open(self._bundle.calendars[name], at) for name in self._names))

    @staticmethod
    def _env(facts: Facts, hours: tuple[bool, ...]) -> Env:
        return (
            facts.channel,
            facts.language,
            facts.kind,
            facts.segment,
            list(facts.topics),
            dict(facts.attributes),
            *hours,
        )

    def _placed(self, facts: Facts, hours: tuple[bool, ...]) -> Placement:
        env = self._env(facts, hours)
        rule = next(rule for rule, program in self._rules if program is None or program.holds(env))
        spec = self._bundle.channels.get(facts.channel)
        return Placement(
            rule=rule.name,
            queue=rule.queue,
            needs=needs_of(self._bundle, rule.queue, facts.channel, rule.skills, language=facts.language),
            load=spec.load if spec is not None else ABSENT_CHANNEL_LOAD,
            head_start_ms=rule.head_start_ms,
            priority=rule.priority,
            affinity=rule.affinity,
            repeat=rule.repeat or self._bundle.queues[rule.queue].repeat,
        )


class Topics:
    """The compiled topics of one bundle, asked at the look-up, where there is text and time."""

    def __init__(self, bundle: Bundle) -> None:
        """Compile. Raises CelError for a bad condition."""
        schema = topic_schema()
        self._topics = [(topic.name, compile_condition(topic.when, schema)) for topic in bundle.topics]

    def of(self, text: str, subject: str, language: str) -> tuple[str, ...]:
        """Return the sorted names of the topics that hold for a message."""
        env = (_bounded(text), _bounded(subject), language)
        return tuple(sorted(name for name, program in self._topics if program.holds(env)))


def _condition(when: str, schema: Schema) -> Program | None:
    return compile_condition(when, schema) if when else None


def _bounded(text: str) -> str:
    """Cut, and made sure to be Unicode: a lone surrogate from a broken client would stop RE2."""
    return text[:TOPIC_TEXT_CHARS_MAX].encode(errors="replace").decode()
