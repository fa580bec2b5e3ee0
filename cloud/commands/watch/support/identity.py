"""The doctor's checks of who a server is: certificates, their keys, the key that seals ledger acks, who is revoked."""

from collections.abc import Iterator
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_pem_x509_certificate, load_pem_x509_certificates

from cloud.ingest.seal import load_ack_key
from cloud.process.settings import FOLDER, CloudSettings, load_settings
from shared.errors import ConfigFault
from shared.support import files
from shared.support.checks import Answer, Check, bad, good, unknown
from shared.words.voice import Text, told_by

OURS = ("broker",)
"""Whom the cloud believes by the campus's CA; what browsers are shown may be the school's own."""
PINNED = ("cloud", "watch")
"""Whom the broker believes by its own list: they have signed themselves."""
_PIN = Text(
    "放回本校的证书与钥匙，或 ./ykt provision certificate renew，再重启代理",
    "put the campus's own certificate and key back, or ./ykt provision certificate renew; then restart the broker",
)
_ACK = Text(
    "从封存的密钥放回 ack.key；没有它就不能回执，流水留在网关",
    "put ack.key back from the sealed keys; without it nothing is acknowledged, and records stay at the boxes",
)


def identity_checks(data: Path) -> list[Check]:
    """In the order in which a person looks. On a school's server keys and the list of revoked certificates are not
    asked of: they lie in zones of their own, nothing of them can be read here, and `./ykt server doctor` does."""
    shown = Check("certificate", Text("证书有效吗？", "are certificates valid?"), lambda: _certificates(data))
    if _is_zoned(data):
        return [shown]
    return [
        shown,
        Check("certificate-key", Text("钥匙与证书成对吗？", "is each key that of its certificate?"),
              lambda: _pairs(data)),
        Check("revocations", Text("吊销列表能用吗？", "can the list of revoked certificates be used?"),
              lambda: _revocations(data)),
    ]  # fmt: skip


def _certificates(data: Path) -> Iterator[Answer]:
    found, watch, broker = load_settings(data), _watch(data)[0], data / "broker" / "broker.pem"
    more = [(name, file) for name, file in (("watch", watch), ("broker", broker)) if file.exists()]
    named = [*found.certificates, *more]
    yield from files.certificates(named, files.now(), found.tls.ca, OURS)
    yield from _strangers(data / "broker" / "cloud.pem", [one for one in named if one[0] in PINNED])


def _strangers(pinned: Path, named: list[tuple[str, Path]]) -> Iterator[Answer]:
    """Those that are not on the broker's list. Where the list is not here, or cannot be read, its owner tells."""
    try:
        known = load_pem_x509_certificates(pinned.read_bytes())
    except (OSError, ValueError):
        return
    for name, file in named:
        try:
            found = load_pem_x509_certificate(file.read_bytes())
        except (OSError, ValueError):
            continue  # told before
        if found not in known:
            yield bad(Text("消息代理不认得它", "the broker does not know it"), _PIN, name)


def _pairs(data: Path) -> Iterator[Answer]:
    found, watch = load_settings(data), _watch(data)
    pairs = [
        ("cloud", found.tls.certificate, found.tls.key), ("console", found.console_certificate, found.console_key)
    ]
    yield from files.key_pairs([*pairs, *([("watch", *watch)] if any(one.exists() for one in watch) else [])])
    yield _ack(found)


def _is_zoned(data: Path) -> bool:
    """Is this a school's server, where each service sees its own secrets alone? Settings that cannot be read are told
    by their own check."""
    try:
        key = load_settings(data).console_key
    except ConfigFault:
        return False
    return key.is_symlink() and not key.exists()


def _watch(data: Path) -> tuple[Path, Path]:
    """Certificate and key; a campus of before has neither."""
    return data / FOLDER / "watch.pem", data / FOLDER / "watch.key"


def _ack(found: CloudSettings) -> Answer:
    """The private half is the one that boxes believe by the public one."""
    try:
        public = load_ack_key(found.ack_key_file).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    except ConfigFault as fault:
        return bad(told_by(fault), _ACK, "ack")
    if public != found.ack_key:
        return bad(Text("不是网关所信的那把", "is not the one that boxes believe"), _ACK, "ack")
    return good(Text("是网关所信的那把", "is the one that boxes believe"), "ack")


def _revocations(data: Path) -> Iterator[Answer]:
    if not (data / "broker").is_dir():
        yield unknown(Text("消息代理的文件不在本机", "the broker's files are not on this machine"))
        return
    yield from files.revocations(data / "broker" / "crl.pem", data / "broker" / "ca.pem", files.now())
