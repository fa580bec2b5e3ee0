"""How the accounts service knows its front: a token, of which it keeps the digest. DATA/front/token has it, 0600.

DATA/front is all that the front zone has: its certificate and key, our CA, and this. Without a digest a new token is
made, so a front that was lost is locked out by removing DATA/cloud/wallet-front.digest.
"""

import hashlib
import hmac
import secrets
from pathlib import Path

from cloud.process.settings import FOLDER
from cloud.process.whole_file import write_whole

DIGEST_FILE, TOKEN_FILE, FRONT = "wallet-front.digest", "token", "front"
TOKEN_SIZE = 32


def front_digest(data: Path) -> str:
    """Of the token; made with it when it is not there."""
    kept = data / FOLDER / DIGEST_FILE
    if not kept.exists():
        token = secrets.token_urlsafe(TOKEN_SIZE)
        (data / FRONT).mkdir(mode=0o700, exist_ok=True)
        write_whole(data / FRONT / TOKEN_FILE, f"{token}\n".encode())
        write_whole(kept, f"{_digest(token)}\n".encode())
    return kept.read_text(encoding="ascii").strip()


def is_front(digest: str, token: str) -> bool:
    """Whether this token is the front's."""
    return hmac.compare_digest(digest, _digest(token))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
