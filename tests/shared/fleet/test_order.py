"""Orders: frozen bytes, bounds, and verbs of a later release."""

import pytest

from shared.errors import WireFault
from shared.fleet.document import PAGE_SIZE
from shared.fleet.order import (
    FOREIGN_MAX,
    VERBS,
    WHY_MAX,
    Cancel,
    CloseShift,
    Deed,
    Foreign,
    Locate,
    Lock,
    Order,
    Reboot,
    Reread,
    SendLog,
    Silence,
    Unlock,
    Verb,
    decode_order,
    late_word,
    too_late,
)

FROZEN: list[tuple[Deed, str]] = [
    (Lock("盘点"), "0101328b7400e79b98e782b9"),
    (Unlock(), "0102328b7400"),
    (Reboot(), "0103328b7400"),
    (Locate(30), "0104328b7400001e"),
    (Silence(60), "0105328b7400003c"),
    (Reread(2, 5, 9), "0106328b740000020000000500000009"),
    (SendLog(1), "0107328b74000001"),
    (CloseShift(), "0108328b7400"),
    (Cancel(7), "0109328b740000000007"),
    (Foreign(200, b"later"), "01c8328b74006c61746572"),
]


@pytest.mark.parametrize(("deed", "raw"), FROZEN)
def test_the_bytes_are_frozen(deed: Deed, raw: str) -> None:
    order = Order(deed, 848_000_000)
    assert order.encode().hex() == raw
    assert decode_order(order.encode()) == order
    assert decode_order(Order(deed).encode()).expires == 0


def test_every_verb_has_its_deed_and_fits_a_page() -> None:
    assert {VERBS[type(deed)] for deed, _ in FROZEN[:-1]} == {*Verb}
    assert len(Order(Lock("锁" * (WHY_MAX // 3))).encode()) < PAGE_SIZE
    assert len(Order(Foreign(99, bytes(FOREIGN_MAX))).encode()) <= PAGE_SIZE


HEAD = "328b7400"
SPOILT = [
    "", "0101328b74", f"0202{HEAD}", f"0100{HEAD}", f"0102{HEAD}00", f"0104{HEAD}", f"0104{HEAD}000000",
    f"0104{HEAD}0000", f"0104{HEAD}0259", f"0105{HEAD}0e11", f"0106{HEAD}00000000000500000009",
    f"0106{HEAD}00020000000900000005", f"0106{HEAD}00020000000000000005", f"0106{HEAD}000200000001000003e9",
    f"0109{HEAD}00000000", f"0101{HEAD}ff", f"0101{HEAD}0a", f"0101{HEAD}" + "61" * (WHY_MAX + 1),
    f"01c8{HEAD}" + "00" * (FOREIGN_MAX + 1),
]  # fmt: skip


@pytest.mark.parametrize("raw", SPOILT)
def test_a_malformed_order_is_refused(raw: str) -> None:
    with pytest.raises(WireFault):
        decode_order(bytes.fromhex(raw))


@pytest.mark.parametrize("deed", [Locate(0), Locate(601), Silence(70_000), Lock("x\ny"), Lock("长" * 21), Cancel(0)])
def test_what_is_out_of_bounds_is_not_written(deed: Deed) -> None:
    with pytest.raises(WireFault):
        Order(deed).encode()


def test_a_cancel_that_comes_too_late_says_what_became_of_it() -> None:
    assert late_word(too_late("in_use")) == "in_use"
    assert late_word(b"never begun") is None
    assert late_word(b"\xff\xfe") is None
