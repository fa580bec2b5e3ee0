"""Documents between centre and box: every message comes back as it was said, and bad bytes are refused."""

import random
from dataclasses import replace

import pytest

from shared.errors import WireFault
from shared.fleet.delta import DELTA_MAX, Delta, Patch
from shared.fleet.document import CAMPUS, DocumentKind, Head, SignedHead, device_scope, model_scope
from shared.ids import DeviceId
from shared.keys.document_key import DocumentKey
from shared.wire import codec
from shared.wire.fleet_lane import (
    HELD_MAX,
    PROGRESS_MAX,
    FirmwareProgress,
    FleetDown,
    FleetTag,
    FleetUp,
    Held,
    HeldRow,
    OfferedDelta,
    OfferedHead,
    Page,
    PagesWanted,
    Progress,
    Reported,
    Stage,
    Verdict,
    Why,
    decode_fleet_down,
    encode_fleet_down,
)
from shared.wire.messages import Tag, decode_now_up, encode_now

DEVICE = DeviceId(b"\0\1\0\0\0\7")
HEAD = SignedHead(Head(1, DocumentKind.HOTLIST, CAMPUS, 7, 848_000_000, 2048, b"d" * 32).encode(), b"s" * 64)
DOWN: list[FleetDown] = [
    DocumentKey(DocumentKind.HOTLIST, 1, b"p" * 32, b"c" * 64),
    OfferedHead(HEAD, (1, 0xFFFF_FFFF)),
    OfferedDelta(HEAD, Delta(2048, (Patch(9, b"x"),)).encode()),
    Page(DocumentKind.HOTLIST, CAMPUS, 7, 1, b"page"),
]
UP: list[FleetUp] = [
    Held((HeldRow(DocumentKind.HOTLIST, CAMPUS, 7, b"d" * 32, 848_000_000),)),
    Held(()),
    PagesWanted(DocumentKind.HOTLIST, CAMPUS, 7, (0, 1)),
    Reported(DEVICE, DocumentKind.ORDER, device_scope(DEVICE), 3, b"d" * 32, 1, 2, 4, 5, Verdict.BUSY, b"why"),
    FirmwareProgress(model_scope(1), 2, (Progress(DEVICE, Stage.COMING, Why.NOTHING, 7, 32_768, 1),)),
]
FROZEN = [
    "01 85 1820 01 01 5820" + "70" * 32 + "5840" + "63" * 64,
    "01 84 1821 5835" + HEAD.raw.hex() + "5840" + "73" * 64 + "82 01 1affffffff",
    "01 84 1822 5835" + HEAD.raw.hex() + "5840" + "73" * 64 + "4b 00000800 00000009 0001 78",
    "01 86 1823 01 47 00000000000000 07 01 44 70616765",
]


def test_the_bytes_down_are_frozen() -> None:
    assert [encode_fleet_down(one).hex() for one in DOWN] == [one.replace(" ", "") for one in FROZEN]


@pytest.mark.parametrize("message", DOWN)
def test_down(message: FleetDown) -> None:
    assert decode_fleet_down(encode_fleet_down(message)) == message


@pytest.mark.parametrize("message", UP)
def test_up(message: FleetUp) -> None:
    assert decode_now_up(encode_now(message)) == message


def test_tags_are_apart_from_those_of_other_lanes() -> None:
    assert {*map(int, FleetTag)} & {*map(int, Tag)} == set()


@pytest.mark.parametrize(
    "spoilt",
    [
        replace(DOWN[1], table=(1,)),
        replace(DOWN[1], head=replace(HEAD, signature=b"s")),
        replace(DOWN[1], head=replace(HEAD, raw=HEAD.raw[:-1])),
        replace(DOWN[2], delta=bytes(DELTA_MAX + 1)),
        replace(DOWN[3], data=b""),
        replace(DOWN[3], data=bytes(1025)),
        replace(DOWN[3], number=80),
        replace(DOWN[3], generation=0),
    ],
)
def test_what_is_malformed_is_refused_at_the_box(spoilt: FleetDown) -> None:
    with pytest.raises(WireFault):
        decode_fleet_down(encode_fleet_down(spoilt))


@pytest.mark.parametrize(
    "spoilt",
    [
        Held(UP[0].rows * (HELD_MAX + 1)),
        replace(UP[2], numbers=()),
        replace(UP[2], numbers=(1, 0)),
        replace(UP[2], numbers=tuple(range(33))),
        replace(UP[2], numbers=(80,)),
        replace(UP[3], detail=bytes(65)),
        replace(UP[3], digest=b""),
        replace(UP[3], echo=1 << 32),
        replace(UP[4], generation=0),
        replace(UP[4], rows=UP[4].rows * (PROGRESS_MAX + 1)),
        replace(UP[4], rows=(UP[4].rows[0]._replace(lacking=1 << 32),)),
    ],
)
def test_what_is_malformed_is_refused_at_the_centre(spoilt: FleetUp) -> None:
    with pytest.raises(WireFault):
        decode_now_up(encode_now(spoilt))


def test_other_tags_verdicts_and_kinds_are_refused() -> None:
    for body in ([99], [FleetTag.HELD, []], [], [b"x"], [FleetTag.PAGE, 99, CAMPUS, 1, 0, b"x"]):
        with pytest.raises(WireFault):
            decode_fleet_down(codec.pack(body))
    row = [FleetTag.REPORTED, DEVICE, 1, CAMPUS, 1, b"d" * 32, 1, 1, 1, 1, 99, b""]
    with pytest.raises(WireFault):
        decode_now_up(codec.pack(row))
    for stage, why in ((99, 0), (1, 99)):
        with pytest.raises(WireFault):
            decode_now_up(codec.pack([FleetTag.FIRMWARE_PROGRESS, CAMPUS, 1, [[DEVICE, stage, why, 0, 0, 0]]]))


def test_any_change_is_another_message_or_a_fault() -> None:
    chance, up = random.Random(5), list(map(encode_now, UP))
    for message in [*map(encode_fleet_down, DOWN), *up]:
        for _ in range(200):
            spoilt = bytearray(message)
            spoilt[chance.randrange(len(spoilt))] ^= 1 << chance.randrange(8)
            decode = decode_now_up if message in up else decode_fleet_down
            try:
                decode(bytes(spoilt))
            except WireFault:
                continue
