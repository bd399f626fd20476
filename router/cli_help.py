"""The `patchbay help` commands: articles of the help page from a folder of Markdown files, and back into one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from router.cli_options import DATA, site

if TYPE_CHECKING:
    from router.store.port import Store

FIRST = click.option("--first", default="en", show_default=True, help="The site's first language.")


@click.group("help")
def help_page() -> None:
    """Articles of the help page as files, so that they can be kept beside code."""


@help_page.command("import")
@DATA
@FIRST
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def import_folder(data: Path, first: str, folder: Path) -> None:
    """Take the articles of FOLDER: files named SLUG.LANGUAGE.md. What is the same already is left alone.

    While one file is faulty nothing is written. Articles and languages without a file stay as they are.
    """
    from dashboard.helping.folder import FILE_BYTES_MAX, FaultyFolder, Folder  # noqa: PLC0415
    from router.cli import with_store  # noqa: PLC0415
    from router.clock import SystemClock  # noqa: PLC0415

    found = sorted(folder.glob("*.md"))
    large = [path.name for path in found if path.stat().st_size > FILE_BYTES_MAX]
    if large:
        raise click.ClickException(f"Nothing was changed. Too large: {', '.join(large)}.")
    try:
        files = {path.name: path.read_text(encoding="utf-8-sig") for path in found}
        now_ms = SystemClock().now_ms()
        done = with_store(data, lambda store: Folder(site(), store, first=first, now_ms=now_ms).take(files))
    except UnicodeDecodeError:
        raise click.ClickException("Nothing was changed. A file is not UTF-8.") from None
    except FaultyFolder as faulty:
        raise click.ClickException("\n".join(faulty.faults)) from None
    click.echo(f"{done.new} new, {done.changed} changed, {done.same} the same.")


@help_page.command("export")
@DATA
@FIRST
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def export_folder(data: Path, first: str, folder: Path) -> None:
    """Write every article into FOLDER, a file for each of its languages. Files of the same name are written anew."""
    from dashboard.helping.folder import files_of  # noqa: PLC0415
    from router.cli import with_store  # noqa: PLC0415
    from router.intake.helping import ARTICLES_MAX  # noqa: PLC0415

    async def work(store: Store) -> dict[str, str]:
        return files_of(await store.articles.all(site(), limit=ARTICLES_MAX), first)

    files = with_store(data, work)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    click.echo(f"Wrote {len(files)} files.")
