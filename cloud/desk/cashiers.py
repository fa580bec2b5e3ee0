"""Who may sit at a card desk: cashiers 收银员 by name, each with a token of which only the SHA-256 is kept.

`DATA/cloud/cashiers.json` {name: digest}; the token itself stands once, in the file (0600) that `admit` writes and the
cashier's desk reads. Admitting a name anew ends its old token. Bound: CASHIERS_MAX names.
"""

import fcntl
import hashlib
import hmac
import json
import secrets
from pathlib import Path

from cloud.process.whole_file import write_whole
from shared.errors import ConfigFault
from shared.words.voice import Text

FILE = "cashiers.json"
CASHIERS_MAX = 256
NAME_MAX = 32


def admit(folder: Path, name: str) -> Path:
    """Make a token for this name; the file it stands in. ConfigFault for a name that is none."""
    if not 0 < len(name) <= NAME_MAX or not name.replace("-", "").isalnum():
        raise ConfigFault(
            Text(f"--name: 1..{NAME_MAX} 个字母、汉字、数字", f"--name: 1..{NAME_MAX} letters and digits")
        )
    token = secrets.token_urlsafe(32)
    with (folder / f"{FILE}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        known = _read(folder / FILE)
        if name not in known and len(known) >= CASHIERS_MAX:
            raise ConfigFault(Text(f"最多 {CASHIERS_MAX} 名收银员", f"at most {CASHIERS_MAX} cashiers"))
        kept = token_file(folder, name)
        write_whole(kept, f"{token}\n".encode())
        names = json.dumps(known | {name: _digest(token)}, ensure_ascii=False, indent=1)
        write_whole(folder / FILE, f"{names}\n".encode())
    return kept


def token_file(folder: Path, name: str) -> Path:
    """Where the token of this name was written."""
    return folder / f"cashier-{name}.token"


def cashier_of(folder: Path, token: str) -> str | None:
    """Whose token this is; None for nobody's. Every name is compared, so that time tells nothing."""
    given, found = _digest(token), None
    for name, digest in _read(folder / FILE).items():
        if hmac.compare_digest(given, digest):
            found = name
    return found


def _read(path: Path) -> dict[str, str]:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as fault:
        raise ConfigFault(Text(f"{path}: 无法读取", f"{path}: cannot be read")) from fault
    if not isinstance(raw, dict) or not all(isinstance(value, str) for value in raw.values()):
        raise ConfigFault(Text(f"{path}: 应为 {{姓名: 摘要}}", f"{path}: must be {{name: digest}}"))
    return raw


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
