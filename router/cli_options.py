"""Options that several `patchbay` commands have. No command lives here."""

from __future__ import annotations

from pathlib import Path

import click

# The only site of a small installation; the same as `router.site.places.MAIN`, which `--help` shall not import.
MAIN = "main"
DATA = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="DATA",
    default=Path("data"),
    show_default=True,
    help="The data directory.",
)
SITE = click.option("--site", envvar="SITE", default=MAIN, show_default=True, help="Which of several floors.")


def site() -> str:
    """Return the site that the command is about, as said right after `patchbay`."""
    return str(click.get_current_context().find_root().params.get("site") or MAIN)
