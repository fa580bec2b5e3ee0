"""How the accounts service knows its fronts: a token each, of which it keeps the digest; FOLDER/token has it, 0600.

DATA/front is all that the wallet's front has, DATA/open all that the open platform's has: a certificate and its key,
our CA, and this. Without a digest a new token is made, so a front that was lost is locked out by removing its digest in
DATA/cloud. On a school's server the zones see nothing of each other: `./ykt server` deals token and digest.
"""

import secrets
from pathlib import Path

from cloud.process.settings import FOLDER
from cloud.process.whole_file import write_whole
from shared.keys.front_token import TOKEN_FILE, TOKEN_SIZE, WALLET, Zone, digest_of, is_front


def front_digest(data: Path) -> str:
    """Of the wallet's token; made with it when it is not there."""
    (data / WALLET.folder).mkdir(mode=0o700, exist_ok=True)
    return deal(data, WALLET)


def deal(data: Path, zone: Zone) -> str:
    """The digest of this zone's token, made with it when it is not there; '' where there is no such zone. OSError."""
    kept, folder = data / FOLDER / zone.digest, data / zone.folder
    if not kept.exists():
        if not folder.is_dir():
            return ""
        token = secrets.token_urlsafe(TOKEN_SIZE)
        write_whole(folder / TOKEN_FILE, f"{token}\n".encode())
        write_whole(kept, f"{digest_of(token)}\n".encode())
    return kept.read_text(encoding="ascii").strip()


def is_its(data: Path, zone: Zone, token: str) -> bool:
    """Is this the token of that zone, as its digest stands now? No where there is none."""
    try:
        return is_front((data / FOLDER / zone.digest).read_text(encoding="ascii").strip(), token)
    except (OSError, ValueError):
        return False
