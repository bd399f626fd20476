"""What is kept of a customer's earlier conversations, as a look-up needs it, and who cares for them. No decisions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import apsw
import msgspec

from router.store.limits import LINES_MAX
from router.store.persons import are_as_seen, attributes_of, changed_attributes
from router.store.port import Dealing, History, KnownLine
from router.store.sqlite.bulk import as_json
from router.store.sqlite.connect import fetch
from router.store.sqlite.members import members, members_of

T = TypeVar("T")


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
    """Return what is known of customers, each as the person they are."""
    persons = members(conn, site, customers)
    keys = as_json(sorted({each for person in persons.values() for each in person}))
    lines: defaultdict[int, list[KnownLine]] = defaultdict(list)
    for customer, line, channel, reachable in fetch(conn, _LINES, (site, keys, LINES_MAX)):
        lines[customer].append(KnownLine(id=line, channel=channel, reachable=bool(reachable)))
    dealings: defaultdict[int, list[Dealing]] = defaultdict(list)
    for customer, owner, changed_ms, opened_ms, ended in fetch(conn, _DEALINGS, (site, keys, limit)):
        one = Dealing(owner=owner, changed_ms=changed_ms, opened_ms=opened_ms, ended=bool(ended))
        dealings[customer].append(one)
    attributes = {number: msgspec.json.decode(text) for number, text in fetch(conn, _ATTRIBUTES, (site, keys))}
    return [
        History(
            customer=customer,
            attributes=attributes_of([attributes[each] for each in person]),
            lines=_newest(person, lines, by=lambda line: line.id, limit=LINES_MAX),
            dealings=_newest(person, dealings, by=lambda dealing: dealing.changed_ms, limit=limit),
        )
        for customer, person in persons.items()
    ]


def _newest(person: list[int], of: Mapping[int, list[T]], *, by: Callable[[T], int], limit: int) -> list[T]:
    """Return what a person's customers have, newest first; of one alone it is in that order already."""
    if len(person) == 1:
        return of.get(person[0], [])
    return sorted((each for customer in person for each in of.get(customer, [])), key=by, reverse=True)[:limit]


def give_care(
    conn: apsw.Connection, *, site: str, customer: int, attributes: dict[str, str | None], was: dict[str, str]
) -> bool:
    """Change a person's attributes; None takes one away. Return whether there is such a customer, and as it was."""
    person = members_of(conn, site, customer)
    rows = {number: msgspec.json.decode(text) for number, text in fetch(conn, _ATTRIBUTES, (site, as_json(person)))}
    if person[0] not in rows or not are_as_seen([rows[each] for each in person if each in rows], was):
        return False
    changes = changed_attributes(attributes, [row for number, row in rows.items() if number != person[0]])
    conn.execute(_CARE, (site, person[0], as_json(changes)))
    return True
