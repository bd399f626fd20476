"""A whole node with a telephone, before the fake exchange: at its end its journal keeps every promise. No test here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from channels import phone
from router.verify import verify
from tests.channels.phone.conftest import OURS
from tests.floor.nodehouse import CONFIG, NodeHouse
from tests.providers.twilio import ACCOUNT, TOKEN, Twilio
from tests.providers.twilio_calls import Calls

PUBLIC = "http://127.0.0.1"
PAGES = f"{PUBLIC}/channels/phone"


@asynccontextmanager
async def exchanging() -> AsyncIterator[Calls]:
    """Start an exchange; every request of ours must be as the vendor's document describes it."""
    twilio = Twilio()
    await twilio.start()
    made = Calls(twilio)
    made.status_url = f"{PAGES}/status"
    yield made
    assert twilio.wrong == []


@asynccontextmanager
async def telephoned(
    folder: Path, calls: Calls, *, config: str = CONFIG, languages: str = "{}", reconcile_s: int = 10
) -> AsyncIterator[NodeHouse]:
    """Start a node on the exchange; the exchange stops before it."""
    entry = (
        f"  phone: {{account_sid: {ACCOUNT}, auth_token_env: TOKEN, api_url: '{calls.twilio.url}', "
        f"numbers: ['{OURS}'], languages: {languages}, reconcile_s: {reconcile_s}}}\n"
    )
    made = NodeHouse(folder, {"phone": phone}, entry)
    made.write(config, entry)
    await made.start(environment={"TOKEN": TOKEN})
    calls.twilio.reach = lambda url: url.replace(PUBLIC, str(made.client.make_url("/")).rstrip("/"))
    await made.ready()
    yield made
    await calls.twilio.stop()
    await made.stop()
    report = verify(made.path, "main", call_channels=["phone"])
    assert report.ok, report.lines()
