"""A firmware key is believed first by the campus, then by the key before it and by itself: never by one of them."""

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.fleet.document import DocumentKind
from shared.fleet.firmware import Image
from shared.keys.document_key import DocumentKey, certify_document_key
from shared.keys.firmware_key import is_believed, is_proven, next_key

CAMPUS_KEY, OLD, NEW = (Ed25519PrivateKey.from_private_bytes(letter * 32) for letter in (b"c", b"o", b"n"))
IMAGE = Image(1, 2, "lines", b"program")
NAMING = IMAGE._replace(next_key=next_key(1, 2, NEW))


def key(version: int, private: Ed25519PrivateKey) -> DocumentKey:
    public = private.public_key().public_bytes_raw()
    return certify_document_key(1, DocumentKind.FIRMWARE, version, public, CAMPUS_KEY)


def test_where_nothing_came_down_yet_the_campus_is_believed():
    assert is_believed(1, key(3, NEW), None, None)


def test_the_key_of_what_runs_is_believed_and_no_other_one():
    assert is_believed(1, key(1, OLD), key(1, OLD), IMAGE)
    assert not is_believed(1, key(2, NEW), key(1, OLD), IMAGE), "the campus alone is not enough"
    assert not is_believed(1, key(1, NEW), key(1, OLD), IMAGE), "nor under the same version"


def test_a_key_that_the_former_one_named_is_believed():
    assert is_believed(1, key(2, NEW), key(1, OLD), NAMING)
    assert not is_believed(1, key(3, NEW), key(1, OLD), NAMING)
    assert not is_believed(1, key(2, CAMPUS_KEY), key(1, OLD), NAMING)
    assert not is_believed(1, key(2, NEW), key(2, OLD), NAMING), "versions only rise"


@pytest.mark.parametrize("changed", [{"version": 3}, {"public": b"x" * 32}, {"proof": b"x" * 64}])
def test_the_new_key_has_signed_itself(changed):
    named = next_key(1, 2, NEW)
    assert is_proven(1, named)
    assert not is_proven(2, named)
    wrong = named._replace(**changed)
    assert not is_proven(1, wrong)
    public = replace(key(2, NEW), version=wrong.version, public=wrong.public)
    assert not is_believed(1, public, key(1, OLD), IMAGE._replace(next_key=wrong))
