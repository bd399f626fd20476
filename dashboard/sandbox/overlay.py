"""The configuration of a sandbox: a copy of ops' own, with our channels in the place of theirs. Nothing starts here.

Their directory is read and never written; the copy lies in the data directory and follows it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from dashboard.sandbox.credentials import NUMBER, WECOM_ACCOUNT, WEIBO_UID, Credentials

FOLDER = "sandbox-config"
MAIL_ADDRESS = "support@company.example"
# Where the played Voice SDK is served, below the desk's own address.
SOFTPHONE_SDK = "/sandbox/ui/softphone.js"
# All customers come from this machine: what bounds one address of the world would bound the whole sandbox.
PLENTY = 100_000
SUFFIXES = {".yaml", ".ics"}
# The entries that ops copy: what is played is what they get.
EXAMPLES = Path(__file__).parents[2] / "channels" / "webhook" / "examples"
# Where each of them speaks to.
HOSTS = {
    "line": ("https://api.line.me", "https://api-data.line.me"),
    "telegram": ("https://api.telegram.org",),
    "whatsapp": ("https://graph.facebook.com",),
}


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where the providers are. `broker` and `gate` are 0 where there is no broker."""

    twilio: str
    wechat: str
    weibo: str
    wecom: str
    line: str
    telegram: str
    whatsapp: str
    mail_in: int
    mail_out: int
    broker: int = 0
    gate: int = 0


def entries_of(keys: Credentials, places: Places) -> dict[str, dict[str, Any]]:
    """Return what the entries of channels.yaml are in a sandbox; what is not said stays as ops have it."""
    return {
        "chat": {"enabled": True, "sessions_a_minute_and_ip": PLENTY, "sockets_per_ip": PLENTY},
        "form": {"enabled": True, "per_ip_an_hour": PLENTY},
        "email": {
            "enabled": True,
            "address": MAIL_ADDRESS,
            "in_port": places.mail_in,
            "out_host": "127.0.0.1",
            "out_port": places.mail_out,
            "out_tls": "none",
        },
        **_twilio(keys, places),
        "wechat": {
            "enabled": True,
            "app_id": keys.wechat_app_id,
            "app_secret_env": "SANDBOX_WECHAT_APP_SECRET",
            "token_env": "SANDBOX_WECHAT_TOKEN",
            "aes_key_env": "SANDBOX_WECHAT_AES_KEY",
            "api_url": places.wechat,
        },
        "weibo": {
            "enabled": True,
            "uid": WEIBO_UID,
            "app_secret_env": "SANDBOX_WEIBO_APP_SECRET",
            "access_token_env": "SANDBOX_WEIBO_ACCESS_TOKEN",
            "api_url": places.weibo,
            "upload_url": places.weibo,
        },
        "wecom": {
            "enabled": True,
            "corp_id": keys.wecom_corp_id,
            "corp_secret_env": "SANDBOX_WECOM_SECRET",
            "token_env": "SANDBOX_WECOM_TOKEN",
            "aes_key_env": "SANDBOX_WECOM_AES_KEY",
            "accounts": [WECOM_ACCOUNT],
            "api_url": places.wecom,
        },
        "app": _app(places),
        **{name: _example(name, getattr(places, name)) for name in HOSTS},
    }


def _twilio(keys: Credentials, places: Places) -> dict[str, Any]:
    """Return the two channels of one account."""
    account = {
        "enabled": True,
        "account_sid": keys.twilio_sid,
        "auth_token_env": "SANDBOX_TWILIO_AUTH_TOKEN",
        "api_url": places.twilio,
        "numbers": [NUMBER],
    }
    softphone = {
        "api_key_sid": keys.twilio_key,
        "api_key_secret_env": "SANDBOX_TWILIO_API_KEY_SECRET",
        "softphone_sdk": SOFTPHONE_SDK,
    }
    return {"sms": account, "phone": {**account, **softphone, "languages": {"+86": "zh", "+66": "th"}}}


def _example(name: str, url: str) -> dict[str, Any]:
    """Return the entry of our documentation, with its provider played here and its secrets ours."""
    text = (EXAMPLES / f"{name}.yaml").read_text(encoding="utf-8")
    for host in HOSTS[name]:
        text = text.replace(host, url)
    entry: dict[str, Any] = yaml.safe_load(text)[name]
    return {key: f"SANDBOX_{value}" if key.endswith("_env") else value for key, value in entry.items()}


def _app(places: Places) -> dict[str, Any]:
    if not places.broker:
        return {"enabled": False}
    return {
        "enabled": True,
        "broker": f"mqtt://127.0.0.1:{places.broker}",
        "gate_broker": f"mqtt://127.0.0.1:{places.gate}",
        "password_env": "SANDBOX_MQTT_PASSWORD",
        "token_key_env": "SANDBOX_APP_TOKEN_KEY",
    }


def overlaid(text: str, entries: Mapping[str, Mapping[str, Any]], *, always_open: bool) -> str:
    """Return one file of the configuration with our entries in it; all else stays as it was written.

    What cannot be read is left to the loader to say.
    """
    try:
        content, root = yaml.safe_load(text), yaml.compose(text, yaml.SafeLoader)
    except yaml.YAMLError:
        return text
    if not isinstance(content, dict) or not isinstance(root, yaml.MappingNode):
        return text
    anew: dict[str, Any] = {}
    if isinstance(channels := content.get("channels"), dict):
        anew["channels"] = channels | {name: {**(channels.get(name) or {}), **ours} for name, ours in entries.items()}
    if always_open and isinstance(hours := content.get("hours"), dict):
        anew["hours"] = dict.fromkeys(hours, "always")
    for key, value in reversed(root.value):
        if key.value in anew:
            # JSON is YAML on one line, whatever stands around it.
            written = json.dumps(anew[key.value], ensure_ascii=False, default=str)
            text = f"{text[: value.start_mark.index]}{written}\n{text[value.end_mark.index :]}"
    return text


def write_overlay(source: Path, target: Path, entries: Mapping[str, Mapping[str, Any]], *, always_open: bool) -> None:
    """Copy a configuration directory with our entries in it. Each file changes at once; what is gone goes."""
    found = {path.relative_to(source): path for path in sorted(source.rglob("*")) if _is_ours(path, source)}
    for inside, path in found.items():
        text = path.read_text(encoding="utf-8", errors="surrogateescape")
        if path.suffix == ".yaml":
            text = overlaid(text, entries, always_open=always_open)
        place = target / inside
        place.parent.mkdir(parents=True, exist_ok=True)
        fresh = place.with_name(f".{place.name}.new")
        fresh.write_text(text, encoding="utf-8", errors="surrogateescape")
        fresh.replace(place)
    for path in [each for each in target.rglob("*") if each.is_file() and each.relative_to(target) not in found]:
        path.unlink()


def _is_ours(path: Path, source: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(source).parts)
    return path.suffix in SUFFIXES and path.is_file() and not hidden
