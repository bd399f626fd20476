"""The sandbox's accounts at the providers: made anew at each start, worth nothing anywhere else."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

NUMBER = "+420555000100"
WEIBO_UID = "1902538057"
WECOM_ACCOUNT = "wkSandboxAccount0000"
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
    twilio_key: str = field(default_factory=lambda: f"SK{_hex(32)}")
    twilio_key_secret: str = field(default_factory=lambda: _hex(32))
    wechat_app_id: str = field(default_factory=lambda: f"wx{_hex(16)}")
    wechat_secret: str = field(default_factory=lambda: _hex(32))
    wechat_token: str = field(default_factory=lambda: _hex(32))
    wechat_aes_key: str = field(default_factory=_aes_key)
    weibo_secret: str = field(default_factory=lambda: _hex(32))
    weibo_token: str = field(default_factory=lambda: f"2.00{_hex(32)}")
    wecom_corp_id: str = field(default_factory=lambda: f"ww{_hex(16)}")
    wecom_secret: str = field(default_factory=lambda: _hex(42))
    wecom_token: str = field(default_factory=lambda: _hex(32))
    wecom_aes_key: str = field(default_factory=_aes_key)
    line_secret: str = field(default_factory=lambda: _hex(32))
    line_token: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    telegram_token: str = field(default_factory=lambda: f"1102015432:{secrets.token_urlsafe(24)}")
    telegram_secret: str = field(default_factory=lambda: _hex(32))
    whatsapp_secret: str = field(default_factory=lambda: _hex(32))
    whatsapp_token: str = field(default_factory=lambda: f"EAAJB{_hex(64)}")
    whatsapp_verify: str = field(default_factory=lambda: _hex(32))
    app_token_key: str = field(default_factory=lambda: _hex(64))
    broker_password: str = field(default_factory=lambda: _hex(32))
    page_token: str = field(default_factory=lambda: secrets.token_urlsafe(24))

    def __repr__(self) -> str:
        return "Credentials()"

    def environment(self) -> dict[str, str]:
        """Return them under the names that the overlay of channels.yaml gives."""
        return {
            "SANDBOX_TWILIO_AUTH_TOKEN": self.twilio_token,
            "SANDBOX_TWILIO_API_KEY_SECRET": self.twilio_key_secret,
            "SANDBOX_WECHAT_APP_SECRET": self.wechat_secret,
            "SANDBOX_WECHAT_TOKEN": self.wechat_token,
            "SANDBOX_WECHAT_AES_KEY": self.wechat_aes_key,
            "SANDBOX_WEIBO_APP_SECRET": self.weibo_secret,
            "SANDBOX_WEIBO_ACCESS_TOKEN": self.weibo_token,
            "SANDBOX_WECOM_SECRET": self.wecom_secret,
            "SANDBOX_WECOM_TOKEN": self.wecom_token,
            "SANDBOX_WECOM_AES_KEY": self.wecom_aes_key,
            "SANDBOX_LINE_CHANNEL_SECRET": self.line_secret,
            "SANDBOX_LINE_CHANNEL_ACCESS_TOKEN": self.line_token,
            "SANDBOX_TELEGRAM_BOT_TOKEN": self.telegram_token,
            "SANDBOX_TELEGRAM_SECRET": self.telegram_secret,
            "SANDBOX_WHATSAPP_APP_SECRET": self.whatsapp_secret,
            "SANDBOX_WHATSAPP_TOKEN": self.whatsapp_token,
            "SANDBOX_WHATSAPP_VERIFY": self.whatsapp_verify,
            "SANDBOX_APP_TOKEN_KEY": self.app_token_key,
            "SANDBOX_MQTT_PASSWORD": self.broker_password,
        }
