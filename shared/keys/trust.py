"""TUF as far as the box 信任链: which releases of firmware the officers and the centre stand for now. Pure.

The door to python-tuf and securesystemslib. Root and targets are the officers' and are signed off line; snapshot and
timestamp are the centre's, signed on line; the first root is the campus key's word, so a box needs nothing new to
believe it. Expiry is judged at the time that the caller gives, when a chain is taken, and never at what runs.

Refuses with TrustFault: wrong signatures, rollback of any part, parts that do not fit each other, what has expired.
"""

import struct
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from securesystemslib import exceptions
from securesystemslib.signer._key import Key, SSlibKey
from securesystemslib.signer._signature import Signature
from tuf.api._payload import MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp
from tuf.api.exceptions import EqualVersionNumberError, RepositoryError
from tuf.api.metadata import Metadata
from tuf.api.serialization.json import JSONSerializer

from shared.clocks.clock import DAY_S
from shared.errors import WireFault
from shared.fleet.firmware import Image

if TYPE_CHECKING:
    from tuf.ngclient._internal.trusted_metadata_set import TrustedMetadataSet

FORM = 1
TRUST_SUFFIX = ".trust"
"""Of the file beside a release that holds the officers' part."""
ROOTS_MAX = 32
PART_MAX = 16_384
"""Bytes of one part."""
SIGNATURE_SIZE = 64
STEP_MAX_S = 400 * DAY_S
"""Time goes on by no more than this from one chain to the next: a clock that is far ahead is not followed."""
ROOT_S, TARGETS_S, SNAPSHOT_S, TIMESTAMP_S = 3650 * DAY_S, 1825 * DAY_S, 90 * DAY_S, 7 * DAY_S
"""How long each is good for."""
ANCHOR_CONTEXT = b"openykt tuf root v1\0"
_COUNT, _LENGTH = struct.Struct(">BB"), struct.Struct(">I")
_EPOCH = datetime(2000, 1, 1, tzinfo=timezone.utc)  # noqa: UP017  # as tuf's own
_COMPACT = JSONSerializer(compact=True)


Part = Root | Targets | Snapshot | Timestamp


class TrustFault(WireFault):
    """Its text says which part, and what is wrong with it."""


class Officers(NamedTuple):
    """Their part: every root since the first one, the campus key's word on that, and what may be released."""

    anchor: bytes
    roots: tuple[bytes, ...]
    targets: bytes


class Chain(NamedTuple):
    """All of it, as a box is sent it."""

    officers: Officers
    snapshot: bytes
    timestamp: bytes

    def encode(self) -> bytes:
        """The document's bytes."""
        officers = self.officers
        parts = *officers.roots, officers.targets, self.snapshot, self.timestamp
        return _COUNT.pack(FORM, len(officers.roots)) + officers.anchor + _joined(parts)


def encode_officers(officers: Officers) -> bytes:
    """Their part as a file."""
    return _COUNT.pack(FORM, len(officers.roots)) + officers.anchor + _joined((*officers.roots, officers.targets))


def decode_officers(raw: bytes) -> Officers:
    """TrustFault when malformed; nothing of it is believed yet."""
    anchor, roots, rest = _begun(raw, 1)
    return Officers(anchor, roots, rest[0])


def decode_chain(raw: bytes) -> Chain:
    """TrustFault when malformed; nothing of it is believed yet."""
    anchor, roots, rest = _begun(raw, 3)
    return Chain(Officers(anchor, roots, rest[0]), rest[1], rest[2])


class Proven(NamedTuple):
    """What a chain says: path → length and SHA-256. until_s: campus second at which its timestamp expires."""

    releases: Mapping[str, tuple[int, str]]
    until_s: int

    def proves(self, image: Image, length: int, digest: str) -> bool:
        """Is it one of these? digest: SHA-256 of its bytes, hexadecimal."""
        return self.releases.get(path_of(image.model, image.release)) == (length, digest)


def path_of(model: int, release: int) -> str:
    """The target of a release."""
    return f"firmware/{model}/{release}"


