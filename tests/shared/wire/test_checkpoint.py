"""A checkpoint's bytes are frozen: a file of today must be understood for as long as somebody keeps it."""

import pytest

from shared.errors import WireFault
from shared.ids import LedgerId
from shared.wire import codec
from shared.wire.checkpoint import (
    CHAINS_MAX,
    Checkpoint,
    decode_checkpoint,
    encode_checkpoint,
    pack_checkpoint,
    unpack_checkpoint,
)

POINT = Checkpoint(LedgerId(b"ledger-1"), 1_784_000_000_000, ((5, 7, b"h" * 32), (64, 2, b"o" * 32)), 3, b"b" * 32)
FROZEN = (
    "85486c65646765722d311b0000019f5eafb000828305075820" + "68" * 32 + "831840025820" + "6f" * 32 + "035820" + "62" * 32
)


def test_frozen_bytes() -> None:
    assert encode_checkpoint(POINT).hex() == FROZEN
    assert decode_checkpoint(bytes.fromhex(FROZEN)) == POINT
    file = pack_checkpoint(encode_checkpoint(POINT), b"s" * 64)
    assert file.hex() == "01825882" + FROZEN + "5840" + "73" * 64
    assert unpack_checkpoint(file) == (encode_checkpoint(POINT), b"s" * 64)


@pytest.mark.parametrize(
    "body",
    [
        [b"ledger-1", 1, [], 3, b"short"], [b"ledger-1", 1, [[5, 7, b"short"]], 3, b"b" * 32],
        [b"ledger-1", 1, [[-1, 7, b"h" * 32]], 3, b"b" * 32], [b"ledger-1", 1, [], -1, b"b" * 32],
        [b"ledger-1", 1, [[5, 7, b"h" * 32]] * (CHAINS_MAX + 1), 3, b"b" * 32], [b"x", 1, [], 3, b"b" * 32], [],
    ],
)  # fmt: skip
def test_malformed(body: list[object]) -> None:
    with pytest.raises(WireFault):
        decode_checkpoint(codec.dumps(body))


def test_a_file_with_a_short_signature() -> None:
    with pytest.raises(WireFault):
        unpack_checkpoint(pack_checkpoint(encode_checkpoint(POINT), b"s"))
