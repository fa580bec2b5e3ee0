"""Certificates of an installation's servers: ours, which the school's CA signs and an upgrade follows by new ones, and
the school's own, which are its matter."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from pathlib import Path

from cryptography import x509

from compose.place import WrongUse
from compose.server import dealing
from compose.server.layout import SIGNER, Dealt
from shared.clocks.expiry import REMIND_DAYS, look
from shared.support import files
from shared.support.checks import State
from shared.words.voice import Text

MADE_BY = "./ykt server"
Provision = Callable[..., str]
"""A command of provisioning, by its words."""
_CA = "data/signer/ca.pem"
_OURS = Text("本系统自签，手机不信任", "ours, which no phone trusts")
_SCHOOLS = Text("学校自己的", "the school's own")


def made_by_signer(root: Path, wanted: Iterable[Dealt], make: Callable[[Path, Path, Path], None]) -> None:
    """These files, in their order. make: of the signer's data and passphrase into a folder. StepFailed, OSError."""
    signer, passphrase = root / "data/signer", root / "secrets/signer/passphrase"
    made = Path(tempfile.mkdtemp(prefix=".front-", dir=root))
    try:
        make(signer, passphrase, made)
        for kept in (signer / "keys").iterdir():  # the custody log has a deed more, which is written anew as root's
            os.chown(kept, SIGNER, SIGNER)
        for one in wanted:
            dealing.give(root / one.target, (made / one.source).read_bytes(), one.of, one.mode)
    finally:
        shutil.rmtree(made)


def told(root: Path, chain: bytes, host: str) -> Iterator[Text]:
    """Whose certificate this is, until when, and whether it will be taken for that host."""
    seen, whose = look(chain), _OURS if _is_ours(root, chain) else _SCHOOLS
    yield Text(f"证书：{whose.zh}，至 {seen.ends:%Y-%m-%d}", f"certificate: {whose.en}, until {seen.ends:%Y-%m-%d}")
    if not is_for(chain, host):
        yield Text(f"⚠ 它不是 {host} 的证书", f"⚠ it is not for {host}")


def is_due(root: Path, file: str, key: str) -> bool:
    """Is it missing, or ours and ends soon? file, key: below the root."""
    if not (root / file).exists() or not (root / key).exists():
        return True
    pem = (root / file).read_bytes()
    return _is_ours(root, pem) and look(pem).ends - files.now() < timedelta(days=REMIND_DAYS)


def is_others(root: Path, pem: bytes, host: str) -> bool:
    """Is it one of ours, and for another host?"""
    return _is_ours(root, pem) and not is_for(pem, host)


def _is_ours(root: Path, pem: bytes) -> bool:
    ours = x509.load_pem_x509_certificate((root / _CA).read_bytes())
    return x509.load_pem_x509_certificate(pem).issuer == ours.subject


def pair_for(certificate: Path, key: Path, host: str) -> tuple[bytes, bytes]:
    """The school's own: PEM, the server's own first, then its chain; and its key. WrongUse: the two are no pair, it has
    ended, or is not for that name. OSError."""
    for answer in files.key_pairs([("server", certificate, key)]):
        if answer.state is State.BAD:
            raise WrongUse(Text(f"{certificate}, {key}: {answer.said.zh}", f"{certificate}, {key}: {answer.said.en}"))
    chain, private = certificate.read_bytes(), key.read_bytes()
    if look(chain).ends < files.now():
        raise WrongUse(Text(f"{certificate}: 已到期", f"{certificate}: has ended"))
    if not is_for(chain, host):
        raise WrongUse(Text(f"{certificate}: 不是 {host} 的证书", f"{certificate}: is not for {host}"))
    return chain, private


def is_for(pem: bytes, host: str) -> bool:
    """Does a certificate name this host, by itself or by a star in the place of its first word?"""
    one = x509.load_pem_x509_certificate(pem)
    try:
        names = one.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return False
    said = {*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))}
    return bool({host.lower(), "*." + host.lower().partition(".")[2]} & {name.lower() for name in said})