def proven(chain: Chain, before: Chain | None, campus: int, campus_key: bytes, at_s: int) -> Proven:
    """What this chain stands for at campus second at_s. before: the one that was believed last; nothing of it is
    rolled back. TrustFault."""
    _require_anchor(chain.officers, campus, campus_key)
    try:
        trusted = _begin(chain.officers, before, at_s)
        if before is not None:
            _load_former(lambda: trusted.update_timestamp(before.timestamp))
        _load_timestamp(trusted, chain.timestamp)
        if before is not None:
            _load_former(lambda: trusted.update_snapshot(before.snapshot, trusted=True))
        trusted.update_snapshot(chain.snapshot)
        targets = trusted.update_targets(chain.officers.targets)
        _require_not_back(targets, before)
    except (RepositoryError, exceptions.Error) as fault:
        raise TrustFault(f"{type(fault).__name__}: {fault}"[:120]) from fault
    until_s = int((trusted.timestamp.expires - _EPOCH).total_seconds())
    return Proven({path: (one.length, one.hashes["sha256"]) for path, one in targets.targets.items()}, until_s)


def officers_prove(officers: Officers, campus: int, campus_key: bytes) -> Mapping[str, tuple[int, str]]:
    """What the officers alone have signed. TrustFault."""
    _require_anchor(officers, campus, campus_key)
    try:
        root = _begin(officers, None, 0).root
        targets: Metadata[Targets] = Metadata.from_bytes(officers.targets)
        root.verify_delegate(Targets.type, targets.signed_bytes, targets.signatures)
    except (RepositoryError, exceptions.Error) as fault:
        raise TrustFault(f"{type(fault).__name__}: {fault}"[:120]) from fault
    return {path: (one.length, one.hashes["sha256"]) for path, one in targets.signed.targets.items()}


# --- made ------------------------------------------------------------------------------------------------------------


class Roles(NamedTuple):
    """Public halves, 32 bytes each."""

    root: bytes
    targets: bytes
    snapshot: bytes
    timestamp: bytes


def first_root(roles: Roles, at_s: int) -> Root:
    """Version 1, to be signed by the root key."""
    root = Root(version=1, expires=_at(at_s + ROOT_S), consistent_snapshot=False)
    for name, public in roles._asdict().items():
        root.add_key(_key(public), name)
    return root


def next_root(former: bytes, roles: Roles, at_s: int) -> Root:
    """After the former one, to be signed by its root key and by the new one."""
    root = first_root(roles, at_s)
    root.version = _version(former) + 1
    return root


def with_release(former: bytes | None, image: Image, body: bytes, at_s: int) -> Targets:
    """The next targets, to be signed by their key: all of the former ones, and this release."""
    return with_target(former, path_of(image.model, image.release), body, at_s)


def with_target(former: bytes | None, path: str, body: bytes, at_s: int) -> Targets:
    """The next targets, to be signed by their key: all of the former ones, and this one."""
    before: Targets | None = Metadata.from_bytes(former).signed if former is not None else None  # type: ignore[assignment]  # the officers' own targets
    version, there = (before.version + 1, before.targets) if before is not None else (1, {})
    return Targets(
        version=version, expires=_at(at_s + TARGETS_S), targets={**there, path: TargetFile.from_data(path, body)}
    )


def next_snapshot(former: Chain | None, officers: Officers, at_s: int) -> Snapshot:
    """Of these targets."""
    version = _version(former.snapshot) + 1 if former is not None else 1
    meta = {"targets.json": MetaFile.from_data(_version(officers.targets), officers.targets, ["sha256"])}
    return Snapshot(version=version, expires=_at(at_s + SNAPSHOT_S), meta=meta)


def next_timestamp(former: Chain | None, snapshot: bytes, at_s: int) -> Timestamp:
    """Of this snapshot."""
    version = _version(former.timestamp) + 1 if former is not None else 1
    meta = MetaFile.from_data(_version(snapshot), snapshot, ["sha256"])
    return Timestamp(version=version, expires=_at(at_s + TIMESTAMP_S), snapshot_meta=meta)


def covered(part: Part) -> bytes:
    """What is signed of a part."""
    made: Metadata[Any] = Metadata(part)
    return made.signed_bytes


def signed_on_line(part: Part, officers: Officers, signature: bytes) -> bytes:
    """A snapshot or timestamp with the signature of the one key that the newest root names for it."""
    root: Metadata[Root] = Metadata.from_bytes(officers.roots[-1])
    return _signed(part, {root.signed.roles[part.type].keyids[0]: signature})


def sign_by(part: Part, *privates: Ed25519PrivateKey) -> bytes:
    """The part with the signatures of these keys."""
    found = {_key(one.public_key().public_bytes_raw()).keyid: one.sign(covered(part)) for one in privates}
    return _signed(part, found)


