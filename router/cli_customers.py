"""The `patchbay` commands about customers as persons: forgetting one, handing out what is known, sweeping, tables."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from router.cli_options import DATA, site

if TYPE_CHECKING:
    from router.care.sweeping import Swept
    from router.site.files import Files
    from router.store.port import Store

T = TypeVar("T")
CUSTOMER = click.argument("customer", type=click.IntRange(min=1))
NOBODY = "There is no customer {}. The number stands on the customer's page, and in the API as `id`."
REFUSED = {
    "customer_unknown": NOBODY,
    "conversations_open": "Customer {} has open conversations. Close them first: ",
    "effects_waiting": "Answers to customer {} are still on their way. Try again shortly: ",
}
WAITS = {
    "store_busy": "Something reads the data for long. The last traces go with the next sweep (`patchbay sweep`).",
    "file_too_large": "The database is too large to be scrubbed here. The last traces go when it is vacuumed.",
}


@click.command()
@DATA
@CUSTOMER
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase(data: Path, customer: int, yes: bool) -> None:
    """Forget CUSTOMER for good: names, addresses, words, drafts and files. The journal's figures stay."""
    from router.care.erasing import Eraser  # noqa: PLC0415
    from router.clock import SystemClock  # noqa: PLC0415

    if not yes:
        click.confirm(f"Forget customer {customer} for good? `patchbay export` hands out what is known.", abort=True)
    done = _with_files(
        data, lambda store, files: Eraser(site(), store, files, SystemClock().now_ms).erase(customer, agent=0)
    )
    if done.refused:
        raise click.ClickException(REFUSED[done.refused].format(customer) + ", ".join(done.open))
    click.echo(f"Forgot customer {customer}: {done.messages} messages, {done.files} files, {done.drafts} drafts.")
    if done.waits:
        click.echo(WAITS.get(done.waits, done.waits))


@click.command()
@DATA
@CUSTOMER
@click.option("--to", "folder", type=click.Path(file_okay=False, path_type=Path), required=True, help="A new folder.")
def export(data: Path, customer: int, folder: Path) -> None:
    """Write everything that is known of CUSTOMER into a folder: customer.json, and their files."""
    from router.care.exporting import Exporter  # noqa: PLC0415

    if folder.exists():
        raise click.ClickException(f"{folder} exists already. Name a new folder.")

    def put(name: str, content: bytes) -> None:
        path = folder / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_bytes(content)

    files = _with_files(data, lambda store, files: Exporter(site(), store, files).write(customer, put))
    if files is None:
        raise click.ClickException(NOBODY.format(customer))
    click.echo(f"Wrote {folder / 'customer.json'} and {files} files.")


@click.command()
@DATA
def sweep(data: Path) -> None:
    """Take away what nobody names any more, as a running server does each day, and say what it was."""
    swept = _with_files(data, _swept)
    click.echo(f"{swept.files:>6} files that nothing names")
    click.echo(f"{swept.halves:>6} halves of files")
    click.echo(f"{swept.uploads:>6} uploads that were never sent")
    click.echo(f"{swept.undecided:>6} messages that were written and never decided")
    click.echo(f"{swept.erasures:>6} erasures ended, {swept.waits} wait")
    click.echo(f"{swept.complaints:>6} complaints and {swept.reviews} reviews and remarks that were kept long enough")


async def _swept(store: Store, files: Files) -> Swept:
    """Sweep by the configuration that runs: how long what was written is kept stands there."""
    from router.care.sweeping import Sweeper  # noqa: PLC0415
    from router.clock import SystemClock  # noqa: PLC0415
    from router.floor.recovery import recover_state  # noqa: PLC0415

    running = (await recover_state(store.journal, site(), {})).bundle
    return await Sweeper(site(), store, files, SystemClock().now_ms, bundle=lambda: running).sweep()


@click.group()
def customers() -> None:
    """Customers as a list."""


@customers.command("import")
@DATA
@click.argument("table", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_table(data: Path, table: Path) -> None:
    """Set segments and attributes from TABLE, a CSV file: number, email or phone; segment; the rest are attributes.

    An empty cell takes away. Every line is found first: while one is faulty nothing is written.
    """
    from router.care.importing import Faulty, Importing  # noqa: PLC0415
    from router.cli import with_store  # noqa: PLC0415
    from router.clock import SystemClock  # noqa: PLC0415

    try:
        text = table.read_text(encoding="utf-8-sig")
        done = with_store(data, lambda store: Importing(site(), store).do(text, at=SystemClock().now_ms()))
    except UnicodeDecodeError:
        raise click.ClickException(f"{table} is not UTF-8.") from None
    except Faulty as faulty:
        raise click.ClickException("Nothing was changed.\n" + "\n".join(faulty.faults)) from None
    click.echo(f"{done.lines} lines: {done.placed} in another segment, {done.described} with other attributes.")


COMMANDS = (erase, export, sweep, customers)


def _with_files(data: Path, work: Callable[[Store, Files], Awaitable[T]]) -> T:
    from router.cli import with_store  # noqa: PLC0415
    from router.clustering import FILES_VARIABLE  # noqa: PLC0415
    from router.site.files import FolderFiles  # noqa: PLC0415
    from router.site.key import load_site_key  # noqa: PLC0415

    def opened(store: Store) -> Awaitable[T]:
        folder = Path(os.environ.get(FILES_VARIABLE) or data / "files") / site()
        return work(store, FolderFiles(folder, load_site_key(data, os.environ).derive("files", site())))

    return with_store(data, opened)
