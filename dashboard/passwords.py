"""Passwords: made into argon2 hashes and checked against them, off the loop. No accounts and no sessions here."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

# OWASP's argon2id profile; the library's own default costs half a second of a small machine per sign-in.
MEMORY_KIB, PASSES, LANES = 19 * 1024, 2, 1
# More at a time would only take the processors from the router; who comes next waits his turn.
WORKERS_MAX = 2
# Who waits longer than so many others is told to come again: a sign-in storm must not fill the memory.
WAITING_MAX = 64
# Long enough for any passphrase, short enough that hashing one costs nothing extra.
PASSWORD_CHARS_MIN, PASSWORD_CHARS_MAX = 8, 256
# Well-formed, of the same profile, and of no password anybody has: an unknown login takes as long as a known one.
NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$cGF0Y2hiYXktbm9ib2R5$wq4oKkT9n1h5s0uVw3m9m4Tq2Vn3bq0o5pQmJcC1c2E"


class TooManyChecks(Exception):
    """More sign-ins are waiting than the machine can work off soon."""


def _hasher() -> PasswordHasher:
    return PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES, type=Type.ID)


def hash_password(password: str) -> str:
    """Return the hash under which a password is stored. Takes some 50 ms: off the loop, call `Passwords.hash`."""
    if not PASSWORD_CHARS_MIN <= len(password) <= PASSWORD_CHARS_MAX:
        raise ValueError(f"A password has {PASSWORD_CHARS_MIN} to {PASSWORD_CHARS_MAX} characters.")
    return _hasher().hash(password)


def verify_password(stored: str, password: str) -> bool:
    """Return whether this is the password. An empty or damaged hash is nobody's, and takes as long to say no."""
    try:
        return _hasher().verify(stored or NOBODY, password[:PASSWORD_CHARS_MAX])
    except InvalidHashError:
        return verify_password(NOBODY, password)
    except VerificationError:
        return False


class Passwords:
    """Hashing in worker threads, bounded in number and in who waits for one."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=WORKERS_MAX, thread_name_prefix="passwords")
        self._waiting = 0

    async def hash(self, password: str) -> str:
        """Return the hash of a new password. Raises ValueError with a sentence when it is too short or too long."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, hash_password, password)

    async def verify(self, stored: str, password: str) -> bool:
        """Return whether this is the password; `stored` is empty for an unknown login. Raises TooManyChecks."""
        if self._waiting >= WAITING_MAX:
            raise TooManyChecks
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, verify_password, stored, password)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
