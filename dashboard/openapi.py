"""The OpenAPI 3.1 document, made from the route table and its structs: what is served is what is documented."""

from __future__ import annotations

import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import msgspec

from dashboard.errors import CODES
from dashboard.routes import PREFIX, Route
from dashboard.sessions import COOKIE, CSRF_HEADER
from dashboard.shapes import Failure
from router.core.refusals import REFUSALS

_PART = re.compile(r"\{(\w+)\}")
_REF = "#/components/schemas/{name}"
_ALWAYS = (400, 500, 503)

_BYTES = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}

Json = dict[str, Any]


# Called by nobody known, and yet something must be proved: a password, or a link to the wallboard.
PROVE = frozenset({"/session", "/board"})
# Whose query or body names something that may not be there: a version, a file, a link, a conversation.
NAMING = ("/rules/", "/board/session", "/complaints")


def document(routes: Sequence[Route], *, version: str) -> Json:
    """Return the document."""
    types = list(dict.fromkeys([Failure, *_types(routes)]))
    schemas, components = msgspec.json.schema_components(types, ref_template=_REF)
    by_type = dict(zip(types, schemas, strict=True))
    paths: dict[str, Json] = {}
    for route in routes:
        paths.setdefault(PREFIX + route.path, {})[route.method.lower()] = _operation(route, by_type, components)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Patchbay",
            "version": version,
            "description": "The interface of the desk. Times are UTC milliseconds.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": _schemes(), "responses": {}},
    }


def _schemes() -> Json:
    return {
        "session": {"type": "apiKey", "in": "cookie", "name": COOKIE},
        "csrf": {"type": "apiKey", "in": "header", "name": CSRF_HEADER},
    }


def _types(routes: Sequence[Route]) -> list[Any]:
    answers = [route.answers for route in routes if route.answers is not None]
    return answers + [route.ask for route in routes if route.ask is not None]


def _operation(route: Route, by_type: dict[Any, Json], components: Json) -> Json:
    operation: Json = {
        "summary": route.summary,
        "operationId": _operation_id(route),
        "parameters": _parameters(route, components),
        "responses": _responses(route, by_type),
        "security": _security(route),
        "x-role": route.role or "nobody",
    }
    if route.raw and route.changes:
        operation["requestBody"] = {"required": True, "content": _BYTES}
    elif route.ask is not None and route.changes:
        operation["requestBody"] = {
            "required": bool(components[route.ask.__name__].get("required")),
            "content": {"application/json": {"schema": by_type[route.ask]}},
        }
    return operation


def _operation_id(route: Route) -> str:
    words = [word for word in re.split(r"[^a-z]+", _PART.sub("", route.path)) if word]
    return "_".join([route.method.lower(), *words, *(["one"] if route.path.endswith("}") else [])])


def _security(route: Route) -> list[dict[str, list[str]]]:
    if not route.role:
        return []
    return [{"session": [], "csrf": []}] if route.changes else [{"session": []}]


def _parameters(route: Route, components: Json) -> list[Json]:
    parts: list[Json] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PART.findall(route.path)
    ]
    if route.ask is not None and (route.raw or not route.changes):
        asked = components[route.ask.__name__]
        parts += [
            {"name": name, "in": "query", "required": name in asked.get("required", ()), "schema": schema}
            for name, schema in asked["properties"].items()
        ]
    return parts


def _responses(route: Route, by_type: dict[Any, Json]) -> Json:
    found: Json = {}
    if route.raw and not route.changes:
        found["200"] = {"description": route.summary, "content": _BYTES}
    elif route.answers is None:
        found["204"] = {"description": "Done."}
    else:
        found["200"] = {
            "description": route.summary,
            "content": {"application/json": {"schema": by_type[route.answers]}},
        }
    for status in _statuses(route):
        found[str(status)] = {
            "description": _meaning(status),
            "content": {"application/json": {"schema": by_type[Failure]}},
        }
    return found


def _statuses(route: Route) -> list[int]:
    statuses = set(_ALWAYS)
    if route.role or route.path in PROVE:
        statuses |= {401}
    if route.changes:
        statuses |= {403, 413}
    if route.role not in {"", "agent"}:
        statuses |= {403}
    if "{" in route.path or route.path.startswith(NAMING):
        statuses |= {404}
    if route.refusals:
        statuses |= {409}
    if route.changes and (route.raw or not route.role):
        statuses |= {429}
    return sorted(statuses)


def _meaning(status: int) -> str:
    """Return what a status means: the codes that come with it."""
    if status == int(HTTPStatus.CONFLICT):
        ours = {code for code, (known, _) in CODES.items() if known == status}
        return "Refused by name: " + ", ".join(f"`{name}`" for name in sorted({*REFUSALS, *ours}))
    codes = [f"`{code}`: {sentence}" for code, (known, sentence) in CODES.items() if known == status]
    return " ".join(codes) or HTTPStatus(status).phrase
