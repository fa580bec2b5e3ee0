"""A payment code out of its secret. Pure.

The 128 bits never leave the process that drew them: what is shown are 18 digits that follow from them, and what is kept
is a digest of these. Nobody who knows the codes of before knows the next one.
"""

import hashlib
import hmac

from shared.online import CODES_MAX, code_of

SECRET_SIZE = 16
_LABEL = b"openykt payment code digits v1"


def code_from(secret: bytes, turn: int = 0) -> str:
    """18 digits. turn: another code of the same secret, where the first is another wallet's already."""
    drawn = hmac.digest(secret, _LABEL + turn.to_bytes(1, "big"), hashlib.sha256)
    return code_of(int.from_bytes(drawn, "big") % CODES_MAX)
