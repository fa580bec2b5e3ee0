"""Heads, digests, the rule that nothing goes backwards, and who may be believed."""

import random
import zlib
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.errors import WireFault
from shared.fleet import document as d
from shared.fleet.document import DocumentKind, Head, Offer
from shared.ids import DeviceId
from shared.keys.document_key import (
    DocumentKey,
    Keyring,
    certify_document_key,
    document_key,
    sign_head,
)

CAMPUS_KEY = Ed25519PrivateKey.from_private_bytes(b"c" * 32)
HOTLIST_KEY = Ed25519PrivateKey.from_private_bytes(b"h" * 32)
DEVICE = DeviceId(b"\0\1\0\0\0\7")


def raw_public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def head(generation: int = 1, body: bytes = b"one", as_of: int = 848_000_000, **other: object) -> Head:
    made = Head(1, DocumentKind.HOTLIST, d.CAMPUS, generation, as_of, len(body), d.digest_of(body))
    return replace(made, **other)  # type: ignore[arg-type]


def keyring() -> Keyring:
    ring = Keyring(1, raw_public(CAMPUS_KEY))
    assert ring.add(certify_document_key(1, DocumentKind.HOTLIST, 1, raw_public(HOTLIST_KEY), CAMPUS_KEY))
    return ring


def test_the_bytes_of_a_head_are_frozen() -> None:
    made = head(scope=d.device_scope(DEVICE))
    numbers = "0101" + "01000100000007" + "00000001" + "328b7400" + "00000003"
    digest = "fe8d7a873dc48961a6af334c996b2cb3ce37149d5ce9c9253952a54c6a92c1ad"
    assert made.encode().hex() == numbers + digest
    assert d.decode_head(made.encode()) == made


@pytest.mark.parametrize("size", [0, 1, 1023, 1024, 1025, 33 * 1024])
def test_pages_digest_and_echo(size: int) -> None:
    body = random.Random(size).randbytes(size)
    pages = [*d.pages_of(body)]
    assert (len(pages), b"".join(pages)) == (d.page_count(size), body)
    assert [d.page_size(size, n) for n in range(len(pages) + 1)] == [*map(len, pages), 0]
    assert d.table_of(body) == tuple(map(zlib.crc32, pages))
    if size:
        flipped = bytes((body[0] ^ 1,)) + body[1:]
        assert d.digest_of(flipped) != d.digest_of(body)
        assert d.echo_of(d.table_of(flipped)) != d.echo_of(d.table_of(body))


@pytest.mark.parametrize(
    ("held", "offered", "verdict"),
    [
        (None, head(7), Offer.NEWER),
        (head(6), head(7), Offer.NEWER),
        (head(7), head(6, as_of=900_000_000), Offer.OLDER),
        (head(7), head(7), Offer.KNOWN),
        (head(7), head(7, as_of=848_000_001), Offer.FRESHER),
        (head(7), head(7, as_of=1), Offer.KNOWN),
        (head(7), head(7, b"two", as_of=848_000_001), Offer.FORK),
    ],
)
def test_nothing_goes_backwards(held: Head | None, offered: Head, verdict: Offer) -> None:
    assert d.judge(held, offered) is verdict


@pytest.mark.parametrize(
    "spoilt",
    [
        b"",
        head().encode()[:-1],
        head().encode() + b"\0",
        b"\1\0" + head().encode()[2:],
        b"\1\x63" + head().encode()[2:],
        head(0).encode(),
        head(length=d.LENGTH_MAX[DocumentKind.HOTLIST] + 1).encode(),
        head(scope=d.Scope(b"\0\0\0\0\0\0\1")).encode(),
        head(scope=d.Scope(b"\2\0\1\0\0\0\1")).encode(),
        head(scope=d.Scope(b"\3\0\0\0\0\0\0")).encode(),
    ],
)
def test_a_malformed_head_is_refused(spoilt: bytes) -> None:
    with pytest.raises(WireFault):
        d.decode_head(spoilt)


def test_who_is_meant() -> None:
    other = DeviceId(b"\0\1\0\0\0\x08")
    assert d.is_for(d.CAMPUS, DEVICE, 3)
    assert (d.is_for(d.device_scope(DEVICE), DEVICE, 3), d.is_for(d.device_scope(other), DEVICE, 3)) == (True, False)
    assert (d.is_for(d.model_scope(3), DEVICE, 3), d.is_for(d.model_scope(4), DEVICE, 3)) == (True, False)


def test_a_signed_head_is_believed_when_its_kinds_key_is_the_campus_own() -> None:
    signed = sign_head(1, head(), HOTLIST_KEY)
    assert keyring().opened(signed) == head()


def test_what_another_campus_key_kind_or_version_has_signed_is_not() -> None:
    ring, public = keyring(), raw_public(HOTLIST_KEY)
    assert ring.opened(sign_head(2, head(), HOTLIST_KEY)) is None, "another campus"
    assert ring.opened(sign_head(1, head(), CAMPUS_KEY)) is None, "no key of documents"
    assert ring.opened(sign_head(1, head(kind=DocumentKind.FIRMWARE), HOTLIST_KEY)) is None, "another kind"
    assert ring.opened(sign_head(1, head(key_version=2), HOTLIST_KEY)) is None, "an unknown version"
    signed = sign_head(1, head(), HOTLIST_KEY)
    later = head(2).encode()
    assert ring.opened(replace(signed, raw=later)) is None, "another generation"
    assert ring.opened(replace(signed, signature=signed.signature[:-1])) is None
    for campus, kind, signer in ((2, DocumentKind.HOTLIST, CAMPUS_KEY), (1, DocumentKind.HOTLIST, HOTLIST_KEY)):
        assert not ring.add(certify_document_key(campus, kind, 1, public, signer))
    mine = certify_document_key(1, DocumentKind.HOTLIST, 1, public, CAMPUS_KEY)
    assert not ring.add(replace(mine, kind=DocumentKind.FIRMWARE))
    assert not ring.add(replace(mine, version=2))
    assert [*ring.keys()] == [(DocumentKind.HOTLIST, 1)]


@pytest.mark.parametrize(("kind", "public", "certificate"), [(0, 32, 64), (99, 32, 64), (1, 31, 64), (1, 32, 65)])
def test_a_malformed_key_is_refused(kind: int, public: int, certificate: int) -> None:
    with pytest.raises(WireFault):
        document_key(kind, 1, bytes(public), bytes(certificate))
    assert document_key(1, 1, bytes(32), bytes(64)) == DocumentKey(DocumentKind.HOTLIST, 1, bytes(32), bytes(64))
