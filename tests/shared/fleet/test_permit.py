"""A permit of firmware: frozen bytes, one release by its digest, or none."""

import pytest

from shared.errors import WireFault
from shared.fleet.document import DocumentKind, Head, device_scope, model_scope
from shared.fleet.permit import Permit, decode_permit, nothing
from shared.ids import DeviceId

DIGEST = bytes(range(32))
PERMIT = Permit(1, 7, DIGEST)


def head(**other) -> Head:
    found = Head(1, DocumentKind.FIRMWARE, model_scope(1), 7, 0, 100, DIGEST)
    return Head(**{name: other.get(name, getattr(found, name)) for name in Head.__slots__})


def test_its_bytes_are_frozen():
    assert PERMIT.encode().hex() == "01000100000007" + DIGEST.hex()
    assert nothing(2).encode().hex() == "01000200000000" + "00" * 32
    assert decode_permit(PERMIT.encode()) == PERMIT


@pytest.mark.parametrize("raw", [b"", PERMIT.encode()[:-1], PERMIT.encode() + b"x", b"\2" + PERMIT.encode()[1:],
                                 bytes.fromhex("01000100000000") + DIGEST])  # fmt: skip
def test_what_is_none_is_refused(raw):
    with pytest.raises(WireFault):
        decode_permit(raw)


@pytest.mark.parametrize("other", [
    {"scope": model_scope(2)}, {"generation": 8}, {"digest": bytes(32)}, {"kind": DocumentKind.PARAMETERS},
    {"scope": device_scope(DeviceId(bytes(6)))},
])  # fmt: skip
def test_it_is_for_one_release_of_one_model(other):
    assert PERMIT.is_for(head())
    assert not PERMIT.is_for(head(**other))
    assert not nothing(1).is_for(head())
