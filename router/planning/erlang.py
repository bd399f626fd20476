"""Erlang's formulas in closed form: lines that are lost, that wait, that lose patience; square-root staffing. Pure.

One kind of call, agents who are all alike, exponential times. Rates are per unit of time, waits in the same unit.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

# A sum is over when its next term cannot change it any more.
_NEGLIGIBLE = 1e-17
# Panels of the numerical integrals; the integrands are smooth, and Simpson's rule gains four digits for each ten.
_PANELS = 4_000
# Beyond this exponent the integrand of a wait's tail is nothing.
_EXPONENT_MAX = 45.0


def erlang_b(servers: int, offered: float) -> float:
    """Return the share that finds all servers busy and is lost. Stable for any size: no factorials."""
    inverse = 1.0
    for busy in range(1, servers + 1):
        inverse = 1.0 + inverse * busy / offered
    return 1.0 / inverse


def erlang_c(servers: int, offered: float) -> float:
    """Return the share that waits when nobody gives up; 1 when the load is too much."""
    if offered >= servers:
        return 1.0
    blocked = erlang_b(servers, offered)
    return blocked / (1.0 - (offered / servers) * (1.0 - blocked))


@dataclass(frozen=True, slots=True)
class Queueing:
    """What a caller meets in the long run. `wait_mean` is of all who are let in, with those who give up."""

    delayed: float
    wait_mean: float
    queue_mean: float
    occupancy: float
    abandoned: float = 0.0
    blocked: float = 0.0


def waiting(servers: int, *, arrivals: float, service: float) -> Queueing:
    """Erlang C: M/M/n, nobody gives up. `service` is the rate of one server."""
    offered = arrivals / service
    if offered >= servers:
        raise ValueError("with this load the line grows for ever; Erlang C has no answer")
    delayed = erlang_c(servers, offered)
    wait = delayed / (servers * service - arrivals)
    return Queueing(delayed=delayed, wait_mean=wait, queue_mean=arrivals * wait, occupancy=offered / servers)


def waits_longer(servers: int, *, arrivals: float, service: float, than: float) -> float:
    """Return the share that waits longer than so long under Erlang C."""
    delayed = erlang_c(servers, arrivals / service)
    return delayed * math.exp(-(servers * service - arrivals) * than)


def impatient(servers: int, *, arrivals: float, service: float, patience: float) -> Queueing:
    """Erlang A: M/M/n+M. `patience` is the rate at which one who waits gives up."""
    full, total, weighted = _impatient_sums(servers, arrivals=arrivals, service=service, patience=patience)
    queue = full * weighted
    abandoned = patience * queue / arrivals
    return Queueing(
        delayed=full * total,
        wait_mean=queue / arrivals,
        queue_mean=queue,
        occupancy=arrivals * (1.0 - abandoned) / (servers * service),
        abandoned=abandoned,
    )


def _impatient_sums(servers: int, *, arrivals: float, service: float, patience: float) -> tuple[float, float, float]:
    """Return the chance that exactly all servers are busy, and the sums of the chain above it: 1 + s, and Σ j·Π."""
    product, total, weighted, waiting_now = 1.0, 0.0, 0.0, 0
    while True:
        waiting_now += 1
        product *= arrivals / (servers * service + waiting_now * patience)
        total += product
        weighted += waiting_now * product
        if product * waiting_now < _NEGLIGIBLE * max(weighted, 1.0):
            break
    full = 1.0 / (1.0 / erlang_b(servers, arrivals / service) + total)
    return full, 1.0 + total, weighted


def impatient_beyond(servers: int, *, arrivals: float, service: float, patience: float, than: float) -> float:
    """Return the share of all that waits longer than so long under Erlang A, served or not.

    Who could wait for ever would wait longer than x with the tail of the virtual wait; a real wait ends earlier when
    the patience does.
    """
    wait = _virtual_wait(servers, arrivals=arrivals, service=service, patience=patience)
    if than >= wait.end:
        return 0.0
    return wait.delayed * _simpson(wait.density, than, wait.end) / wait.mass * math.exp(-patience * than)


def impatient_answered(servers: int, *, arrivals: float, service: float, patience: float, within: float) -> float:
    """Return SL-3 under Erlang A: the share of all that is answered within so long.

    It is answered at once, or it would wait x, no longer than `within`, and its patience outlasts x.
    """
    wait = _virtual_wait(servers, arrivals=arrivals, service=service, patience=patience)
    stays = _simpson(lambda x: wait.density(x) * math.exp(-patience * x), 0.0, min(within, wait.end))
    return 1.0 - wait.delayed + wait.delayed * stays / wait.mass


@dataclass(frozen=True, slots=True)
class _VirtualWait:
    """How long one who never gives up would wait. `delayed`: the chance that at all; `mass`: the density's integral."""

    delayed: float
    density: Callable[[float], float]
    mass: float
    end: float


