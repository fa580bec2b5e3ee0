"""Operations on cards as frames: frozen bytes, there and back, everything else refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import WireFault
from shared.purse.upkeep import (
    AppendRecord,
    BlockApplication,
    BlockCard,
    CardKeyType,
    UnblockApplication,
    UnblockPin,
    UpdateFile,
    UpdateRecord,
    WriteKey,
)
from shared.wire import codec
from shared.wire.keyproc import ALLOWED, Op, Role
from shared.wire.upkeep_frames import from_frame, to_frame

FROZEN = [
    (UpdateFile(0x15, 8, b"\1"), "846b7570646174652d66696c6515084101"),
    (UpdateRecord(0x17, 2, b"ab"), "846d7570646174652d7265636f7264170242" + b"ab".hex()),
    (AppendRecord(0x17, b"ab"), "836d617070656e642d7265636f72641742" + b"ab".hex()),
    (BlockApplication(forever=True), "8271626c6f636b2d6170706c69636174696f6ef5"),
    (UnblockApplication(), "8173756e626c6f636b2d6170706c69636174696f6e"),
    (BlockCard(), "816a626c6f636b2d63617264"),
    (UnblockPin(0, b"123456"), "836b756e626c6f636b2d70696e0046313233343536"),
    (WriteKey(CardKeyType.PURCHASE, 2, 3, adds=True), "876977726974652d6b6579183e020300f5f4"),
]


@pytest.mark.parametrize(("operation", "raw"), FROZEN, ids=[type(operation).__name__ for operation, _ in FROZEN])
def test_frozen_frames(operation, raw) -> None:
    assert codec.dumps(to_frame(operation)).hex() == raw
    assert from_frame(codec.loads(bytes.fromhex(raw))) == operation


numbers = st.integers(0, 255)


@given(
    st.builds(UpdateFile, numbers, numbers, st.binary(max_size=99))
    | st.builds(UnblockPin, numbers, st.binary(max_size=9))
    | st.builds(WriteKey, st.sampled_from(CardKeyType), numbers, numbers, numbers, st.booleans(), st.booleans())
)
def test_there_and_back(operation) -> None:
    assert from_frame(codec.loads(codec.dumps(to_frame(operation)))) == operation


@pytest.mark.parametrize(
    "frame",
    [
        [],
        [1],
        [["block-card"]],
        ["export-key"],
        ["block-card", 1],
        ["update-file", 1, 2],
        ["update-file", 1, 2, "text"],
        ["update-file", True, 2, b""],
        ["unblock-pin", 0, 123456],
        ["block-application", 1],
        ["write-key", 0x30, 1, 1, 0, False, False],
        ["write-key", 0x3E, 1, 1, 0],
    ],
)
def test_anything_else_is_refused(frame) -> None:
    with pytest.raises(WireFault):
        from_frame(frame)


def test_the_names_of_operations_and_roles_are_frozen() -> None:
    """They are written in requests: a new name is an addition, a changed one breaks who asks."""
    assert [op.value for op in Op] == [
        "tac", "load-check", "load-mac2", "unload-check", "unload-mac2", "unload-mac3", "overdraft-check",
        "overdraft-mac2", "upkeep", "pin-reload", "external-auth", "internal-auth", "sign-list", "sign-order",
        "sign-trust", "certify-phone", "document-keys", "kcv", "status",
    ]  # fmt: skip
    assert [role.value for role in Role] == ["money", "desk", "audit", "fleet", "wallet"]


def test_no_role_may_do_both_money_and_cards_and_every_operation_has_one() -> None:
    names = {Op.KCV, Op.STATUS}
    assert ALLOWED[Role.MONEY] & ALLOWED[Role.DESK] == names
    assert ALLOWED[Role.WALLET] == names | {Op.CERTIFY_PHONE, Op.DOCUMENT_KEYS}
    assert [role for role in Role if Op.CERTIFY_PHONE in ALLOWED[role]] == [Role.WALLET]
    assert ALLOWED[Role.AUDIT] == names | {Op.TAC}
    assert set().union(*ALLOWED.values()) == set(Op)
