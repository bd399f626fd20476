"""The `patchbay` command. It imports what a command needs when it runs, so that `--help` is quick."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from router.cli_ask import ask
from router.cli_customers import COMMANDS
from router.cli_help import help_page
from router.cli_options import DATA, SITE, site
from router.cli_people import user
from router.cli_why import why
from router.memory import kept_for_good, look_less_often

if TYPE_CHECKING:
    from router.core.bundle import Bundle
    from router.store.port import Store

T = TypeVar("T")
CONFIG_TYPE = click.Path(file_okay=False, path_type=Path)
STORE_VARIABLE = "STORE"
NO_DATA = "There is no Patchbay data in {}. `patchbay serve` makes it."


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="patchbay", prog_name="patchbay")
@SITE
def main(**_said: str) -> None:
    """Patchbay: an omnichannel contact-center routing engine that can say why."""
    look_less_often()


@main.command()
@DATA
@click.option("--config", type=CONFIG_TYPE, envvar="CONFIG", default=Path("config"), show_default=True)
@click.option("--host", envvar="HOST", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65_535), envvar="PORT", default=8080, show_default=True)
@click.option("--public-url", envvar="PUBLIC_URL", default="", help="The address under which the world sees us.")
@click.option("--sites", type=click.Path(dir_okay=False, path_type=Path), envvar="SITES", help="A file of sites.")
@click.option("--demo-people", is_flag=True, help="At the first start, also make the agents ana, ben and chloe.")
@click.option("--sandbox", is_flag=True, help="Play the customers of every channel at /sandbox; no provider is needed.")
@click.option("--sandbox-reachable", is_flag=True, help="Also where other machines can reach it.")
@click.option("--demo-day", is_flag=True, help="With --sandbox: a day of synthetic customers and agents.")
def serve(data: Path, config: Path, **options: Any) -> None:
    """Serve channels, dashboard and API until stopped."""
    with kept_for_good():
        from router.clustering import CannotJoin  # noqa: PLC0415
        from router.serving import CannotServe, ServeOptions  # noqa: PLC0415
        from router.serving import serve as run_server  # noqa: PLC0415
        from router.site.datalock import DataInUse  # noqa: PLC0415
        from router.site.key import SiteKeyError  # noqa: PLC0415
        from router.site.kind import OtherKind  # noqa: PLC0415
        from router.site.places import PlacesError  # noqa: PLC0415
        from router.store.port import StoreError  # noqa: PLC0415

    chosen = ServeOptions(data=data, config=config, environment=os.environ, **options)
    try:
        _run(run_server(chosen, click.echo))
    except (CannotJoin, CannotServe, DataInUse, OtherKind, PlacesError, SiteKeyError, StoreError) as fault:
        raise click.ClickException(str(fault)) from None
    except OSError as fault:
        raise click.ClickException(f"{fault.filename or data} cannot be used: {fault.strerror}.") from None


@main.command()
@click.argument("config", type=CONFIG_TYPE, envvar="CONFIG", default=Path("config"))
def check(config: Path) -> None:
    """Check a configuration directory and run its own tests."""
    from channels.discovery import discover  # noqa: PLC0415
    from router.node.switchboard import schemas_of  # noqa: PLC0415
    from router.settings.loading import check_directory  # noqa: PLC0415

    report = check_directory(config, schemas_of(discover()), now_ms=time.time_ns() // 1_000_000)
    for line in report.lines:
        click.echo(line)
    sys.exit(0 if report.ok else 1)


@main.command()
@DATA
def verify(data: Path) -> None:
    """Fold the journal with independent code and report every broken promise."""
    from router.site.datalock import STORE_FILE  # noqa: PLC0415
    from router.store.port import StoreError  # noqa: PLC0415
    from router.verify import verify as verify_store  # noqa: PLC0415

    _need_data(data)
    place = os.environ.get(STORE_VARIABLE) or data / STORE_FILE
    calls, pushes = _delivered()
    try:
        report = verify_store(place, site(), call_channels=calls, push_channels=pushes)
    except StoreError as fault:
        raise click.ClickException(str(fault)) from None
    for line in report.lines():
        click.echo(line)
    sys.exit(0 if report.ok else 1)


def _delivered() -> tuple[list[str], list[str]]:
    """Return the channels that are called, and those that a socket is pushed by."""
    from channels.discovery import discover  # noqa: PLC0415

    delivery = {name: module.CAPABILITIES.delivery for name, module in discover().items()}
    calls, pushes = ([name for name, how in delivery.items() if how == wanted] for wanted in ("call", "push"))
    return calls, pushes


@main.command()
@click.option("--from", "data", type=CONFIG_TYPE, envvar="DATA", default=Path("data"), show_default=True)
@click.option(
    "--to", "address", envvar=STORE_VARIABLE, required=True, help="postgresql://user@host/database, or STORE."
)
def migrate(data: Path, address: str) -> None:
    """Move a site from a data directory to an empty PostgreSQL database, while nothing is served."""
    from router import migrating  # noqa: PLC0415
    from router.site.datalock import STORE_FILE, DataInUse  # noqa: PLC0415
    from router.site.key import SiteKeyError, load_site_key  # noqa: PLC0415
    from router.store.port import StoreError  # noqa: PLC0415

    if not (data / STORE_FILE).exists():
        raise click.ClickException(NO_DATA.format(data))
    calls, pushes = _delivered()
    try:
        with migrating.unserved(data):
            key = load_site_key(data, os.environ)
            told = _run(migrating.migrate(data, address, site(), key=key, say=_said_again))
            told = [*migrating.compare(data, address, site(), call=calls, push=pushes), *told]
    except (DataInUse, SiteKeyError, StoreError) as fault:
        raise click.ClickException(str(fault)) from None
    for line in told:
        click.echo(line)


@main.command()
@DATA
@click.option("--view", "only", default="", help="Only this one, for example legs.")
def rebuild(data: Path, only: str) -> None:
    """Throw views away and make them anew from the journal, while the server is stopped."""
    from router.site.datalock import DataInUse, locked  # noqa: PLC0415
    from router.views.known import VIEWS  # noqa: PLC0415
    from router.views.rebuild import rebuild_view  # noqa: PLC0415

    if only and only not in VIEWS:
        raise click.ClickException(f"There is no view '{only}'. There are: {', '.join(sorted(VIEWS))}.")

    async def work(store: Store) -> None:
        for view in [VIEWS[only]] if only else VIEWS.values():
            click.echo(await rebuild_view(view, site(), store, say=lambda line: click.echo(line, err=True)))

    _need_data(data)
    try:
        with locked(data, 0):
            with_store(data, work)
    except DataInUse as fault:
        raise click.ClickException(str(fault)) from None


@main.command()
@DATA
@click.option("--before", metavar="YYYY-MM", required=True, help="Months before this one, for example 2026-08.")
def seal(data: Path, before: str) -> None:
    """Pack old months of the journal: compressed and summed, read as before. Never needed; it saves room."""
    from datetime import UTC, datetime  # noqa: PLC0415

    try:
        month = datetime.strptime(before, "%Y-%m").replace(tzinfo=UTC)
    except ValueError:
        raise click.ClickException(f"'{before}' is no month; write it like 2026-08.") from None

    async def work(store: Store) -> int:
        return await store.journal.seal(site(), before_ms=int(month.timestamp() * 1_000))

    click.echo(f"{with_store(data, work)} rows of the journal before {before} are sealed.")


@main.command()
@click.argument("scenario", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--seeds", type=click.IntRange(1, 1_000), help="Other than the scenario's own.")
@click.option(
    "--days", type=click.FloatRange(min=0.001, max=365), help="Simulated time, other than the scenario's own."
)
@click.option("--processes", type=click.IntRange(1, 256), help="One for each processor, if not said.")
@click.option("--plot", type=click.Path(dir_okay=False, path_type=Path), help="Also draw it, into this SVG file.")
def simulate(scenario: Path, plot: Path | None, **options: Any) -> None:
    """Live through a SCENARIO.yaml: the router's own core under a virtual clock."""
    from router.planning.command import run_scenario  # noqa: PLC0415
    from router.planning.simulation import SimulationError  # noqa: PLC0415
    from router.settings.problems import SettingsError  # noqa: PLC0415

    try:
        lines = run_scenario(scenario, _bundle_of, _said_again, plot=plot, **options)
    except (SettingsError, SimulationError) as fault:
        raise click.ClickException(str(fault)) from None
    except OSError as fault:
        raise click.ClickException(f"{fault.filename} cannot be written: {fault.strerror}.") from None
    for line in lines:
        click.echo(line)


