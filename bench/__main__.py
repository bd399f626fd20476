"""`python -m bench [NAME ...]`: each benchmark here that has a `main`, or those named, each in a process of its own."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def benchmarks() -> list[str]:
    """Return the modules that can be run: those that define `main`."""
    return [
        f"{HERE.name}.{path.stem}"
        for path in sorted(HERE.glob("*.py"))
        if path.stem != "__main__" and _defines_main(ast.parse(path.read_text()))
    ]


def _defines_main(tree: ast.Module) -> bool:
    return any(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == "main" for node in tree.body)


def main() -> int:
    """Run them all, or those named; a failed one is said at the end and makes the exit status."""
    failed, named = [], sys.argv[1:]
    for module in benchmarks():
        if named and module.removeprefix(f"{HERE.name}.") not in named:
            continue
        print(f"--- {module}", flush=True)
        if subprocess.run([sys.executable, "-m", module], cwd=HERE.parent, check=False).returncode:
            failed.append(module)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
