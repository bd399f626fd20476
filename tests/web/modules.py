"""The desk's own modules, and what their templates say outside of any expression. No test lives here."""

from __future__ import annotations

import re
from pathlib import Path

WEB = Path(__file__).parent.parent.parent / "dashboard" / "web"
ATTRIBUTES = re.compile(r"""(?:aria-label|title|placeholder|alt)=["']([^"']+)["']""")


def modules() -> list[Path]:
    return sorted(WEB.glob("*.js"))


def template_texts(source: str) -> list[str]:
    """Return the words between tags, and in attributes that people read, of every html`…`."""
    return [text for template in _templates(source) for text in _texts(template)]


def _texts(template: str) -> list[str]:
    between = re.findall(r">([^<>]+)<", f">{template}<")
    shown = [re.sub(r"\s+", " ", text).strip() for text in [*between, *ATTRIBUTES.findall(template)]]
    return [text for text in shown if text and "=" not in text]


def _templates(source: str) -> list[str]:
    """Return each template with its expressions cut out; a template within an expression is found by itself."""
    found = []
    for match in re.finditer(r"html`", source):
        at, kept = match.end(), []
        while source[at] != "`":
            if source.startswith("${", at):
                at = _after_expression(source, at + 2)
                kept.append("\x00")
            else:
                kept.append(source[at])
                at += 1
        found.append("".join(kept).replace("\x00", ""))
    return found


def _after_expression(source: str, at: int) -> int:
    """Return the place after the brace that ends an expression, past nested braces and templates."""
    depth = 1
    while depth:
        if source[at] == "`":
            at = _after_template(source, at + 1)
            continue
        depth += {"{": 1, "}": -1}.get(source[at], 0)
        at += 1
    return at


def _after_template(source: str, at: int) -> int:
    while source[at] != "`":
        at = _after_expression(source, at + 2) if source.startswith("${", at) else at + 1
    return at + 1
