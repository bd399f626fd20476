"""Hashes of the tests' passwords, made as cheaply as argon2 allows. No password and no account lives here.

A hash says itself what it costs to be checked. What ours cost is looked at in tests/dashboard alone.
"""

from __future__ import annotations

from argon2 import PasswordHasher, Type


def quick_hash(password: str) -> str:
    """Return a hash that the product takes like its own, for a hundredth of the work."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1, type=Type.ID).hash(password)
