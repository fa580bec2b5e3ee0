"""The address that a body was given: durable, its own, and as good as none when it is damaged."""

import pytest

from edge.terminal.station.address_file import FILE, AddressFile

US = bytes.fromhex("000100000007")


def test_it_is_kept(tmp_path):
    file = AddressFile(tmp_path, US)
    assert file.read() == 0
    for address in (7, 9, 223):
        file.keep(address)
        assert AddressFile(tmp_path, US).read() == address
    assert [path.name for path in tmp_path.iterdir()] == [FILE]
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


def test_another_bodys_counts_for_nothing(tmp_path):
    AddressFile(tmp_path, US).keep(7)
    assert AddressFile(tmp_path, bytes(6)).read() == 0


@pytest.mark.parametrize("at", range(5))
def test_a_flipped_bit_is_seen(tmp_path, at):
    AddressFile(tmp_path, US).keep(7)
    raw = bytearray((tmp_path / FILE).read_bytes())
    raw[at] ^= 0x10
    (tmp_path / FILE).write_bytes(raw)
    assert AddressFile(tmp_path, US).read() == 0
    (tmp_path / FILE).write_bytes(b"")
    assert AddressFile(tmp_path, US).read() == 0


def test_no_address_of_the_plan_is_none(tmp_path):
    for address in (0, 0xE0, 0xF0, 0xFF):
        AddressFile(tmp_path, US).keep(address)
        assert AddressFile(tmp_path, US).read() == 0


def test_a_medium_that_refuses_is_told_and_stops_nobody(tmp_path, caplog):
    AddressFile(tmp_path / "gone", US).keep(7)
    assert "address" in caplog.text
