"""The front's zone of an installation: certificates of wallet and accounts service, the token between the two, and a
certificate that phones trust in the place of ours.

What is there stays; what is missing is made by the school's own CA: `init` has it from the issued campus, an
installation of before from the signer, who has that key as well.
"""

import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

from cryptography import x509

from compose.place import WrongUse
from compose.server import dealing
from compose.server.layout import CLOUD, FRONT, SIGNER, WALLET
from shared.clocks.expiry import REMIND_DAYS, look
from shared.keys.front_token import DIGEST_FILE, TOKEN_FILE, TOKEN_SIZE, digest_of
from shared.support import files
from shared.support.checks import State
from shared.words.voice import Text

ACCOUNTS = "accounts"
"""The accounts service's name on the network that it shares with the front."""
MADE_BY = "./ykt server"
ADDRESS, PORT = "YKT_WALLET_ADDRESS", "YKT_WALLET_PORT"
_TOKEN, _DIGEST = f"secrets/wallet/{TOKEN_FILE}", f"data/cloud/cloud/{DIGEST_FILE}"
_KEY = WALLET[0]
_CA = "data/signer/ca.pem"
_OF = {
    "front": (WALLET[-1].target, _KEY.target),
    "cloud": ("data/cloud/cloud/accounts.pem", "secrets/accounts/accounts.key"),
}
"""Each certificate and its key, by where their files are issued."""
_SHOWN = tuple(one for one in WALLET if one.source == "front/wallet.pem")

_OURS = Text("本系统自签，手机不信任", "ours, which no phone trusts")
_SCHOOLS = Text("学校自己的", "the school's own")
Provision = Callable[..., str]


def make_certificates(data: Path, passphrase: Path, address: str, out: Path, provision: Provision) -> None:
    """Of wallet and accounts service, with their keys, below `out`, where they are missing. data: a folder with the
    school's keys. StepFailed."""
    words = ("--data", str(data), "--passphrase-file", str(passphrase), "--host", address, "--accounts", ACCOUNTS)
    provision("certificate", "wallet", *words, "--out", str(out), "--who", MADE_BY)


def open_front(root: Path, address: str, provision: Provision) -> bool:
    """An installation of before gets a front, and certificates of ours that end soon are followed by new ones; the
    school's own is its matter. False: all is there. StepFailed, OSError."""
    deal_token(root)
    due = {name for name, pair in _OF.items() if _is_due(root, *pair)}
    if not due:
        return False
    signer, passphrase = root / "data/signer", root / "secrets/signer/passphrase"
    made = Path(tempfile.mkdtemp(prefix=".front-", dir=root))
    try:
        make_certificates(signer, passphrase, address, made, provision)
        for kept in (signer / "keys").iterdir():  # the custody log has a deed more, which is written anew as root's
            os.chown(kept, SIGNER, SIGNER)
        for one in (each for each in WALLET if each.source.partition("/")[0] in due):
            dealing.give(root / one.target, (made / one.source).read_bytes(), one.of, one.mode)
    finally:
        shutil.rmtree(made)
    return True


def require_open(root: Path) -> None:
    """WrongUse that names what the front lacks."""
    lacks = [path for path in (WALLET[-1].target, _KEY.target, _TOKEN, _DIGEST) if not (root / path).exists()]
    if lacks:
        names = ", ".join(lacks)
        raise WrongUse(
            Text(f"钱包缺 {names}：./ykt server upgrade DIR", f"the wallet lacks {names}: ./ykt server upgrade DIR")
        )


def told(root: Path, host: str) -> Iterator[Text]:
    """Whose certificate the front shows, until when, and whether phones will take it for that host."""
    chain = (root / WALLET[-1].target).read_bytes()
    seen, whose = look(chain), _OURS if _is_ours(root, chain) else _SCHOOLS
    yield Text(f"证书：{whose.zh}，至 {seen.ends:%Y-%m-%d}", f"certificate: {whose.en}, until {seen.ends:%Y-%m-%d}")
    if not is_for(chain, host):
        yield Text(f"⚠ 它不是 {host} 的证书", f"⚠ it is not for {host}")


def _is_due(root: Path, file: str, key: str) -> bool:
    if not (root / file).exists() or not (root / key).exists():
        return True
    pem = (root / file).read_bytes()
    return _is_ours(root, pem) and look(pem).ends - files.now() < timedelta(days=REMIND_DAYS)


def _is_ours(root: Path, pem: bytes) -> bool:
    ours = x509.load_pem_x509_certificate((root / _CA).read_bytes())
    return x509.load_pem_x509_certificate(pem).issuer == ours.subject


def shown(root: Path) -> list[bytes]:
    """Certificates and digest as they are now, to see whether they are others later; empty where there is no front."""
    files = [root / file for file, _ in _OF.values()] + [root / _DIGEST]
    return [file.read_bytes() for file in files if file.exists()]


def deal_token(root: Path) -> None:
    """To the front, and its digest to the accounts service: both anew where one of them is missing."""
    if (root / _TOKEN).exists() and (root / _DIGEST).exists():
        return
    token = secrets.token_urlsafe(TOKEN_SIZE)
    dealing.give(root / _DIGEST, f"{digest_of(token)}\n".encode(), CLOUD, 0o600)
    dealing.give(root / _TOKEN, f"{token}\n".encode(), FRONT, 0o400)


def show(root: Path, certificate: Path, key: Path, host: str) -> None:
    """From its next start on the front shows the school's own certificate: PEM, the server's own first, then its chain.
    WrongUse, with nothing changed: the two are no pair, it has ended, or is not for that name. OSError."""
    for answer in files.key_pairs([("wallet", certificate, key)]):
        if answer.state is State.BAD:
            raise WrongUse(Text(f"{certificate}, {key}: {answer.said.zh}", f"{certificate}, {key}: {answer.said.en}"))
    chain, private = certificate.read_bytes(), key.read_bytes()
    if look(chain).ends < files.now():
        raise WrongUse(Text(f"{certificate}: 已到期", f"{certificate}: has ended"))
    if not is_for(chain, host):
        raise WrongUse(Text(f"{certificate}: 不是 {host} 的证书", f"{certificate}: is not for {host}"))
    dealing.give(root / _KEY.target, private, _KEY.of, _KEY.mode)
    for one in _SHOWN:
        dealing.give(root / one.target, chain, one.of, one.mode)


def is_for(pem: bytes, host: str) -> bool:
    """Does a certificate name this host, by itself or by a star in the place of its first word?"""
    one = x509.load_pem_x509_certificate(pem)
    try:
        names = one.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return False
    said = {*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))}
    return bool({host.lower(), "*." + host.lower().partition(".")[2]} & {name.lower() for name in said})
