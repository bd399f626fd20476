"""The sandbox's accounts at the providers: made anew at each start, worth nothing anywhere else."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

NUMBER = "+420555000100"
WEIBO_UID = "1902538057"
MAIL_DOMAIN = "sandbox.invalid"
# Console keys of WeChat have letters and digits only.
AES_KEY_CHARS = 43
AES_KEY_SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def _hex(letters: int) -> str:
    return secrets.token_hex(letters // 2)


def _account_sid() -> str:
    return f"AC{_hex(32)}"


def _aes_key() -> str:
    return "".join(secrets.choice(AES_KEY_SIGNS) for _ in range(AES_KEY_CHARS))


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """One set. `__repr__` says nothing, so that none of it is logged."""

    twilio_sid: str = field(default_factory=_account_sid)
    twilio_token: str = field(default_factory=lambda: _hex(32))
    wechat_app_id: str = field(default_factory=lambda: f"wx{_hex(16)}")
    wechat_secret: str = field(default_factory=lambda: _hex(32))
    wechat_token: str = field(default_factory=lambda: _hex(32))
    wechat_aes_key: str = field(default_factory=_aes_key)
    weibo_secret: str = field(default_factory=lambda: _hex(32))
    weibo_token: str = field(default_factory=lambda: f"2.00{_hex(32)}")
    app_token_key: str = field(default_factory=lambda: _hex(64))
    broker_password: str = field(default_factory=lambda: _hex(32))
    page_token: str = field(default_factory=lambda: secrets.token_urlsafe(24))

    def __repr__(self) -> str:
        return "Credentials()"

    def environment(self) -> dict[str, str]:
        """Return them under the names that the overlay of channels.yaml gives."""
        return {
            "SANDBOX_TWILIO_AUTH_TOKEN": self.twilio_token,
            "SANDBOX_WECHAT_APP_SECRET": self.wechat_secret,
            "SANDBOX_WECHAT_TOKEN": self.wechat_token,
            "SANDBOX_WECHAT_AES_KEY": self.wechat_aes_key,
            "SANDBOX_WEIBO_APP_SECRET": self.weibo_secret,
            "SANDBOX_WEIBO_ACCESS_TOKEN": self.weibo_token,
            "SANDBOX_APP_TOKEN_KEY": self.app_token_key,
            "SANDBOX_MQTT_PASSWORD": self.broker_password,
        }
