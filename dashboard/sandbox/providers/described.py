"""Holds requests to an OpenAPI document: unknown or missing fields, types, patterns. A small reader, no test."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

Pairs = Sequence[tuple[str, str]]


class Described:
    """One document."""

    def __init__(self, path: Path) -> None:
        self._paths: dict[str, Any] = json.loads(path.read_text())["paths"]
        self._patterns = {
            template: re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template.replace(".", r"\.")) + "$")
            for template in self._paths
        }

    def faults(self, method: str, path: str, query: Pairs, form: Pairs) -> list[str]:
        """Return what is wrong with a request, empty for nothing."""
        for template, pattern in self._patterns.items():
            found = pattern.match(path)
            operation = self._paths[template].get(method.lower())
            if found and operation:
                return [*_parameters(operation, found.groupdict(), query), *_form(operation, form)]
        return [f"{method} {path}: no such operation"]


def _parameters(operation: Mapping[str, Any], in_path: Mapping[str, str], query: Pairs) -> list[str]:
    schemas = {each["name"]: each["schema"] for each in operation["parameters"] if each["in"] == "query"}
    parts = {each["name"]: each["schema"] for each in operation["parameters"] if each["in"] == "path"}
    wrong = [fault for name, value in in_path.items() for fault in _value(name, value, parts[name])]
    return wrong + _fields(query, schemas, ())


def _form(operation: Mapping[str, Any], form: Pairs) -> list[str]:
    content = operation.get("requestBody", {}).get("content", {})
    schema = content.get("application/x-www-form-urlencoded", {}).get("schema", {})
    return _fields(form, schema.get("properties", {}), schema.get("required", ()))


def _fields(given: Pairs, schemas: Mapping[str, Any], required: Sequence[str]) -> list[str]:
    names = [name for name, _ in given]
    wrong = [f"{name}: missing" for name in required if name not in names]
    for name in sorted(set(names)):
        schema = schemas.get(name)
        if schema is None:
            wrong.append(f"{name}: unknown")
        elif schema.get("type") != "array" and names.count(name) > 1:
            wrong.append(f"{name}: given twice")
    for name, value in given:
        schema = schemas.get(name, {})
        wrong += _value(name, value, schema.get("items", {}) if schema.get("type") == "array" else schema)
    return wrong


def _value(name: str, value: str, schema: Mapping[str, Any]) -> list[str]:
    checks: dict[str, Callable[[Any], bool]] = {
        "pattern": lambda rule: re.search(rule, value) is not None,
        "minLength": lambda rule: len(value) >= rule,
        "maxLength": lambda rule: len(value) <= rule,
        "enum": lambda rule: value in rule,
        "minimum": lambda rule: not value.lstrip("-").isdigit() or int(value) >= rule,
        "maximum": lambda rule: not value.lstrip("-").isdigit() or int(value) <= rule,
        "type": lambda rule: {"integer": value.lstrip("-").isdigit(), "boolean": value in {"true", "false"}}.get(
            rule, True
        ),
        "format": lambda rule: rule != "uri" or bool(urlsplit(value).scheme and urlsplit(value).netloc),
    }
    return [
        f"{name}: {check} {schema[check]}"
        for check, holds in checks.items()
        if check in schema and not holds(schema[check])
    ]
