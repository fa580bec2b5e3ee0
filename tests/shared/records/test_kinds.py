"""Records follow their descriptions: bytes, lengths, page."""

import json
from typing import Any

import pytest

from shared import records
from shared.errors import WireFault
from shared.records.kinds import KINDS, Description, Kind, Worth
from shared.records.shape import Part, Presence, Shape
from tests.shared.records import described

CASES = pytest.mark.parametrize("one", KINDS, ids=lambda one: one.kind.name)


def test_bytes_are_those_that_were_frozen() -> None:
    assert described.vectors() == json.loads(described.VECTORS.read_text(encoding="utf-8"))


def test_page_says_what_the_descriptions_say() -> None:
    assert described.PAGE.read_text(encoding="utf-8") == described.page()


def test_each_kind_is_described_once_and_in_order() -> None:
    numbers = [one.kind for one in KINDS]
    assert numbers == sorted(set(numbers))
    assert len({one.words for one in KINDS}) == len(KINDS)


@CASES
def test_an_example_is_of_its_kind_and_comes_back(one: Description[Any]) -> None:
    wire = records.encode(one.example)
    assert (one.example.kind, records.decode(wire)) == (one.kind, one.example)
    assert records.peek(wire) == one.example[:4]
    assert len(wire) <= records.WIRE_MAX


@CASES
def test_no_other_length_is_understood(one: Description[Any]) -> None:
    wire = records.encode(one.example)
    for size in range(records.HEAD_SIZE, records.WIRE_MAX + 1):
        cut = (wire + bytes(records.WIRE_MAX))[:size]
        if one.part is Presence.EITHER and size in (one.shape.size, one.shape.whole_size):
            assert records.encode(records.decode(cut)) == cut
        elif size != len(wire):
            with pytest.raises(WireFault, match=f"{size} bytes"):
                records.decode(cut)


@CASES
def test_a_record_counts_its_own_counter_and_proves_what_its_kind_proves(one: Description[Any]) -> None:
    flags = records.parse_flags(one.example.flags)
    other = records.CounterKind(1 - flags.counter_kind)
    with pytest.raises(WireFault, match="counter kind"):
        records.decode(_with(one, flags._replace(counter_kind=other, claim=False)))
    proof = records.Proof.NONE if one.worth is Worth.TAC else records.Proof.PROVE
    with pytest.raises(WireFault, match="proof state"):
        records.decode(_with(one, flags._replace(proof=proof)))


def _with(one: Description[Any], flags: records.Flags) -> bytes:
    return records.encode(one.example._replace(flags=flags.to_int()))


def test_kinds_without_a_description_are_refused() -> None:
    wire = records.encode(KINDS[0].example)
    for kind in set(Kind) - {one.kind for one in KINDS}:
        with pytest.raises(WireFault, match="no codec"):
            records.decode(wire[:1] + bytes((kind,)) + wire[2:])


@pytest.mark.parametrize("before", ["", "linked"])
def test_a_new_shape_is_its_fields(before: str) -> None:
    part = Part("more", "two 2s", b"", bytes, bytes, before)
    shape = Shape(tuple, "version B, kind B, flags H, seq I, linked H", part)
    wire = shape.encode((1, 12, 0, 5, 7, b"xy"))
    assert wire.hex() == "010c000000000005" + ("78790007" if before else "00077879")
    assert shape.decode(wire, Presence.EITHER) == (1, 12, 0, 5, 7, b"xy")
    assert shape.decode(wire[:8] + b"\0\7", Presence.NEVER) == (1, 12, 0, 5, 7, b"")
    for size, presence in ((12, Presence.NEVER), (10, Presence.ALWAYS), (11, Presence.EITHER)):
        with pytest.raises(WireFault):
            shape.decode(bytes(size), presence)
