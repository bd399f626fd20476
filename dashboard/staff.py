"""The people who serve: their names by id, kept for a moment; what an account can do and see. No customers here."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable

from dashboard.sessions import may
from dashboard.shapes import Me, Person
from dashboard.surroundings import Surroundings
from router.core.bundle import Bundle
from router.core.decide.teams import TEAM, TEAM_ABILITY
from router.core.matching import Class
from router.core.state import Conv
from router.store.port import Account, ConversationRow
from router.views.board import Abilities, serves

# Accounts are changed elsewhere (the command line, another node); a name may be so old.
NAMES_KEPT_MS = 10_000
# A floor has at most 50,000 agents signed in (DESIGN section 5); the busiest tenth are asked about all the time.
NAMES_MAX = 5_000


def abilities_of(account: Account, bundle: Bundle) -> Abilities:
    """Return what an account can do, as the core is told.

    Its channels, or all; its skills with levels; its languages; the most it takes of a channel; its first tasks.
    """
    channels = bundle.channels if account.channels is None else account.channels
    pairs = [(f"channel:{name}", 1) for name in channels]
    pairs += [(f"skill:{name}", level) for name, level in account.skills.items()]
    pairs += [(f"language:{name}", 1) for name in account.languages]
    pairs += [(f"limit:{name}", most) for name, most in account.limits.items()]
    pairs += [(f"primary:{name}", 1) for name in account.first_tasks]
    if account.offer_times > 1:
        pairs.append(("offer_times", account.offer_times))
    if account.team and any(TEAM in queue.affinity for queue in bundle.queues.values()):
        # Only where some queue waits for a customer's own team: agents of equal abilities are looked at together.
        pairs.append((TEAM_ABILITY + account.team, 1))
    return tuple(sorted(pairs))


def abilities_at_presence(account: Account, bundle: Bundle | None) -> Abilities:
    """Return what a change of presence must know: all abilities, where some presence leaves out channels."""
    if bundle is None or not any(presence.channels for presence in bundle.presences.values()):
        return ()
    return abilities_of(account, bundle)


def meets(abilities: Abilities, needs: Abilities) -> bool:
    """Return whether abilities fulfil needs, level by level."""
    levels = dict(abilities)
    return all(levels.get(name, -1) >= level for name, level in needs)


def me_of(account: Account) -> Me:
    """Return an account as its owner sees it. The password's hash never leaves this function's argument."""
    return Me(
        id=account.id,
        login=account.login,
        name=account.name,
        role=account.role,
        languages=list(account.languages),
        skills=dict(account.skills),
    )


class Staff:
    """Names of accounts, asked of the store once in a while."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._out = surroundings
        self._names: OrderedDict[int, tuple[str, int]] = OrderedDict()

    async def learn(self, ids: Iterable[int]) -> None:
        """Make sure that these names are known, and fresh enough."""
        now_ms = self._out.now_ms()
        for agent in {each for each in ids if each}:
            known = self._names.get(agent)
            if known is None or now_ms - known[1] > NAMES_KEPT_MS:
                account = await self._out.store.accounts.by_id(self._out.floor.site, agent)
                self._names[agent] = (account.name if account else "", now_ms)
                self._names.move_to_end(agent)
        while len(self._names) > NAMES_MAX:
            self._names.popitem(last=False)

    def name(self, agent: int) -> str:
        """Return a learnt name, empty for an account that is gone."""
        return self._names.get(agent, ("", 0))[0]

    def person(self, agent: int) -> Person | None:
        return Person(id=agent, name=self.name(agent)) if agent else None


class Sight:
    """Who may see what: their own, their customers', and what waits in queues they can serve; supervisors all."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._floor = surroundings.floor

    def lines(self, account: Account) -> Callable[[Class], bool]:
        """Return what tells whether a line of waiting conversations may be seen."""
        bundle = self._floor.bundle
        if may(account.role, "supervisor"):
            return lambda _: True
        if bundle is None:
            return lambda _: False
        abilities = abilities_of(account, bundle)
        return lambda cls: any(meets(abilities, needs) for needs in (cls.needs, *cls.also))

    def open(self, account: Account, conv: Conv) -> bool:
        """Return whether a conversation inside the core may be seen."""
        mine = {conv.owner, *(conv.participants or ()), conv.held_for, *(conv.offer.agents if conv.offer else ())}
        if conv.passed is not None and not conv.owner:
            mine.add(conv.passed.agent)  # Until somebody has taken it, who handed it on may see what becomes of it.
        return account.id in mine or self.serves_customer(account, conv.customer) or self.lines(account)(conv.cls)

    def row(self, account: Account, row: ConversationRow) -> bool:
        """Return whether a conversation may be seen, wherever it is."""
        conv = self._floor.state.convs.get(row.conv)
        if conv is not None:
            return self.open(account, conv)
        if may(account.role, "supervisor") or row.owner == account.id or self.serves_customer(account, row.customer):
            return True
        bundle = self._floor.bundle
        return (
            bundle is not None
            and row.queue in bundle.queues
            and serves(bundle, row.queue, abilities_of(account, bundle))
        )

    def serves_customer(self, account: Account, customer: int) -> bool:
        """Return whether the account has open work for this customer: then their story is part of it."""
        return customer in self.customers_of(account)

    def customers_of(self, account: Account) -> set[int]:
        """Return the customers for whom the account has open work."""
        state = self._floor.state
        agent = state.agents.get(account.id)
        work = (state.convs.get(conv) for conv in agent.work) if agent else ()
        return {conv.customer for conv in work if conv is not None}
