"""A counter is restarted, or a bit of its flash flips: no 成功 without a debit, no record lost, and nothing in silence.

The bits are found as a stranger finds them: the bytes of a record that the ledger holds are looked for in the flash.
"""

from pathlib import Path

import pytest

from tests.attack.books import require_books
from tests.attack.counter import HAD_GONE_THROUGH, SUCCESS, Counter
from tests.attack.place import Place, asked

pytestmark = pytest.mark.process
SALE, FEN, CARD = "1.23", 123, "0002"
LOAD, LOADED_FEN = "load 5", 500
BEFORE, INSIDE, BEHIND = -8, 20, 58
"""Bytes from the beginning of a record to what is hit: its slot's head, the record, its checksum."""


def _open(room: Path) -> Place:
    place = Place(room)
    place.start("broker", "keys", "ingest", "edge-canteen")
    return place


def _newest(place: Place, body: str) -> bytes:
    """The bytes of the newest record of a terminal that the ledger has."""
    place.until("all that was shown is in the ledger", lambda: place.posted() >= place.shown())
    place.until("all is settled", lambda: place.status("edge-canteen").get("unsettled") == 0)
    sql = (
        "SELECT r.stored FROM record r JOIN device d ON d.device = substr(r.stored, 1, 6) WHERE d.name = ? "
        "ORDER BY substr(r.stored, 7, 2) DESC, substr(r.stored, 19, 4) DESC LIMIT 1"
    )
    return bytes(asked(place.ledger, sql, body)[0][0][14:])


def _flip(place: Place, body: str, record: bytes, *bits: tuple[int, int]) -> None:
    """Flip (byte from the beginning of this record, bit) in the flash."""
    flash = place.data / "terminals" / body / "flash.bin"
    raw = bytearray(flash.read_bytes())
    begins = raw.find(record)
    assert begins > 0
    assert raw.find(record, begins + 1) < 0
    for byte, bit in bits:
        raw[begins + byte] ^= 1 << bit
    flash.write_bytes(raw)


def test_what_was_shown_is_never_shown_as_a_new_success(room: Path) -> None:
    """The same card and the same sum, after an ordinary restart and after a power cut: each 成功 has its debit."""
    with _open(room) as place:
        with Counter(place, "pos-3") as counter:
            before_fen = counter.online().balance_fen()
        for times, is_cut in enumerate((False, False, True, True), 1):
            with Counter(place, "pos-3") as counter:
                said = counter.online().says(SALE)
                assert SUCCESS in said
                assert HAD_GONE_THROUGH not in said, said
                assert counter.balance_fen() == before_fen - FEN * times
                if is_cut:
                    counter.kill()
        assert place.shown() == 4
        with Counter(place, "pos-3") as counter:
            assert "没有待确认" in counter.online().says("again")
            assert counter.balance_fen() == before_fen - FEN * 4
        _newest(place, "pos-3")
        assert require_books(place) == 4


def test_what_was_debited_and_not_shown_is_told_once(room: Path) -> None:
    with _open(room) as place:
        with Counter(place, "pos-3") as counter:
            before_fen = counter.online().balance_fen()
            counter.says("pull after")
            assert SUCCESS not in counter.says(SALE)
            counter.kill()
        with Counter(place, "pos-3") as counter:
            assert HAD_GONE_THROUGH in counter.online().says(SALE)
            assert counter.balance_fen() == before_fen - FEN
        with Counter(place, "pos-3") as counter:
            said = counter.online().says(SALE)
            assert SUCCESS in said
            assert HAD_GONE_THROUGH not in said
            assert counter.balance_fen() == before_fen - 2 * FEN
        _newest(place, "pos-3")
        assert require_books(place) == 2


def test_a_load_after_a_restart_is_a_load(room: Path) -> None:
    with _open(room) as place:
        with Counter(place, "load-1") as counter:
            before_fen = counter.online().balance_fen()
        for times in (1, 2):
            with Counter(place, "load-1") as counter:
                assert "圈存成功" in counter.online().says(LOAD)
                assert counter.balance_fen() == before_fen + LOADED_FEN * times
        _newest(place, "load-1")
        assert require_books(place) == 2


@pytest.mark.parametrize("byte", [BEFORE, INSIDE, BEHIND])
def test_a_flipped_bit_in_the_newest_settled_slot_costs_no_record(room: Path, byte: int) -> None:
    """Reboot, and a sale without link: its number is not that of the record before."""
    with _open(room) as place:
        with Counter(place, "pos-3") as counter:
            for _ in range(3):
                assert SUCCESS in counter.online().says(SALE)
            record = _newest(place, "pos-3")
            counter.settled()
        place.kill("edge-canteen")
        _flip(place, "pos-3", record, (byte, 3))
        _sell_offline_and_drain(place)
        assert require_books(place) == 4


def test_two_flipped_bits_in_the_newest_settled_slot_cost_no_record(room: Path) -> None:
    """It cannot be read any more; what is in the ledger is there, and its number is not given again."""
    with _open(room) as place:
        with Counter(place, "pos-3") as counter:
            assert SUCCESS in counter.online().says(SALE)
            record = _newest(place, "pos-3")
            counter.settled()
        place.kill("edge-canteen")
        _flip(place, "pos-3", record, (INSIDE, 3), (INSIDE + 9, 6))
        _sell_offline_and_drain(place)
        assert require_books(place) == 2


@pytest.mark.parametrize("byte", [BEFORE, INSIDE, BEHIND])
def test_a_flipped_bit_in_the_newest_unsettled_slot_costs_no_record(room: Path, byte: int) -> None:
    with _open(room) as place:
        record = _unsettled(place)
        _flip(place, "pos-3", record, (byte, 3))
        _sell_offline_and_drain(place)
        assert require_books(place) == 3


def test_an_unsettled_record_that_cannot_be_read_stops_the_terminal_and_is_said(room: Path) -> None:
    with _open(room) as place:
        record = _unsettled(place)
        _flip(place, "pos-3", record, (INSIDE, 3), (INSIDE + 9, 6))
        counter = Counter(place, "pos-3")
        with counter:
            assert "损坏" in counter.fails()


def _unsettled(place: Place) -> bytes:
    """One record settled, one only in the flash; the bytes of this one, from its beginning, as the flash has them."""
    with Counter(place, "pos-3") as counter:
        assert SUCCESS in counter.online().says(SALE)
        settled = _newest(place, "pos-3")
        counter.settled()
    place.kill("edge-canteen")
    with Counter(place, "pos-3") as counter:
        assert SUCCESS in counter.offline().says(SALE)
    raw = (place.data / "terminals" / "pos-3" / "flash.bin").read_bytes()
    head = settled[:4] + (int.from_bytes(settled[4:8], "big") + 1).to_bytes(4, "big")
    begins = raw.find(head)
    assert begins > 0
    return raw[begins : begins + len(settled)]


def _sell_offline_and_drain(place: Place) -> None:
    with Counter(place, "pos-3") as counter:
        assert SUCCESS in counter.offline().says(SALE)
    place.start("edge-canteen")
    with Counter(place, "pos-3") as counter:
        counter.online().settled()
