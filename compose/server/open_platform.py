"""The open platform of an installation: off until the school switches it on; then a profile of compose.yaml, a
certificate for the name that programs of third parties call, and a token by which the accounts service knows it. The
key that webhooks are signed by is the accounts service's.

`.env` says that it is on, and an upgrade leaves that as it is. Applications, events and webhooks stand in the data
folder of the cloud, and stay there while it is off.
"""

import secrets
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from compose.place import WrongUse
from compose.server import certificates, dealing, fronting, starting
from compose.server.certificates import MADE_BY, Provision
from compose.server.layout import CLOUD, OPEN, OPEN_PLATFORM, PLATFORM
from shared.keys.front_token import OPEN as ZONE
from shared.keys.front_token import TOKEN_FILE
from shared.keys.webhook_key import SEED_SIZE, WEBHOOK_KEY
from shared.words.voice import Text

ADDRESS, PORT, SOCKET = "YKT_OPEN_ADDRESS", "YKT_OPEN_PORT", "YKT_OPEN_SOCKET"
_LOOKED_AT = "/run/ykt/health/open/open.sock"
"""Where the watch asks it, from the next start of the watch on."""
TOKEN, DIGEST = f"secrets/open/{TOKEN_FILE}", f"data/cloud/cloud/{ZONE.digest}"
_KEY, _CA, _COPY, _CERTIFICATE = OPEN
SIGNER = f"secrets/accounts/{WEBHOOK_KEY}"
"""The key of webhooks; SEED_SIZE octets of it."""
_SIGNER_BEFORE = f"secrets/open/{WEBHOOK_KEY}"
_ROOMS = ("secrets/open", "data/open/open", "run/health/open")


def is_on(root: Path) -> bool:
    """Has the school switched it on?"""
    return starting.has_profile(root, OPEN_PLATFORM.name)


def host(root: Path) -> str:
    """As programs call it; '' where it never was on."""
    return urlsplit(starting.settings(root).get(ADDRESS, "")).hostname or ""


def require_room(root: Path) -> None:
    """WrongUse: an installation of before has no place for it."""
    if not all((root / room).is_dir() for room in _ROOMS) or PORT not in starting.settings(root):
        raise WrongUse(Text("旧安装：先 ./ykt server upgrade DIR", "no place for it: ./ykt server upgrade DIR first"))


def make(root: Path, name: str, provision: Provision) -> bool:
    """What it needs and has not: our certificate for that host, token, the key of webhooks. False: all is there. The
    school's own certificate stays, and so does a key that is there. StepFailed, OSError."""
    carry(root)
    is_new = fronting.deal_token(root, TOKEN, DIGEST, PLATFORM)
    is_new = _deal_signer(root) or is_new
    shown = root / _CERTIFICATE.target
    is_due = certificates.is_due(root, _CERTIFICATE.target, _KEY.target)
    if not is_due and not certificates.is_others(root, shown.read_bytes(), name):
        return is_new
    certificates.made_by_signer(root, OPEN, lambda data, secret, out: _issue(data, secret, name, out, provision))
    return True


def show(root: Path, certificate: Path, key: Path, name: str) -> None:
    """As fronting.show."""
    chain, private = certificates.pair_for(certificate, key, name)
    _show(root, chain, private)


def carry(root: Path) -> None:
    """One of before ran as the cloud's user: its certificate and key, which may be the school's own, and the key that
    receivers know its webhooks by, go where they are now. Done again it does what is left."""
    signer, copy, key = root / _SIGNER_BEFORE, root / _COPY.target, root / _KEY.target
    if signer.exists():
        dealing.give(root / SIGNER, signer.read_bytes(), CLOUD, 0o400)
        signer.unlink()
    if copy.exists() and key.exists() and not (root / _CERTIFICATE.target).exists():
        _show(root, copy.read_bytes(), key.read_bytes())
    (root / "data/cloud/cloud/open.key").unlink(missing_ok=True)


def _show(root: Path, chain: bytes, private: bytes) -> None:
    given = ((_KEY, private), (_CA, (root / "data/signer/ca.pem").read_bytes()), (_COPY, chain), (_CERTIFICATE, chain))
    for one, content in given:
        dealing.give(root / one.target, content, one.of, one.mode)


def shown(root: Path) -> list[bytes]:
    """Its certificate and digest as they are now; empty where it has none."""
    return [(root / file).read_bytes() for file in (_CERTIFICATE.target, DIGEST) if (root / file).exists()]


def told(root: Path) -> Iterator[Text]:
    """Is it on, where, and what it shows."""
    address = starting.settings(root).get(ADDRESS, "")
    if not is_on(root):
        yield Text("开放平台：未开；--address 打开", "open platform: off; --address switches it on")
        return
    yield from certificates.told(root, (root / _CERTIFICATE.target).read_bytes(), host(root))
    yield Text(f"开放平台：{address}/v1/（docs/open-platform.md）", f"open platform: {address}/v1/")


def require_free(root: Path, port: int) -> None:
    """WrongUse: another service is published there."""
    said = starting.settings(root)
    if others := [name for name, value in said.items() if _is_port(name) and name != PORT and value == str(port)]:
        raise WrongUse(Text(f"端口 {port} 是 {others[0]} 的：--port", f"port {port} is {others[0]}: say --port"))


def switch(root: Path, *, on: bool, address: str = "", port: int = 0) -> None:
    """In .env, whole or as it was. address '', port 0: as they are."""
    said = starting.settings(root)
    profiles = [name for name in said.get(starting.PROFILES, "").split(",") if name not in ("", OPEN_PLATFORM.name)]
    profiles += [OPEN_PLATFORM.name] if on else []
    wanted = {starting.PROFILES: ",".join(profiles), SOCKET: _LOOKED_AT if on else ""}
    wanted |= {ADDRESS: address} if address else {}
    wanted |= {PORT: str(port)} if port else {}
    starting.change(root, wanted)


def _is_port(name: str) -> bool:
    return name.startswith("YKT_") and name.endswith("_PORT")


def _issue(data: Path, passphrase: Path, name: str, out: Path, provision: Provision) -> None:
    words = ("--data", str(data), "--passphrase-file", str(passphrase), "--host", name)
    provision("certificate", "open", *words, "--out", str(out), "--who", MADE_BY)


def _deal_signer(root: Path) -> bool:
    file = root / SIGNER
    if file.exists() and file.stat().st_size == SEED_SIZE:
        return False
    dealing.give(file, secrets.token_bytes(SEED_SIZE), CLOUD, 0o400)
    return True
