"""PDUs by examples that others have published, by our own there and back, and by bytes that are none."""

import random

import pytest

from cloud.watch.notify.channels.parts import PARTS_MAX
from cloud.watch.notify.channels.pdu import Deliver, StatusReport, incoming, submits
from shared.errors import WireFault

HELLO = "07911326040000F0040B911346610089F60000208062917314080CC8F71D14969741F977FD07"
"""A DELIVER of a published tutorial: “How are you?” from +31641600986, default alphabet."""


def test_a_published_message_is_read() -> None:
    assert incoming(bytes.fromhex(HELLO)) == Deliver("+31641600986", "How are you?")


def test_a_short_text_is_one_part_in_ucs_2() -> None:
    (only,) = submits("+8613800138000", "报警", 7)
    assert only.octets.hex() == "003100" + "0d91683108108300f0" + "0008a704" + "报警".encode("utf-16-be").hex()
    assert only.length == len(only.octets) - 1


@pytest.mark.parametrize(("text", "parts"), [("警" * 70, 1), ("警" * 71, 2), ("警" * 134, 2), ("警" * 135, 3), ("", 1)])
def test_a_long_text_is_parts(text: str, parts: int) -> None:
    found = submits("10086", text, 9)
    assert len(found) == parts
    assert all(len(one.octets) <= 1 + 2 + 5 + 4 + 140 for one in found)


def test_a_character_of_two_units_is_not_cut() -> None:
    found = submits("10086", "警" * 66 + "🚌" + "警" * 66, 9)
    texts = [one.octets[-int(one.octets[11]) :][6:].decode("utf-16-be") for one in found]
    assert "".join(texts) == "警" * 66 + "🚌" + "警" * 66
    assert texts[0] == "警" * 66


def test_what_is_too_long_or_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="long"):
        submits("10086", "警" * (67 * PARTS_MAX + 1), 0)
    for number in ("", "+", "12a", "1 2"):
        with pytest.raises(ValueError, match="number"):
            submits(number, "x", 0)


@pytest.mark.parametrize(
    ("status", "arrived", "final"), [(0x00, True, True), (0x01, True, True), (0x20, False, False), (0x46, False, True)]
)
def test_a_status_report_says_what_became_of_a_part(status: int, arrived: bool, final: bool) -> None:
    stamp = "62117280012380" * 2
    raw = bytes.fromhex("00" + "06" + "2a" + "0b813108108300f0" + stamp) + bytes((status,))
    assert incoming(raw) == StatusReport(0x2A, "13800138000", arrived, final)


def test_an_answer_in_ucs_2_with_a_header_is_read() -> None:
    body = bytes((5, 0, 3, 1, 2, 1)) + "接单 482913".encode("utf-16-be")
    raw = bytes.fromhex("00" + "44" + "0b813108108300f0" + "0008" + "62117280012380") + bytes((len(body),)) + body
    assert incoming(raw) == Deliver("13800138000", "接单 482913")


@pytest.mark.parametrize("seed", range(200))
def test_no_bytes_do_more_than_be_refused(seed: int) -> None:
    chance = random.Random(seed)
    raw = bytearray(bytes.fromhex(HELLO)[: chance.randrange(60)])
    for _ in range(chance.randrange(4)):
        raw[chance.randrange(len(raw) or 1) : chance.randrange(len(raw) + 1)] = chance.randbytes(chance.randrange(3))
    try:
        incoming(bytes(raw))
    except WireFault:
        return
