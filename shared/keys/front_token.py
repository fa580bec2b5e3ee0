"""The token by which the accounts service knows a front: random, in its zone; behind it the digest alone. Pure."""

import hashlib
import hmac
from typing import NamedTuple

TOKEN_SIZE = 32
"""Random bytes of one."""
TOKEN_FILE = "token"  # noqa: S105  # the name of a file
"""In a front's folder."""


class Zone(NamedTuple):
    """What a front is given. folder: all of DATA that it reads; digest: in DATA/cloud, by which its token is known."""

    folder: str
    digest: str


WALLET = Zone("front", "wallet-front.digest")
OPEN = Zone("open", "open-front.digest")


def digest_of(token: str) -> str:
    """What is kept behind the front."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def is_front(digest: str, token: str) -> bool:
    """Whether this token is the front's."""
    return hmac.compare_digest(digest, digest_of(token))
