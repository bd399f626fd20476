"""A small JSON Schema checker for the served document: strict about keywords it does not know. No test here."""

from __future__ import annotations

import re
from itertools import chain
from typing import Any

KNOWN = {
    *("type", "properties", "required", "additionalProperties", "items", "enum", "const", "anyOf", "$ref", "default"),
    *("minimum", "maximum", "minLength", "maxLength", "pattern", "title", "description"),
}
TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
    "array": (list,),
    "object": (dict,),
}


def faults(value: Any, schema: Any, root: Any, at: str = "$") -> list[str]:
    """Return what does not fit, with its place."""
    unknown = set(schema) - KNOWN
    assert not unknown, f"{at}: the checker does not know {unknown}"
    if "$ref" in schema:
        return faults(value, resolved(schema["$ref"], root), root, at)
    if "anyOf" in schema:
        each = [faults(value, option, root, at) for option in schema["anyOf"]]
        return [] if [] in each else [f"{at}: fits none of {len(each)} options", *chain(*each)]
    found = _of_type(value, schema, at) + _bounds(value, schema, at)
    if isinstance(value, dict):
        found += _of_object(value, schema, root, at)
    if isinstance(value, list) and "items" in schema:
        for index, item in enumerate(value):
            found += faults(item, schema["items"], root, f"{at}[{index}]")
    return found


def resolved(ref: str, root: Any) -> Any:
    assert ref.startswith("#/"), ref
    found = root
    for part in ref[2:].split("/"):
        found = found[part]
    return found


def _of_type(value: Any, schema: Any, at: str) -> list[str]:
    wanted = schema.get("type")
    if wanted is None:
        return []
    fits = isinstance(value, TYPES[wanted]) and not (wanted in {"integer", "number"} and isinstance(value, bool))
    return [] if fits else [f"{at}: {type(value).__name__} is no {wanted}"]


def _bounds(value: Any, schema: Any, at: str) -> list[str]:
    found = []
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{at}: not one of {schema['enum']}")
    if isinstance(value, str):
        if "pattern" in schema and not re.search(schema["pattern"], value):
            found.append(f"{at}: does not match {schema['pattern']}")
        if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
            found.append(f"{at}: length {len(value)}")
    if isinstance(value, int) and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        found.append(f"{at}: {value} is out of bounds")
    return found


def _of_object(value: dict[str, Any], schema: Any, root: Any, at: str) -> list[str]:
    properties, more = schema.get("properties", {}), schema.get("additionalProperties", True)
    found = [f"{at}.{name}: missing" for name in schema.get("required", []) if name not in value]
    for name, item in value.items():
        if name in properties:
            found += faults(item, properties[name], root, f"{at}.{name}")
        elif more is False:
            found.append(f"{at}.{name}: not documented")
        elif isinstance(more, dict):
            found += faults(item, more, root, f"{at}.{name}")
    return found
