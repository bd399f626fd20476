"""Whom the router should have chosen, by scans over people and conversations: no mask, slope or room is believed."""

from __future__ import annotations

from collections.abc import Callable

from router.core import events as ev
from router.core.bundle import Bundle, Queue
from router.core.lifecycle import WAITING
from router.core.state import Agent, Conv, State
from router.core.waiting import Class

STRICT, URGENT = 10**12, 1_000_000


def able(agent: Agent, conv: Conv) -> bool:
    """Whether an agent can do what a conversation needs, in one of the ways that will do."""
    levels = dict(agent.abilities)
    ways = (conv.cls.needs, *conv.cls.also)
    return any(all(levels.get(name, -1) >= level for name, level in needs) for needs in ways)


def offers(state: State, name: str) -> bool:
    """Whether a queue offers what waits in it: it serves, and does not leave it to its agents to take."""
    queue, spec = state.queues.get(name), state.bundle.queues.get(name) if state.bundle else None
    pulled = spec is not None and spec.pull == "only"
    return queue is not None and (queue.open or queue.serve_until_ms > 0) and not pulled


def serves(state: State, conv: Conv) -> bool:
    return offers(state, conv.queue)


def free(state: State, agent: Agent, conv: Conv) -> int:
    """What an agent has free for a conversation: all but the work that does not give way to it; nothing at a limit."""
    if at_limit(state, agent, conv):
        return 0
    bundle, taken = state.bundle, 0
    for number, load in agent.work.items():
        spec = bundle.channels.get(state.convs[number].channel) if bundle else None
        if spec is None or conv.channel not in spec.interrupted_by:
            taken += load
    return agent.capacity - taken


def at_limit(state: State, agent: Agent, conv: Conv) -> bool:
    most = dict(agent.abilities).get(f"limit:{conv.channel}")
    return most is not None and sum(state.convs[each].channel == conv.channel for each in agent.work) >= most


def is_there(agent: Agent) -> bool:
    return agent.accepts and agent.grace_until_ms == 0


def kept_from(state: State, agent: Agent, conv: Conv) -> bool:
    """Whether a reserve keeps a completely free agent from a conversation."""
    if agent.work or state.bundle is None:
        return False
    for reserve in state.bundle.reserves:
        needs = reserve.needs
        members = [
            each
            for each in state.agents.values()
            if is_there(each) and not each.work and each.capacity > 0 and _fulfils(dict(each.abilities), needs)
        ]
        for_it = all(need in _implied(conv.cls.needs) for need in needs)
        if agent in members and not for_it and len(members) <= reserve.agents:
            return True
    return False


def _fulfils(levels: dict[str, int], needs: ev.Needs) -> bool:
    return all(levels.get(name, -1) >= level for name, level in needs)


def _implied(needs: ev.Needs) -> ev.Needs:
    return needs


def could_take(state: State, agent: Agent, conv: Conv) -> bool:
    """Whether nothing speaks against it: presence, desk, room, limit, ability, rest, hours, reserve."""
    fits = free(state, agent, conv) >= conv.load
    rests = agent.id in (conv.resting or {})
    open_to = is_there(agent) and fits and not rests and able(agent, conv) and serves(state, conv)
    return open_to and not kept_from(state, agent, conv)


# --- whom to take -------------------------------------------------------------------------------------------------


def waited(bundle: Bundle, spec: Queue, conv: Conv, at: int) -> int:
    """How long somebody has waited: by the clock, or while the queue's calendar was open."""
    calendar = bundle.calendars.get(spec.hours, ()) if spec.clock == "business" else ()
    if not calendar:
        return at - conv.key_ms
    pairs = zip(calendar[::2], calendar[1::2], strict=True)
    return sum(max(min(closes, at) - max(opens, conv.key_ms), 0) for opens, closes in pairs)


