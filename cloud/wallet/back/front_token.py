"""How the accounts service knows its front: a token, of which it keeps the digest. DATA/front/token has it, 0600.

DATA/front is all that the front zone has: its certificate and key, our CA, and this. Without a digest a new token is
made, so a front that was lost is locked out by removing DATA/cloud/wallet-front.digest. On a school's server the two
zones see nothing of each other: `./ykt server` deals both.
"""

import secrets
from pathlib import Path

from cloud.process.settings import FOLDER
from cloud.process.whole_file import write_whole
from shared.keys.front_token import DIGEST_FILE, TOKEN_FILE, TOKEN_SIZE, digest_of

FRONT = "front"


def front_digest(data: Path) -> str:
    """Of the token; made with it when it is not there."""
    kept = data / FOLDER / DIGEST_FILE
    if not kept.exists():
        token = secrets.token_urlsafe(TOKEN_SIZE)
        (data / FRONT).mkdir(mode=0o700, exist_ok=True)
        write_whole(data / FRONT / TOKEN_FILE, f"{token}\n".encode())
        write_whole(kept, f"{digest_of(token)}\n".encode())
    return kept.read_text(encoding="ascii").strip()
