"""The door to pyotp: a second factor by RFC 6238 (30 s steps, six digits), and codes for a lost phone. Pure but chance.

A code is good for its step and one before or after, and each step only once: who read it over a shoulder has nothing.
"""

import hashlib
import secrets

import pyotp

STEP_S = 30
WINDOW = 1
RECOVERY_CODES = 10
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def new_secret() -> str:
    """160 bits, base32."""
    return pyotp.random_base32()


def address(secret: str, name: str) -> str:
    """otpauth:// for an authenticator; for the screen alone, never for a log."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name="OpenYKT")


def step_of(secret: str, code: str, now: int, last_step: int) -> int | None:
    """The step that this code is of, if it is newer than the last one used; None: it is none."""
    totp = pyotp.TOTP(secret)
    steps = range(now // STEP_S - WINDOW, now // STEP_S + WINDOW + 1)
    return next(
        (step for step in steps if step > last_step and totp.verify(code, for_time=step * STEP_S)),
        None,
    )


def recovery_codes() -> list[str]:
    """As many as are given at once; each opens once, without the phone."""
    return [
        "-".join("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(2)) for _ in range(RECOVERY_CODES)
    ]


def recovery_mark(code: str) -> bytes:
    """What is kept of it: 50 random bits need no slow hash behind a throttle."""
    return hashlib.sha256(code.strip().upper().encode("utf-8", "replace")).digest()
