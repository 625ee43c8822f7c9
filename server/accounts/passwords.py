"""Password hashes: argon2id with the parameters OWASP names."""

from __future__ import annotations

from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from server.accounts import problems

MINIMUM_LENGTH = 8


@lru_cache(maxsize=2)
def _hasher(cost: str) -> PasswordHasher:
    if cost == "test":
        return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    # OWASP Password Storage Cheat Sheet: t=2, m=19 MiB, p=1.
    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


@lru_cache(maxsize=2)
def _nobody(cost: str) -> str:
    return _hasher(cost).hash("nobody has this password")


def hash_password(password: str, cost: str) -> str:
    """Hash a new password. Raises the problem password_weak for a short one."""
    if len(password) < MINIMUM_LENGTH:
        raise problems.PASSWORD_WEAK.error(field="password", minimum=MINIMUM_LENGTH)
    return _hasher(cost).hash(password)


def verify_password(stored: str | None, password: str, cost: str) -> bool:
    """True if the password fits. An unknown user takes as long as a wrong password."""
    try:
        _hasher(cost).verify(stored or _nobody(cost), password)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None
