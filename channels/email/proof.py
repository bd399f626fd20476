"""Whether our own relay vouches for a sender's domain (Authentication-Results, RFC 8601). Reads one header's text."""

from __future__ import annotations

import re

# What the relay quotes of a mail stands in comments and quotes; a sender may have written it.
_COMMENT = re.compile(r"\([^()]*\)")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_RESULT = re.compile(r"^([a-z0-9-]+)\s*=\s*([a-z]+)\b(.*)$", re.IGNORECASE | re.DOTALL)
_PROPERTY = re.compile(r"\b([a-z]{1,30}\.[a-z0-9_-]{1,60})\s*=\s*(\S+)", re.IGNORECASE)
# Which property of a passed method names the domain that has proved itself.
_PROVES = {"dmarc": ("header.from",), "dkim": ("header.d", "header.i"), "spf": ("smtp.mailfrom",)}
_COMMENTS_DEPTH_MAX = 5


def vouched_for(results: str, authority: str, domain: str) -> bool:
    """Return whether `authority` says that mail from exactly this domain has proved itself."""
    said = _QUOTED.sub("", _without_comments(results))
    name, *methods = said.split(";")
    if not authority or not domain or name.split()[:1] != [authority.lower()]:
        return False
    return any(_proves(method.strip(), domain.lower()) for method in methods)


def _without_comments(text: str) -> str:
    """Return lower-case text without comments; one that is nested deeper than anybody nests proves nothing."""
    for _ in range(_COMMENTS_DEPTH_MAX):
        text, removed = _COMMENT.subn(" ", text)
        if not removed:
            return text.lower()
    return ""


def _proves(method: str, domain: str) -> bool:
    found = _RESULT.match(method)
    if found is None or found.group(2) != "pass":
        return False
    properties = dict(_PROPERTY.findall(found.group(3)))
    named = [properties[name] for name in _PROVES.get(found.group(1), ()) if name in properties]
    return any(value.rpartition("@")[2] == domain for value in named)
