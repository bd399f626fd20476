"""When a sandbox may not be on: real accounts, or strangers who could reach it. Pure but for reading files."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

# The names under which our pages and examples tell ops to keep secrets; config may name others.
USUAL_VARIABLES = frozenset(
    {
        "APP_TOKEN_KEY",
        "CHAT_IDENTITY_KEY",
        "IMAP_PASSWORD",
        "LINE_CHANNEL_ACCESS_TOKEN",
        "LINE_CHANNEL_SECRET",
        "MQTT_PASSWORD",
        "PIGEON_CHECK",
        "PIGEON_SECRET",
        "PIGEON_TOKEN",
        "SMTP_PASSWORD",
        "TELEGRAM_BOT_TOKEN",
        "TELEGRAM_SECRET",
        "TWILIO_API_KEY_SECRET",
        "TWILIO_AUTH_TOKEN",
        "TWILIO_OLD_AUTH_TOKEN",
        "WECHAT_AES_KEY",
        "WECHAT_AES_KEY_OLD",
        "WECHAT_APP_SECRET",
        "WECHAT_TOKEN",
        "WECOM_AES_KEY",
        "WECOM_SECRET",
        "WECOM_TOKEN",
        "WEIBO_ACCESS_TOKEN",
        "WEIBO_APP_SECRET",
        "WHATSAPP_APP_SECRET",
        "WHATSAPP_TOKEN",
        "WHATSAPP_VERIFY",
    }
)
# With one of these an entry belongs to a real account at a provider.
ACCOUNT_FIELDS = frozenset(
    {"account_sid", "app_id", "uid", "corp_id", "imap_host", "in_port", "out_host", "broker", "by", "secret_env"}
)
REAL = "This configuration is a production one: {}. A sandbox needs one without real accounts."


class NoSandbox(Exception):
    """A sandbox may not be on here; the sentence says why and what to do."""


def check_place(host: str, public_url: str, *, reachable: bool) -> None:
    """Raise NoSandbox when others than this machine could reach it and nobody has said that they may."""
    for said in (host, urlsplit(public_url).hostname or "" if public_url else ""):
        if said and not reachable and not is_loopback(said):
            raise NoSandbox(
                f"A sandbox on {said} could be reached by others. Use 127.0.0.1, or add --sandbox-reachable: "
                "whoever has its token plays customers, and calls and messages go nowhere."
            )


def check_config(directory: Path, environment: Mapping[str, str]) -> None:
    """Raise NoSandbox for a production configuration: a real credential in the environment, an account in channels."""
    named = set(USUAL_VARIABLES)
    for name, entry in channel_entries(directory):
        named |= {str(value) for key, value in entry.items() if key.endswith("_env") and value}
        fields = sorted(field for field in ACCOUNT_FIELDS if entry.get(field))
        if fields and entry.get("enabled", True):
            raise NoSandbox(REAL.format(f"the entry {name} of its channels has {fields[0]}"))
    found = sorted(variable for variable in named if environment.get(variable))
    if found:
        raise NoSandbox(REAL.format(f"the environment variable {found[0]} is set"))


def channel_entries(directory: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the entries of all files. What cannot be read holds no account: the loader refuses it anyway."""
    for path in sorted(directory.rglob("*.yaml")):
        try:
            content = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeError, yaml.YAMLError):
            continue
        channels = content.get("channels") if isinstance(content, dict) else None
        for name, entry in (channels or {}).items() if isinstance(channels, dict) else ():
            if isinstance(entry, dict):
                yield str(name), entry


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