def score(state: State, conv: Conv, at: int) -> int:
    bundle = state.bundle
    assert bundle is not None, "nobody waits before the first configuration"
    spec = bundle.queues.get(conv.queue) or Queue(name=conv.queue, hours="")
    target = spec.answer_within_ms.get(conv.channel) or (60_000 if conv.live else 4 * 3_600_000)
    wait, up = waited(bundle, spec, conv, at), conv.cls.priority
    lines: dict[str, Callable[[], tuple[int, int, int]]] = {
        "balanced": lambda: (1_000 * spec.weight, target, 1_000 * up),
        "fifo": lambda: (1_000, 60_000, 0),
        "priority": lambda: (1_000, 60_000, STRICT * up),
        "deadline": lambda: (1_000, 60_000, 1_000 + 1_000 * up - 1_000 * target // 60_000),
        "age": lambda: (1_000, 60_000, 1_000 * up),
    }
    gain, per_ms, base = lines[spec.order]()
    return max(base, URGENT * STRICT if up >= URGENT else base) + gain * wait // per_ms


def is_first_task(agent: Agent, conv: Conv) -> bool:
    tasks = {name.removeprefix("primary:") for name, _ in agent.abilities if name.startswith("primary:")}
    skills = {name.removeprefix("skill:") for name, _ in conv.cls.needs if name.startswith("skill:")}
    return bool(tasks & {conv.queue, *skills})


def people_for(state: State, cls: Class) -> int:
    """How many of those signed in can do what a class needs, whether they are there or not."""
    ways = (cls.needs, *cls.also)
    return sum(any(_fulfils(dict(each.abilities), needs) for needs in ways) for each in state.agents.values())


def is_scarce(state: State, agent: Agent, cls: Class) -> bool:
    """Whether a class can be served by half as many people, or fewer, as another that an agent can serve."""
    if any(name.startswith("primary:") for name, _ in agent.abilities):
        return False
    levels = {name: n for name, n in agent.abilities if not name.startswith("limit:")}
    own = [c for c in state.matching.classes if any(_fulfils(levels, needs) for needs in (c.needs, *c.also))]
    return 2 * people_for(state, cls) <= max(people_for(state, each) for each in own)


def slope_of(state: State, conv: Conv) -> tuple[int, int, int, str]:
    """What of a conversation decides how its waiting counts; empty calendars count all time."""
    assert state.bundle is not None, "nobody waits before the first configuration"
    spec = state.bundle.queues.get(conv.queue) or Queue(name=conv.queue, hours="")
    target = spec.answer_within_ms.get(conv.channel) or (60_000 if conv.live else 4 * 3_600_000)
    return spec.weight, target, conv.cls.priority, spec.hours if spec.clock == "business" else ""


def few_can(state: State, agent: Agent, best: Conv, takeable: list[Conv], at: int) -> Conv | None:
    """Who goes before the best because far fewer can serve them: waits of one slope, counted fivefold."""
    bundle = state.bundle
    assert bundle is not None, "nobody waits before the first configuration"
    specs = {c.id: bundle.queues.get(c.queue) or Queue(name=c.queue, hours="") for c in takeable}
    alike = [c for c in takeable if specs[c.id].order == "balanced" and slope_of(state, c) == slope_of(state, best)]
    if best not in alike or best.cls.priority >= URGENT or is_scarce(state, agent, best.cls):
        return None
    scarce = [c for c in alike if is_scarce(state, agent, c.cls)]
    if not scarce:
        return None
    first = min(scarce, key=lambda each: (each.key_ms, each.id))
    theirs, others = waited(bundle, specs[first.id], first, at), waited(bundle, specs[best.id], best, at)
    return first if 5 * theirs >= others else None


def check_taken(state: State, event: ev.Offered, at: int) -> None:
    """Hold whom an agent took against a scan of everybody who waits."""
    conv, agent = state.convs[event.conv], state.agents[event.agent]
    takeable = [c for c in state.convs.values() if c.state == WAITING and could_take(state, agent, c)]
    oldest = min(takeable, key=lambda each: (each.key_ms, each.id))
    best = min(
        takeable,
        key=lambda c: (-score(state, c, at) - 1_000 * is_first_task(agent, c), c.key_ms, c.id),
    )
    few = few_can(state, agent, best, takeable, at)
    every = state.bundle.fair_every if state.bundle else 0
    turn = every > 0 and agent.passed + 1 >= every and best.cls.priority < URGENT
    if few is None and best is oldest:
        assert (conv, event.why) == (best, ("next_in_line",)), "somebody eligible was there before"
    elif turn:
        assert (conv, event.why) == (oldest, ("fair_turn",)), "it was the turn of who has waited longest"
    elif few is not None:
        assert (conv, event.why) == (few, ("most_urgent", "few_can")), "few could have served another"
    else:
        assert conv is best, "somebody scored more"
        assert event.why[0] in {"most_urgent", "higher_priority", "earliest_deadline", "highest_score"}
        assert len(event.why) == 1


# --- whom to ask --------------------------------------------------------------------------------------------------


def flexibility(state: State, agent: Agent, conv: Conv) -> tuple[int, int]:
    """How many classes an agent could serve, at their limits or not, then the sum of what they can do."""
    del conv
    levels = {name: n for name, n in agent.abilities if not name.startswith("limit:")}
    classes = sum(any(_fulfils(levels, needs) for needs in (c.needs, *c.also)) for c in state.matching.classes)
    return classes, sum(levels.values())


def _is_blended(state: State, agent: Agent) -> bool:
    bundle = state.bundle
    assert bundle is not None, "nobody works before the first configuration"
    takes = {name.removeprefix("channel:") for name, _ in agent.abilities if name.startswith("channel:")}
    return any(spec.load >= bundle.capacity and name in takes for name, spec in bundle.channels.items())


Left = list[Agent]


def _first_task(state: State, conv: Conv, left: Left) -> Left:
    del state
    return [each for each in left if is_first_task(each, conv)] or left


def _highest_level(state: State, conv: Conv, left: Left) -> Left:
    del state
    needed = {name for name, _ in conv.cls.needs}
    sums = {each.id: sum(level for name, level in each.abilities if name in needed) for each in left}
    return [each for each in left if sums[each.id] == max(sums.values())]


def _least_flexible(state: State, conv: Conv, left: Left) -> Left:
    least = min(flexibility(state, each, conv) for each in left)
    return [each for each in left if flexibility(state, each, conv) == least]


def _fullest(state: State, conv: Conv, left: Left) -> Left:
    least = min(free(state, each, conv) for each in left)
    return [each for each in left if free(state, each, conv) == least]


def _least_loaded(state: State, conv: Conv, left: Left) -> Left:
    most = max(free(state, each, conv) for each in left)
    return [each for each in left if free(state, each, conv) == most]


def _packed(state: State, conv: Conv, left: Left) -> Left:
    blended = any(_is_blended(state, each) for each in left)
    return (_fullest if blended else _least_loaded)(state, conv, left)


STEPS: dict[str, Callable[[State, Conv, Left], Left]] = {
    "first_task": _first_task,
    "highest_level": _highest_level,
    "least_flexible": _least_flexible,
    "packed": _packed,
    "fullest": _fullest,
    "least_loaded": _least_loaded,
}


def check_asked(state: State, event: ev.Offered) -> None:
    """Hold whom a conversation rang at against a scan of everybody at work."""
    conv, bundle = state.convs[event.conv], state.bundle
    spec = bundle.queues.get(conv.queue) if bundle else None
    left = [each for each in state.agents.values() if could_take(state, each, conv)]
    for name in (spec.agents if spec else ()) or ("first_task", "least_flexible", "packed"):
        if name == "longest_idle":
            break
        left = STEPS[name](state, conv, left)
    assert min(left, key=lambda each: (each.idle, each.id)).id == event.agent, "another should have been asked"
    assert event.why[-1] == "longest_idle"
    like = [each for each in state.convs.values() if each.state == WAITING and each.cls is conv.cls]
    first = min(
        (each for each in like if could_take(state, state.agents[event.agent], each)),
        key=lambda each: (each.key_ms, each.id),
    )
    assert first.id == conv.id, "a like conversation was there before"