def _bundle_of(directory: Path) -> Bundle:
    """Load a configuration directory as it is at the beginning of every simulation."""
    from channels.discovery import discover  # noqa: PLC0415
    from router.node.switchboard import schemas_of  # noqa: PLC0415
    from router.planning.scenario import START_MS  # noqa: PLC0415
    from router.settings.loading import load  # noqa: PLC0415

    return load(directory, schemas_of(discover()), now_ms=START_MS).bundle


def _said_again(line: str) -> None:
    """Say how far something is: over the last line on a terminal, else a line of its own."""
    terminal = sys.stderr.isatty()
    click.echo(f"\r{line}\033[K" if terminal else line, err=True, nl=not terminal)


@main.command(hidden=True)
@DATA
@click.option("--site", "chosen", required=True)
@click.argument("out", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def snapshot(data: Path, chosen: str, out: Path) -> None:
    """Recover, and write what came of it: the child process of a running server."""
    from router.node.snapshots import make_snapshot, write_snapshot  # noqa: PLC0415
    from router.release import release  # noqa: PLC0415

    async def work(store: Store) -> None:
        write_snapshot(await make_snapshot(store.journal, chosen, release=release()), out)

    with_store(data, work)


@main.command()
@click.option("--url", default="", help="The server's address; default is this machine and PORT.")
@click.option("--port", type=int, envvar="PORT", default=8080)
def health(url: str, port: int) -> None:
    """Ask a running server whether it is ready: for container health checks."""
    from urllib.error import URLError  # noqa: PLC0415
    from urllib.request import urlopen  # noqa: PLC0415

    address = f"{url or f'http://127.0.0.1:{port}'}/readyz"
    if not address.startswith(("http://", "https://")):
        raise click.ClickException("The address must begin with http:// or https://.")
    try:
        with urlopen(address, timeout=5) as answer:  # noqa: S310 - checked above.
            click.echo(answer.read().decode())
    except (URLError, OSError):
        raise click.ClickException("The server is not ready.") from None


for command in (*COMMANDS, user, ask, why, help_page):
    main.add_command(command)


# --- running ----------------------------------------------------------------------------------------------------------


def _need_data(data: Path) -> None:
    from router.site.datalock import STORE_FILE  # noqa: PLC0415

    if not os.environ.get(STORE_VARIABLE) and not (data / STORE_FILE).exists():
        raise click.ClickException(NO_DATA.format(data))


def with_store(data: Path, work: Callable[[Store], Awaitable[T]]) -> T:
    """Work on the store of this data, beside a server that may be running."""
    from router.clustering import open_store  # noqa: PLC0415
    from router.site.accounts import NoSuchAccount  # noqa: PLC0415
    from router.site.key import SiteKeyError, load_site_key  # noqa: PLC0415
    from router.store.port import StoreError  # noqa: PLC0415

    _need_data(data)

    async def run() -> T:
        store = await open_store(data, load_site_key(data, os.environ), os.environ)
        try:
            return await work(store)
        finally:
            await store.close()

    try:
        return _run(run())
    except (StoreError, SiteKeyError, NoSuchAccount, ValueError) as fault:
        raise click.ClickException(str(fault)) from None


def _run(work: Coroutine[Any, Any, T]) -> T:
    """Run on the faster loop where it is installed."""
    try:
        import uvloop  # noqa: PLC0415
    except ImportError:
        return asyncio.run(work)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)
