"""The files of enrolment: the register of each box, what a box is given, and certificates of our own.

Each is whole or as it was. One signer at a time: it locks the folder.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography import x509

from provisioning.certificates import authority
from provisioning.certificates.authority import Authority
from provisioning.custody.journal import write_private
from provisioning.enrolment import register
from provisioning.enrolment.register import BoxRecord
from shared.clocks.expiry import look
from shared.errors import ConfigFault, StoreFault, WireFault
from shared.wire.enrol.office import STANDING_FILE
from shared.words.voice import Text

FOLDER = "enrolment"
ENDING = ".box"
GIVEN = ("edge.json", "ca.pem", "link.key", "link-believed.pem", "link.pem")
"""Of a box's folder: what goes to the box. Its own key is none of them, for it is made there."""
SERVER = Path("cloud/enrol.pem")
GOOD, BAD = "canary-good", "canary-revoked"
"""Clients that the broker knows no right of. Each list has a BAD one of its own, `canary-revoked-N`."""
_RENEW = timedelta(days=authority.LEAF_DAYS // 2)


class Pair(NamedTuple):
    """A certificate's file and its key's."""

    certificate: Path
    key: Path


def tell_standing(data: Path, standing: Mapping[str, object]) -> None:
    """For the watch; whole, and not worth a sync: the next one comes in a second. A full disk tells nothing. It may be
    a link to where a watch of another user and of the folder's group finds it."""
    place = data / "cloud" / STANDING_FILE
    file = place.resolve()
    beside = file.with_name(f".{file.name}.new")
    with suppress(OSError):
        beside.write_text(json.dumps(standing), encoding="ascii")
        beside.chmod(0o640 if place.is_symlink() else 0o600)
        beside.rename(file)


@contextmanager
def alone(data: Path) -> Iterator[None]:
    """ConfigFault when another signer works here."""
    (data / FOLDER).mkdir(mode=0o700, exist_ok=True)
    fd = os.open(data / FOLDER / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as fault:
            raise ConfigFault(Text("已有签发进程在用", "another signer works here")) from fault
        yield
    finally:
        os.close(fd)


def boxes(data: Path) -> list[str]:
    """Those that the campus has."""
    return sorted(file.parent.name for file in (data / "boxes").glob("*/edge.json"))


def read_all(data: Path) -> dict[str, BoxRecord]:
    """The register. StoreFault when a file of it is damaged: guessing would give a revoked box its way back."""
    found = {}
    for file in sorted((data / FOLDER).glob(f"*{ENDING}")):
        try:
            found[file.stem] = register.decode(file.read_bytes())
        except WireFault as fault:
            raise StoreFault(Text(f"{file}: 损坏", f"{file}: damaged")) from fault
    return found


def write(data: Path, record: BoxRecord) -> None:
    """Durable on return. OSError."""
    write_private(data / FOLDER / f"{record.box}{ENDING}", register.encode(record))


def given(data: Path, box: str) -> tuple[tuple[str, bytes], ...]:
    """What a box gets, its settings and what they name. OSError."""
    folder = data / "boxes" / box
    return tuple((name, (folder / name).read_bytes()) for name in GIVEN if (folder / name).exists())


def certificate(data: Path, box: str) -> bytes | None:
    """The one that the campus's folder has of a box."""
    file = data / "boxes" / box / "box.pem"
    return file.read_bytes() if file.exists() else None


def put_certificate(data: Path, box: str, pem: bytes, *, own_key: bool) -> None:
    """The folder says which one counts. own_key: it was made on the box, so a key that lies here is worth nothing."""
    folder = data / "boxes" / box
    if certificate(data, box) != pem:
        write_private(folder / "box.pem", pem)
    if own_key:
        (folder / "box.key").unlink(missing_ok=True)


def server_pair(data: Path, ca: Authority, now: datetime) -> Pair:
    """Of the HTTPS door, known by the broker's names; made where there is none, or half of its life is over."""
    pair = Pair(data / SERVER, (data / SERVER).with_suffix(".key"))
    if not _is_fresh(pair, now):
        names = _names((data / "broker/broker.pem").read_bytes())
        key = authority.new_key()
        write_private(pair.key, authority.private_pem(key))
        write_private(pair.certificate, authority.issue_server(ca, key.public_key(), names, now))
    return pair


def canary(data: Path, ca: Authority, name: str, now: datetime) -> Pair:
    """One that must be let in; made where there is none, or half of its life is over."""
    pair = Pair(data / FOLDER / f"{name}.pem", data / FOLDER / f"{name}.key")
    if not _is_fresh(pair, now):
        key = authority.new_key()
        write_private(pair.key, authority.private_pem(key))
        write_private(pair.certificate, authority.issue_client(ca, key.public_key(), name, now))
    return pair


def list_canary(data: Path, number: int) -> Pair:
    """Where the one is that the list of this number is the first to name; it must not be let in."""
    stem = data / FOLDER / f"{BAD}-{number}"
    return Pair(stem.with_suffix(".pem"), stem.with_suffix(".key"))


def has_canary(data: Path, number: int, now: datetime) -> bool:
    """Can the list of this number be proved? A certificate that has ended proves nothing."""
    pair = list_canary(data, number)
    try:
        return pair.key.exists() and look(pair.certificate.read_bytes()).ends > now
    except (OSError, WireFault):
        return False


def new_canary(data: Path, ca: Authority, number: int, now: datetime) -> int:
    """Make it, durable, before its list is; its serial. Those of lists before go."""
    pair = list_canary(data, number)
    for old in (data / FOLDER).glob(f"{BAD}-*"):
        old.unlink()
    key = authority.new_key()
    write_private(pair.key, authority.private_pem(key))
    write_private(pair.certificate, authority.issue_client(ca, key.public_key(), BAD, now))
    return serial(pair)


def _is_fresh(pair: Pair, now: datetime) -> bool:
    """A key of a kill in between belongs to no certificate: both are made anew then."""
    try:
        public = authority.open_private(pair.key.read_bytes()).public_key()
        one = x509.load_pem_x509_certificate(pair.certificate.read_bytes())
    except (OSError, ValueError, WireFault):
        return False
    return one.public_key() == public and one.not_valid_after_utc - now > _RENEW


def serial(pair: Pair) -> int:
    """Of its certificate."""
    return look(pair.certificate.read_bytes()).serial


def _names(pem: bytes) -> tuple[str, ...]:
    one = x509.load_pem_x509_certificate(pem)
    names = one.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return tuple(str(name.value) for name in names)
