"""The door to argon2: passwords as argon2id, checked at the same cost whoever is named."""

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

PASSWORD_MIN, PASSWORD_MAX = 8, 128
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
"""As OWASP has it for argon2id: 19 MiB each, so that all hashes at once fit beside the books."""
NOBODY = _HASHER.hash(secrets.token_urlsafe())
"""A hash of nobody's: a number that is not here must cost as much time as a wrong password."""


def hashed(password: str) -> str:
    """What is kept. Dear."""
    return _HASHER.hash(password)


def fits(kept: str, password: str) -> bool:
    """Dear, also where nothing is kept."""
    try:
        return _HASHER.verify(kept or NOBODY, password) and bool(kept)
    except (VerificationError, InvalidHashError):
        return False
