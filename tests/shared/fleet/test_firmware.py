"""An image's bytes, and the head that stands before it."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import WireFault
from shared.fleet.document import CAMPUS, DocumentKind, Head, digest_of, model_scope
from shared.fleet.firmware import Image, NextKey, decode_image

IMAGE = Image(1, 7, "lines", b"def words(face, zh, en):\n    return zh, en\n")


def test_bytes_are_frozen():
    assert IMAGE.encode()[:13].hex() == "0100010000000705" + b"lines".hex()
    assert decode_image(IMAGE.encode()) == IMAGE


@pytest.mark.parametrize(
    "changed", [{"release": 1}, {"release": 0}, {"name": ""}, {"name": "n" * 33}, {"name": "a\nb"}, {"program": b""}]
)
def test_what_no_terminal_takes_is_refused(changed):
    with pytest.raises(WireFault):
        IMAGE._replace(**changed).encode()


def test_an_image_may_name_the_key_that_follows():
    image = IMAGE._replace(next_key=NextKey(2, b"p" * 32, b"s" * 64))
    raw = image.encode()
    assert raw[:13].hex() == "0200010000000705" + b"lines".hex()
    assert raw[13:110] == bytes((2,)) + b"p" * 32 + b"s" * 64
    assert decode_image(raw) == image
    with pytest.raises(WireFault):
        decode_image(raw[:100])


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(raw):
    with suppress(WireFault):
        assert decode_image(raw).encode() == raw


def test_an_image_belongs_to_one_head():
    raw = IMAGE.encode()
    head = Head(1, DocumentKind.FIRMWARE, model_scope(1), 7, 0, len(raw), digest_of(raw))
    assert IMAGE.is_of(head)
    for other in (Head(1, DocumentKind.FIRMWARE, scope, number, 0, 1, b"d" * 32)
                  for scope, number in ((CAMPUS, 7), (model_scope(2), 7), (model_scope(1), 8))):  # fmt: skip
        assert not IMAGE.is_of(other)
