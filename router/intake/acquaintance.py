"""What is known of a customer who has been here before, where the configuration asks for it. It decides nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from channels.contract import Capabilities
from router.core.bundle import Bundle
from router.core.commands import Acquaintance
from router.store.port import Archive, History, KnownLine

# So many of a customer's last conversations tell who spoke to them and how often they came.
DEALINGS_MAX = 10
# The attributes of a customer that name who cares for them: an account's id, and a team.
NAMED_AGENT, TEAM = "named_agent", "team"


def asks_for_history(bundle: Bundle) -> bool:
    """Return whether any queue or rule cares who a customer is."""
    queues, rules = bundle.queues.values(), bundle.rules
    return any(
        queue.affinity or queue.related or queue.repeat or queue.window_closed != "show" for queue in queues
    ) or any(rule.affinity or rule.repeat for rule in rules)


class Acquaintances:
    """Reads histories of one site."""

    def __init__(self, site: str, archive: Archive, capabilities: Mapping[str, Capabilities]) -> None:
        self._site = site
        self._archive = archive
        self._capabilities = capabilities
        self._bundle: Bundle | None = None
        self._asks = False

    async def of(self, bundle: Bundle, customers: Collection[int]) -> Mapping[int, History]:
        """Return the histories of customers; of nobody where no queue asks."""
        if bundle is not self._bundle:
            self._bundle, self._asks = bundle, asks_for_history(bundle)
        if not self._asks or not customers:
            return {}
        found = await self._archive.histories(self._site, list(customers), limit=DEALINGS_MAX)
        return {history.customer: history for history in found}

    def known(self, history: History, line: int) -> Acquaintance:
        """Return what a decision may want to know of a customer who writes on a line."""
        last = next((each for each in history.dealings if each.owner), None)
        named = history.attributes.get(NAMED_AGENT, "")
        return Acquaintance(
            last_agent=last.owner if last else 0,
            last_ms=last.changed_ms if last else 0,
            named_agent=int(named) if named.isdecimal() else 0,
            team=history.attributes.get(TEAM, ""),
            lines=tuple(sorted(each.id for each in history.lines if each.id != line)),
            contacts=tuple(sorted((each.opened_ms for each in history.dealings if each.ended), reverse=True)),
        )

    def spare_line(self, history: History, line: int) -> int:
        """Return the customer's newest other line over which one can talk at any time, 0 for none."""
        return max((each.id for each in history.lines if each.id != line and self._lasts(each)), default=0)

    def _lasts(self, line: KnownLine) -> bool:
        can = self._capabilities.get(line.channel)
        return line.reachable and can is not None and not can.live and not can.reply_window_ms
