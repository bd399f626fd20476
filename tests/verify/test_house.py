"""`verify` is worth something because it shares nothing with what it checks: a rule, so a machine looks."""

from __future__ import annotations

import ast
from pathlib import Path

import router.verify

ALLOWED_CORE = {"router.core", "router.core.events", "router.core.record", "router.core.facts", "router.core.bundle"}


def _imported(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    plain = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    pairs = [(node.module or "", node.names) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    whole = {module for module, _ in pairs}
    members = {f"{module}.{alias.name}" for module, names in pairs if module == "router.core" for alias in names}
    return plain | whole | members


def test_verify_takes_only_the_vocabulary_from_the_core() -> None:
    files = sorted(Path(router.verify.__path__[0]).glob("*.py"))
    assert len(files) > 5
    for path in files:
        core = {name for name in _imported(path) if name.startswith("router.core")}
        assert core <= ALLOWED_CORE, path.name
