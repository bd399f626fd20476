"""The `patchbay ask` command: where a message would go, at which time, and why. The same code as the rules' screen."""

from __future__ import annotations

import asyncio
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from router.cli_options import DATA, site

if TYPE_CHECKING:
    from router.core.bundle import Bundle
    from router.intake.trying import Outcome, Question
    from router.store.port import Store

STEPS = {
    "told": "the customer is told '{notice}'",
    "diverted": "{queue} hands on to {other}",
    "deferred": "kept in {queue} until {until}",
    "overflowed": "{queue} is too much ({why}), on to {other}",
    "offered_way": "the customer is offered another way: {notice} ({why})",
    "queued": "waits in {queue}",
    "held": "kept for {agent} until {until} ({why})",
    "offered": "offered to {agent} ({why})",
}


@click.command()
@DATA
@click.option("--config", type=click.Path(file_okay=False, path_type=Path), help="These files instead of what runs.")
@click.option("--channel", required=True, help="By which channel it comes.")
@click.option("--text", default="", help="What it says.")
@click.option("--subject", default="", help="Its subject, where it has one.")
@click.option("--language", default="", help="Its language; if not said, seen from the text.")
@click.option("--segment", default="", help="The customer's segment.")
@click.option("--customer", type=click.IntRange(min=0), default=0, help="A customer who is known, by number.")
@click.option(
    "--attribute", "attributes", multiple=True, metavar="NAME=VALUE", help="A declared attribute; repeatable."
)
@click.option("--kind", default="message", show_default=True, help="message, or line for one that is only opened.")
@click.option(
    "--at", "when", default="", metavar="TIME", help="Like 2026-12-24T20:00, in the site's zone; now if not said."
)
def ask(data: Path, config: Path | None, when: str, **said: Any) -> None:
    """Say where a message would go, and why: each rule in order, the queue, who could take it."""
    from router.cli import with_store  # noqa: PLC0415
    from router.settings.problems import SettingsError  # noqa: PLC0415
    from router.site.datalock import STORE_FILE  # noqa: PLC0415

    has_data = bool(os.environ.get("STORE")) or (data / STORE_FILE).exists()
    try:
        bundle = _loaded(config or Path(os.environ.get("CONFIG") or "config")) if config or not has_data else None
        if has_data:
            outcome, names, zone = with_store(data, lambda store: _on_floor(store, bundle, when, said))
        else:
            assert bundle is not None, "there are files where there is no data"
            outcome, names, zone = asyncio.run(_on_files(bundle, when, said))
    except SettingsError as fault:
        raise click.ClickException(str(fault.problems[0])) from None
    for line in lines_of(outcome, names, zone):
        click.echo(line)


def _schemas() -> Any:
    from channels.discovery import discover  # noqa: PLC0415
    from router.node.switchboard import schemas_of  # noqa: PLC0415

    return schemas_of(discover())


def _loaded(directory: Path) -> Bundle:
    from router.settings.loading import load  # noqa: PLC0415

    return load(directory, _schemas(), now_ms=_now_ms()).bundle


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _around(bundle: Bundle, at: int) -> Bundle | None:
    """Return the configuration with the hours around another day; None where it knows them."""
    from router.intake.trying import KNOWN_AHEAD_MS, KNOWN_BACK_MS  # noqa: PLC0415
    from router.settings.loading import load_files  # noqa: PLC0415

    now_ms = _now_ms()
    if now_ms - KNOWN_BACK_MS < at < now_ms + KNOWN_AHEAD_MS:
        return None
    return load_files(bundle.files, _schemas(), now_ms=at).bundle


async def _on_files(bundle: Bundle, when: str, said: dict[str, Any]) -> tuple[Outcome, dict[int, str], str]:
    from router.core.bundle import bundle_hash, encode_bundle  # noqa: PLC0415
    from router.intake.trying import Trial  # noqa: PLC0415

    question = _question(bundle, when, said)
    if question.customer:
        raise click.UsageError("--customer needs the data of a floor: say --data.")
    name, at = bundle_hash(encode_bundle(bundle)), question.at or _now_ms()
    trial = Trial(question, bundle, segment=question.segment, language="", known=None, version=name)
    return trial.run(None, _around(bundle, at), at, moved=bool(when)), {}, bundle.zone


