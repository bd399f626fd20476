"""What is said of the end of conversations: outcomes with their reasons, and a queue's words about its wrap-up."""

from __future__ import annotations

from collections.abc import Mapping as Map

from router.settings.reading import Field, Scope, kind_of, listed, name, one_of, reference
from router.settings.tree import Mapping, Node, Sequence

Outcomes = dict[str, tuple[str, ...]]

MODES = ("optional", "timed", "required", "fixed")
# More codes than a person can tell apart are not chosen any more but hit.
REASONS_MOST = 50

WRAPPING_FIELDS: Map[str, Field] = {
    "wrap_up_mode": Field(one_of("mode", MODES), "wrap_up_mode"),
    "outcomes": Field(listed(reference("disposition")), "outcomes"),
    "transfer_note": Field(one_of("rule", ("optional", "required")), "transfer_note"),
}


def read_outcomes(node: Node, scope: Scope) -> Outcomes:
    """Read the list of dispositions. One may have reasons: `- refund: [damaged, late]`."""
    if not isinstance(node, Sequence):
        scope.report(node, f"expected a list like [a, b], found {kind_of(node)}")
        return {}
    found: Outcomes = {}
    for item in node.items:
        word, reasons = _outcome(item, scope)
        if word in found:
            scope.report(item, f"'{word}' is in the list twice; remove one")
        elif word:
            found[word] = reasons
    return found


def _outcome(node: Node, scope: Scope) -> tuple[str, tuple[str, ...]]:
    if not isinstance(node, Mapping):
        return name(node, scope) or "", ()
    if len(node.entries) != 1:
        scope.report(node, "write one outcome per item, like `- refund: [damaged, late]`")
        return "", ()
    ((word, part),) = node.entries.items()
    reasons = listed(name, most=REASONS_MOST)(part, scope)
    return name(node.keys[word], scope) or "", reasons or ()


def outcome_names(node: Node | None) -> tuple[str, ...]:
    """Return the names of outcomes before they are checked, for what refers to them."""
    items = node.items if isinstance(node, Sequence) else ()
    named = [
        next(iter(item.entries), "") if isinstance(item, Mapping) else getattr(item, "value", "") for item in items
    ]
    return tuple(str(each) for each in named)