def _virtual_wait(servers: int, *, arrivals: float, service: float, patience: float) -> _VirtualWait:
    """Its density above 0 is in proportion to exp((λ/θ)(1-exp(-θx)) - nμx)."""

    def exponent(x: float) -> float:
        return (arrivals / patience) * -math.expm1(-patience * x) - servers * service * x

    # The density is highest where a wait is in balance: arrivals who stay are as many as servers can take.
    top = math.log(arrivals / (servers * service)) / patience if arrivals > servers * service else 0.0
    highest = exponent(top)
    end = top + 1.0 / (servers * service)
    while highest - exponent(end) < _EXPONENT_MAX:
        end *= 1.5

    def density(x: float) -> float:
        return math.exp(exponent(x) - highest)

    full, total, _ = _impatient_sums(servers, arrivals=arrivals, service=service, patience=patience)
    return _VirtualWait(full * total, density, _simpson(density, 0.0, end), end)


def _simpson(f: Callable[[float], float], start: float, end: float) -> float:
    step = (end - start) / _PANELS
    inner = math.fsum((4.0 if index % 2 else 2.0) * f(start + index * step) for index in range(1, _PANELS))
    return (f(start) + inner + f(end)) * step / 3.0


def limited(servers: int, *, lines: int, arrivals: float, service: float) -> Queueing:
    """M/M/n/lines: who finds every line taken is turned away. Waits and delays are of those who are let in."""
    offered = arrivals / service
    chances = [1.0]
    for present in range(1, lines + 1):
        chances.append(chances[-1] * offered / min(present, servers))
        if chances[-1] > 1e200:
            chances = [chance / 1e200 for chance in chances]
    whole = math.fsum(chances)
    blocked = chances[lines] / whole
    admitted = arrivals * (1.0 - blocked)
    queue = math.fsum((present - servers) * chances[present] for present in range(servers, lines + 1)) / whole
    delayed = math.fsum(chances[servers:lines]) / whole / (1.0 - blocked)
    return Queueing(
        delayed=delayed,
        wait_mean=queue / admitted,
        queue_mean=queue,
        occupancy=admitted / (servers * service),
        blocked=blocked,
    )


def delayed_at_square_root(beta: float) -> float:
    """Return the share that waits in the limit of many agents when there are a + beta·√a of them (Halfin and Whitt)."""
    normal = 0.5 * math.erfc(-beta / math.sqrt(2.0))
    density = math.exp(-beta * beta / 2.0) / math.sqrt(2.0 * math.pi)
    return 1.0 / (1.0 + beta * normal / density)


def square_root_staff(offered: float, beta: float) -> int:
    """Return the agents that the square-root rule asks for: the load, and beta times its root for chance."""
    return math.ceil(offered + beta * math.sqrt(offered))


def least_servers(offered_share: Callable[[int], float], *, wanted: float, least: int, most: int) -> int:
    """Return the fewest servers from `least` to `most` whose share is as wanted; raises ValueError when none is."""
    for servers in range(least, most + 1):
        if offered_share(servers) >= wanted:
            return servers
    raise ValueError(f"no number of agents up to {most} is enough")