async def _on_floor(
    store: Store, bundle: Bundle | None, when: str, said: dict[str, Any]
) -> tuple[Outcome, dict[int, str], str]:
    """Recover the floor as a starting node would, beside the one that runs, and try it there."""
    from channels.discovery import discover  # noqa: PLC0415
    from router.core.trial import sketch_of  # noqa: PLC0415
    from router.floor.recovery import recover_state  # noqa: PLC0415
    from router.intake.acquaintance import Acquaintances  # noqa: PLC0415
    from router.intake.trying import Trial, known_customer  # noqa: PLC0415

    state = await recover_state(store.journal, site(), {})
    running = bundle or state.bundle
    if running is None:
        raise click.ClickException("No configuration has been applied here yet. Say --config.")
    question = _question(running, when, said)
    capabilities = {name: module.CAPABILITIES for name, module in discover().items()}
    acquaintances = Acquaintances(site(), store.archive, capabilities)
    try:
        segment, language, known = await known_customer(site(), store.archive, acquaintances, running, question)
    except LookupError:
        raise click.ClickException(f"There is no customer {question.customer}.") from None
    at = question.at or _now_ms()
    other = _around(running, at) or bundle
    sketch = sketch_of(state, known.lines if known else (), alone=other is not None)
    trial = Trial(question, running, segment=segment, language=language, known=known, version=state.bundle_hash)
    outcome = trial.run(sketch, other, at, moved=bool(when))
    agents = {each.agent for each in outcome.able} | {step.agent for step in outcome.steps}
    accounts = [await store.accounts.by_id(site(), agent) for agent in sorted(agents) if agent]
    return outcome, {each.id: each.name for each in accounts if each is not None}, running.zone


def _question(bundle: Bundle, when: str, said: dict[str, Any]) -> Question:
    from router.intake.coding import Said  # noqa: PLC0415
    from router.intake.trying import Question  # noqa: PLC0415

    if said["channel"] not in bundle.channels:
        raise click.UsageError(f"There is no channel '{said['channel']}'. There are: {', '.join(bundle.channels)}.")
    declared = dict(_pair(each) for each in said["attributes"])
    message = {name: said[name] for name in ("channel", "kind", "text", "subject", "language")}
    return Question(
        said=Said(**message, declared=declared),
        segment=said["segment"],
        customer=said["customer"],
        at=_at(when, bundle.zone) if when else 0,
    )


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise click.UsageError(f"'{text}' is no NAME=VALUE.")
    return name, value


def _at(when: str, zone: str) -> int:
    from router.settings.zones import to_ms, zone_of  # noqa: PLC0415

    try:
        moment = datetime.fromisoformat(when)
    except ValueError:
        raise click.UsageError(f"'{when}' is no time. Write it like 2026-12-24T20:00.") from None
    return to_ms(moment if moment.tzinfo else moment.replace(tzinfo=zone_of(zone)))


def lines_of(outcome: Outcome, names: dict[int, str], zone: str) -> list[str]:
    """Return what came of it, for people."""
    facts = outcome.facts
    told = [facts.channel, f"language {facts.language or 'unknown'}", f"topics {', '.join(facts.topics) or 'none'}"]
    told += [f"segment {facts.segment}"] if facts.segment else []
    lines = [", ".join(told), ""]
    for rule in outcome.trace:
        lines.append(f"{rule.number:>4}  {'yes' if rule.holds else 'no ':3}  {rule.name}")
        for part in rule.parts:
            looked = ", ".join(f"{each.name} is {each.value}" for each in part.looked)
            said = "no value" if part.failed else "yes" if part.holds else "no"
            lines.append(f"           {said:8} {part.text}" + (f"   ({looked})" if looked else ""))
    needs = ", ".join(f"{name.replace(':', ' ')} {level}" for name, level in outcome.needs)
    lines += [
        "",
        f"queue   {outcome.queue}, needs {needs}",
        f"at      {_said(outcome.at, zone)} ({zone}): {_open(outcome, zone)}",
    ]
    lines += [f"then    {_step(step, names, zone)}" for step in outcome.steps]
    if outcome.people:
        lines.append(f"agents  {outcome.able_count} signed in can serve it")
        lines += [
            f"        {_name(each.agent, names)}: {each.stands}, {each.free} of {each.capacity} free"
            for each in outcome.able
        ]
    return lines


def _open(outcome: Outcome, zone: str) -> str:
    if not outcome.closed_by:
        return f"open ({outcome.hours})"
    opens = f", opens {_said(outcome.opens_ms, zone)}" if outcome.opens_ms else ""
    return f"closed by {outcome.closed_by} ({outcome.hours}){opens}"


def _step(step: Any, names: dict[int, str], zone: str) -> str:
    return STEPS[step.kind].format(
        notice=step.notice,
        queue=step.queue,
        other=step.other,
        until=_said(step.until_ms, zone),
        agent=_name(step.agent, names),
        why=", ".join(step.why),
    )


def _name(agent: int, names: dict[int, str]) -> str:
    return names.get(agent) or f"agent {agent}"


def _said(at: int, zone: str) -> str:
    from router.settings.zones import zone_of  # noqa: PLC0415

    return f"{datetime.fromtimestamp(at / 1000, UTC).astimezone(zone_of(zone)):%Y-%m-%d %H:%M}"
