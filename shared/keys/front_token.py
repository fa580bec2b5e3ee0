"""The token by which the accounts service knows the wallet's front: random, in the front's zone; behind it the digest
alone. Pure."""

import hashlib
import hmac

TOKEN_SIZE = 32
"""Random bytes of one."""
DIGEST_FILE = "wallet-front.digest"
"""In DATA/cloud."""
TOKEN_FILE = "token"  # noqa: S105  # the name of a file
"""In DATA/front."""


def digest_of(token: str) -> str:
    """What is kept behind the front."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def is_front(digest: str, token: str) -> bool:
    """Whether this token is the front's."""
    return hmac.compare_digest(digest, digest_of(token))