def anchor_of(root: bytes, campus: int, signer: Ed25519PrivateKey) -> bytes:
    """The campus key's word on the first root."""
    return signer.sign(_anchored(root, campus))


def is_same_releases(chain: Chain | None, officers: Officers) -> bool:
    """Is this chain of that part of the officers already?"""
    return chain is not None and chain.officers == officers


# --- inside ----------------------------------------------------------------------------------------------------------


def _begin(officers: Officers, before: Chain | None, at_s: int) -> "TrustedMetadataSet":
    """From the root that is believed to the newest one; a chain with fewer of them rolls a root back."""
    from tuf.ngclient._internal.trusted_metadata_set import TrustedMetadataSet  # brings an HTTP client, which looks
    from tuf.ngclient.config import EnvelopeType  # for IPv6 when it is imported: only who judges a chain pays for it

    known = before.officers.roots if before is not None else ()
    if officers.roots[: len(known)] != known:
        raise TrustFault("root: not those that were believed before")
    trusted = TrustedMetadataSet(officers.roots[0], EnvelopeType.METADATA)
    trusted.reference_time = _at(at_s)
    for root in officers.roots[1:]:
        trusted.update_root(root)
    return trusted


def _load_former(load: Callable[[], object]) -> None:
    """What was believed counts against rollback, however old it is; unless its keys count no more."""
    with suppress(RepositoryError):
        load()


def _load_timestamp(trusted: "TrustedMetadataSet", raw: bytes) -> None:
    """The very same one is no rollback."""
    with suppress(EqualVersionNumberError):
        trusted.update_timestamp(raw)


def _require_not_back(targets: Targets, before: Chain | None) -> None:
    """The snapshot says so, too; where its key has changed, nothing else would."""
    if before is not None and targets.version < _version(before.officers.targets):
        raise TrustFault("targets: an older version")


def _require_anchor(officers: Officers, campus: int, campus_key: bytes) -> None:
    try:
        public = Ed25519PublicKey.from_public_bytes(campus_key)
        public.verify(officers.anchor, _anchored(officers.roots[0], campus))
    except (InvalidSignature, ValueError) as fault:
        raise TrustFault("root: the campus key does not stand for the first one") from fault


def _anchored(root: bytes, campus: int) -> bytes:
    return ANCHOR_CONTEXT + campus.to_bytes(2, "big") + root


def _version(raw: bytes) -> int:
    found: Metadata[Any] = Metadata.from_bytes(raw)
    return int(found.signed.version)


def _signed(part: Part, signatures: Mapping[str, bytes]) -> bytes:
    made: Metadata[Any] = Metadata(part)
    made.signatures.update({keyid: Signature(keyid, one.hex()) for keyid, one in signatures.items()})
    return made.to_bytes(_COMPACT)


def _key(public: bytes) -> Key:
    return SSlibKey.from_crypto(Ed25519PublicKey.from_public_bytes(public))


def _at(campus_s: int) -> datetime:
    return _EPOCH + timedelta(seconds=campus_s)


def _joined(parts: Iterable[bytes]) -> bytes:
    return b"".join(_LENGTH.pack(len(part)) + part for part in parts)


def _begun(raw: bytes, behind: int) -> tuple[bytes, tuple[bytes, ...], tuple[bytes, ...]]:
    """Anchor, roots, and so many parts behind them."""
    if len(raw) < _COUNT.size + SIGNATURE_SIZE or raw[0] != FORM or not 0 < raw[1] <= ROOTS_MAX:
        raise TrustFault(f"a chain of {len(raw)} bytes")
    anchor = raw[_COUNT.size : _COUNT.size + SIGNATURE_SIZE]
    parts, at = [], _COUNT.size + SIGNATURE_SIZE
    while at < len(raw):
        part, at = _part(raw, at)
        parts.append(part)
    if len(parts) != raw[1] + behind:
        raise TrustFault(f"a chain of {len(parts)} parts")
    return anchor, tuple(parts[: raw[1]]), tuple(parts[raw[1] :])


def _part(raw: bytes, at: int) -> tuple[bytes, int]:
    if at + _LENGTH.size > len(raw):
        raise TrustFault("a chain that was cut")
    (length,) = _LENGTH.unpack_from(raw, at)
    end = at + _LENGTH.size + length
    if not 0 < length <= PART_MAX or end > len(raw):
        raise TrustFault("a part of a chain that is too long, or was cut")
    return raw[at + _LENGTH.size : end], end
