"""A real Dovecot on a folder of its own: IMAP with TLS, LMTP for delivery, every user has the password. No test."""

from __future__ import annotations

import asyncio
import imaplib
import os
import pwd
import shutil
import smtplib
import socket
import ssl
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.ports import free_port

PASSWORD = "the-mailbox-password-of-tests"
TOKEN = "ya29.the-token-of-tests"
START_S_MAX = 60.0
BINARY = "/usr/sbin/dovecot"
CONFIG = """
protocols = imap lmtp
listen = 127.0.0.1
base_dir = {run}
state_dir = {state}
instance_name = {name}
log_path = {log}
default_login_user = {login_user}
default_internal_user = {internal_user}
default_internal_group = {internal_group}
ssl = yes
ssl_cert = <{cert}
ssl_key = <{key}
disable_plaintext_auth = no
auth_mechanisms = plain login xoauth2 oauthbearer
mail_location = maildir:{mail}/%u
mail_plugins =
first_valid_uid = 0
first_valid_gid = 0
imap_capability = {capability}
lmtp_save_to_detail_mailbox = no
recipient_delimiter = +
imap_idle_notify_interval = 2 min
passdb {{
  driver = static
  args = password={password}
  mechanisms = plain login
}}
passdb {{
  driver = static
  args = password={token}
  mechanisms = xoauth2 oauthbearer
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={mail}/%u allow_all_users=yes
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap_port}
  }}
  inet_listener imaps {{
    port = {imaps_port}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp_port}
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
service imap {{
  process_limit = 50
}}
namespace inbox {{
  inbox = yes
}}
"""


@dataclass
class Dovecot:
    """The server. It may be stopped, killed and started again; the mail stays."""

    capability: str = ""
    imap_port: int = field(default_factory=free_port)
    imaps_port: int = field(default_factory=free_port)
    lmtp_port: int = field(default_factory=free_port)
    running: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        # Its sockets have names, which a system bounds at 107 characters: a test's own folder may be too deep.
        self.folder = Path(tempfile.mkdtemp(prefix="dovecot-"))
        self.cert = self.folder / "cert.pem"

    # --- life ---------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        if not self.cert.exists():
            self._prepare()
        self._configure()
        with (self.folder / "out").open("ab") as out:
            command = [BINARY, "-F", "-c", str(self.folder / "dovecot.conf")]
            self.running = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        end = time.monotonic() + START_S_MAX
        while not (_answers(self.imap_port) and _answers(self.lmtp_port)):
            assert self.running.poll() is None, self.said()
            assert time.monotonic() < end, self.said()
            await asyncio.sleep(0.05)

    async def stop(self) -> None:
        """End it; its children end with it."""
        if self.running is not None:
            self.running.terminate()
            await asyncio.to_thread(self.running.wait, START_S_MAX)
            self.running = None
        end = time.monotonic() + START_S_MAX
        while _answers(self.imap_port) and time.monotonic() < end:
            await asyncio.sleep(0.05)

    async def remove(self) -> None:
        await self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def said(self) -> str:
        """Return what it has logged."""
        files = (self.folder / "out", self.folder / "log")
        return "\n".join(file.read_text(errors="replace")[-3000:] for file in files if file.exists())

    def _prepare(self) -> None:
        owner = self._owner()
        for name in ("mail", "run", "state"):
            (self.folder / name).mkdir()
        os.chown(self.folder / "mail", owner.pw_uid, owner.pw_gid)
        self.folder.chmod(0o755)
        certificate(self.cert, self.folder / "key.pem")

    @staticmethod
    def _owner() -> pwd.struct_passwd:
        """Mail belongs to no root."""
        return pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())

    def _configure(self) -> None:
        owner, as_root = self._owner(), os.getuid() == 0
        mine = owner.pw_name
        settings = {
            "name": self.folder.name,
            "run": self.folder / "run",
            "state": self.folder / "state",
            "log": self.folder / "log",
            "mail": self.folder / "mail",
            "cert": self.cert,
            "key": self.folder / "key.pem",
            "login_user": "dovenull" if as_root else mine,
            "internal_user": "dovecot" if as_root else mine,
            "internal_group": "dovecot" if as_root else "",
            "capability": self.capability,
            "password": PASSWORD,
            "token": TOKEN,
            "uid": owner.pw_uid,
            "gid": owner.pw_gid,
            "imap_port": self.imap_port,
            "imaps_port": self.imaps_port,
            "lmtp_port": self.lmtp_port,
        }
        (self.folder / "dovecot.conf").write_text(CONFIG.format(**settings))

    # --- mail ---------------------------------------------------------------------------------------------------

    def deliver(self, data: bytes, user: str = "support@example.com", sender: str = "ann@example.org") -> None:
        """Deliver a mail as a mail server would."""
        with smtplib.LMTP("127.0.0.1", self.lmtp_port) as lmtp:
            lmtp.sendmail(sender, [user], data)

    def client(self, user: str = "support@example.com") -> imaplib.IMAP4:
        """Return a signed-in client: what a person at a mail program may do."""
        client = imaplib.IMAP4("127.0.0.1", self.imap_port)
        client.login(user, PASSWORD)
        return client

    def append(self, data: bytes, folder: str = "INBOX", date: str = "", user: str = "support@example.com") -> None:
        """Put a mail into a folder, as of a date if wanted."""
        client = self.client(user)
        answer, _ = client.append(folder, "", date, data)
        assert answer == "OK"
        client.logout()

    def count(self, folder: str = "INBOX", user: str = "support@example.com", what: str = "ALL") -> int:
        """Return how many mails of a folder there are, 0 where it is not."""
        client = self.client(user)
        there = client.select(folder, readonly=True)[0] == "OK"
        found = client.search(None, what)[1][0].split() if there else []
        client.logout()
        return len(found)

    def renumber(self, user: str = "support@example.com") -> None:
        """Let a new UIDVALIDITY begin, as after a restore or a move to another server. It is the second in which."""
        begun = int(time.time())
        while int(time.time()) == begun:
            time.sleep(0.05)
        for path in (self.folder / "mail" / user).glob("dovecot*"):
            path.unlink()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def certificate(cert: Path, key: Path) -> None:
    """Write a certificate for this machine that nobody else believes."""
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", str(key)]
    subprocess.run([*made, "-out", str(cert), *subject], check=True, capture_output=True)


def trusting(cert: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(cert))
