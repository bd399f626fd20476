"""What is kept of a customer's earlier conversations, as a look-up needs it, and who cares for them. No decisions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import apsw
import msgspec

from router.store.port import Dealing, History, KnownLine
from router.store.sqlite.bulk import as_json
from router.store.sqlite.connect import fetch

LINES_MAX = 20
"""A person has a handful of lines; a mailing list that writes in its customers' names has thousands."""

_ATTRIBUTES = """
SELECT c.id, c.attributes FROM json_each(?2) k CROSS JOIN customer c WHERE c.id = k.value AND c.site = ?1
"""

_LINES = """
SELECT k.value, n.id, n.channel, n.peer <> '' FROM json_each(?2) k CROSS JOIN line n
WHERE n.id IN (SELECT id FROM line WHERE site = ?1 AND customer = k.value ORDER BY id DESC LIMIT ?3)
ORDER BY n.id DESC
"""

_DEALINGS = """
SELECT k.value, v.owner, v.changed_ms, v.opened_ms, v.closed_ms <> 0 FROM json_each(?2) k CROSS JOIN conversation v
WHERE v.site = ?1 AND v.conv IN
  (SELECT conv FROM conversation WHERE site = ?1 AND customer = k.value ORDER BY changed_ms DESC, conv DESC LIMIT ?3)
ORDER BY v.changed_ms DESC, v.conv DESC
"""

_CARE = """
UPDATE customer SET attributes = json_patch(attributes, ?3) WHERE id = ?2 AND site = ?1
"""


def histories(conn: apsw.Connection, *, site: str, customers: Sequence[int], limit: int) -> list[History]:
    """Return what is known of customers."""
    keys = as_json(sorted(set(customers)))
    lines: defaultdict[int, list[KnownLine]] = defaultdict(list)
    for customer, line, channel, reachable in fetch(conn, _LINES, (site, keys, LINES_MAX)):
        lines[customer].append(KnownLine(id=line, channel=channel, reachable=bool(reachable)))
    dealings: defaultdict[int, list[Dealing]] = defaultdict(list)
    for customer, owner, changed_ms, opened_ms, ended in fetch(conn, _DEALINGS, (site, keys, limit)):
        one = Dealing(owner=owner, changed_ms=changed_ms, opened_ms=opened_ms, ended=bool(ended))
        dealings[customer].append(one)
    return [
        History(
            customer=customer,
            attributes=msgspec.json.decode(attributes),
            lines=lines[customer],
            dealings=dealings[customer],
        )
        for customer, attributes in fetch(conn, _ATTRIBUTES, (site, keys))
    ]


def give_care(conn: apsw.Connection, *, site: str, customer: int, attributes: dict[str, str | None]) -> bool:
    """Change a customer's attributes; None takes one away. Return whether there is such a customer."""
    conn.execute(_CARE, (site, customer, as_json(attributes)))
    return conn.changes() > 0
