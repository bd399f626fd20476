"""Requests that the served OpenAPI document forbids: for every operation, what it asks for and then something else."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.badinput.mutate import PIECES, Soil, made
from tests.badinput.tally import MARK

Json = Any
WORDS = (
    *("", " ", MARK, "\0", "\ud800", "\u202e", "²", "null", "../../etc/passwd", "' OR 1=1 --", "{{7*7}}", "<script>"),
    *("a" * 65, "a" * 101, "a" * 5_000, "%00", "9" * 25, "-1", "🙂" * 50),
)
NUMBERS = (0, -1, 1, 2**31, 2**53, 2**63, 2**64, -(2**63), 10**30, 0.5, 1e308, -0.0)
OTHERS = (None, True, False, [], {}, [[]], {"a": {"a": {}}}, [1, "a", None])
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "get")
TYPES = (
    *("application/json", "application/json; charset=utf-16", "text/plain", "multipart/form-data", "", "application/*"),
    *("application/json;", "APPLICATION/JSON", "application/x-www-form-urlencoded", "application/json; charset=\udcff"),
)
ENCODINGS = ("gzip", "deflate", "br", "zstd", "identity", "gzip, gzip", "\udcff")
ORIGINS = ("null", "http://[", "https://evil.example", "http://\udcff", "file://", "http://127.0.0.1:1", " ", "http://")


@dataclass(frozen=True)
class Operation:
    """One method of one path, as the document has it. `schema` is that of its body, None for none."""

    method: str
    path: str
    schema: Json
    query: tuple[tuple[str, Json], ...]
    statuses: frozenset[str]


def operations(document: Json) -> list[Operation]:
    """Return what the document offers, but the end of the session that the tests themselves need."""
    found = []
    for path, methods in document["paths"].items():
        for method, said in methods.items():
            body = said.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
            query = tuple((each["name"], each["schema"]) for each in said["parameters"] if each["in"] == "query")
            found.append(Operation(method.upper(), path, body, query, frozenset(said["responses"])))
    return [each for each in found if (each.method, each.path) != ("DELETE", "/api/v1/session")]


@dataclass(frozen=True)
class Known:
    """What is true on this floor, by the name of a part of an address or of a field."""

    values: dict[str, list[str]]
    cookie: str
    csrf: str
    host: str


class Asker:
    """Makes requests. `components` are the document's schemas."""

    def __init__(self, document: Json, known: Known, chance: Random) -> None:
        self._operations = operations(document)
        self._components = document["components"]["schemas"]
        self._known, self._chance = known, chance

    def request(self) -> tuple[Operation | None, bytes]:
        """Return a request that is wrong somewhere, and the operation it names: None where even that is wrong."""
        chance, operation = self._chance, self._chance.choice(self._operations)
        method = chance.choice(METHODS) if chance.random() < 0.05 else operation.method
        path = self._path(operation)
        body = self._body(operation) if operation.method != "GET" or chance.random() < 0.05 else b""
        head = "\r\n".join([f"{method} {path} HTTP/1.1", *self._headers(body), "", ""])
        named = operation if method == operation.method else None
        return named, head.encode("utf-8", "surrogateescape") + body

    def _path(self, operation: Operation) -> str:
        chance, path = self._chance, operation.path
        for name, known in self._known.values.items():
            if "{" + name + "}" in path:
                part = chance.choice(known) if chance.random() < 0.7 else in_address(self._word())
                path = path.replace("{" + name + "}", part)
        pairs = [f"{name}={in_address(self._word())}" for name, _ in operation.query if chance.random() < 0.6]
        if chance.random() < 0.1:
            pairs.append(f"{in_address(self._word())}={in_address(self._word())}")
        return path + ("?" + "&".join(pairs) if pairs else "")

    def _word(self) -> str:
        chance = self._chance
        if chance.random() < 0.3:
            return str(chance.choice(NUMBERS))
        if chance.random() < 0.3:
            return chance.choice(PIECES).decode("utf-8", "surrogateescape")
        return chance.choice(WORDS)

    def _headers(self, body: bytes) -> list[str]:
        chance, known = self._chance, self._known
        kind = "application/json" if chance.random() < 0.92 else chance.choice(TYPES)
        lines = [f"Host: {known.host}", f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
        if chance.random() < 0.95:
            lines.append(f"Cookie: pb_session={known.cookie}")
        else:
            lines.append(f'Cookie: {in_header(self._word())}pb_session={in_header(self._word())}; a="; b')
        if chance.random() < 0.96:
            lines.append(f"X-CSRF: {known.csrf}")
        elif chance.random() < 0.5:
            lines.append(f"X-CSRF: {in_header(self._word())}")
        if chance.random() < 0.04:
            lines.append(f"Origin: {chance.choice(ORIGINS)}")
        if chance.random() < 0.03:
            lines.append(f"Content-Encoding: {chance.choice(ENCODINGS)}")
        if chance.random() < 0.02:
            lines.append(f"Sec-Fetch-Site: {chance.choice(['cross-site', 'same-site', 'x'])}")
        return lines

    def _body(self, operation: Operation) -> bytes:
        chance = self._chance
        value = self._example(operation.schema) if operation.schema else {}
        if chance.random() < 0.85:
            value = self._twisted(value)
        said = json.dumps(value).encode()
        return made(Soil([said], (MARK.encode(), b"\\ud800", b"null", b"[")), chance) if chance.random() < 0.3 else said

    def _example(self, schema: Json) -> Json:
        """Return what a schema asks for."""
        chance = self._chance
        if "$ref" in schema:
            return self._example(self._components[schema["$ref"].rpartition("/")[2]])
        if "anyOf" in schema:
            return self._example(chance.choice(schema["anyOf"]))
        if "enum" in schema:
            return chance.choice(schema["enum"])
        kind = schema.get("type")
        if kind == "object":
            wanted = set(schema.get("required", ()))
            fields = schema.get("properties", {}).items()
            return {name: self._field(name, each) for name, each in fields if name in wanted or chance.random() < 0.5}
        plain: dict[str, Callable[[], Json]] = {
            "string": lambda: MARK,
            "integer": lambda: chance.choice([1, 2, 7, 10**6]),
            "boolean": lambda: chance.random() < 0.5,
            "array": list,
        }
        return plain.get(str(kind), lambda: None)()

    def _field(self, name: str, schema: Json) -> Json:
        known = self._known.values.get(name)
        return self._chance.choice(known) if known and self._chance.random() < 0.5 else self._example(schema)

    def _twisted(self, value: Json) -> Json:
        """Change one thing: a type, a bound, a name, or the whole."""
        chance = self._chance
        if not isinstance(value, dict) or chance.random() < 0.1:
            return self._anything()
        twisted = dict(value)
        if twisted and chance.random() < 0.8:
            name = chance.choice(list(twisted))
            if chance.random() < 0.2:
                del twisted[name]
            else:
                twisted[name] = self._anything()
        else:
            twisted[chance.choice(WORDS)] = self._anything()
        return twisted

    def _anything(self) -> Json:
        chance = self._chance
        value: Json = chance.choice([*WORDS, *NUMBERS, *OTHERS])
        for _ in range(chance.choice([0, 0, 0, 1, 3, 300])):
            value = [value] if chance.random() < 0.5 else {MARK: value}
        return value


def in_address(word: str) -> str:
    """Return a word as it may stand in a request's first line: no blanks and line ends, all else as it is."""
    data = word.encode("utf-8", "surrogatepass" if "\ud800" in word else "surrogateescape")
    return (
        "".join(f"%{byte:02x}" if byte <= 32 or byte in b"#?&%" or byte == 127 else chr(byte) for byte in data[:300])
        .encode("latin-1")
        .decode("utf-8", "surrogateescape")
    )


def in_header(word: str) -> str:
    """Return a word without what would end a header."""
    return word.replace("\r", "").replace("\n", "").replace("\ud800", "?")[:300]
