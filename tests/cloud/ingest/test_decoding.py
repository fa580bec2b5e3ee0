"""Every message that can come: ours, damaged, oversized, of another version, of another box, or noise."""

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.ingest.decoding import read
from cloud.ingest.ticket import Arrival, Junk
from shared.ids import box_id, store_id
from shared.wire import codec
from shared.wire.messages import (
    Batch,
    BoxState,
    DeviceStatus,
    EpochRequest,
    Fact,
    Hello,
    OnlineRequest,
    RecordCopy,
    Tag,
    encode_batch,
    encode_now,
    encode_state,
)

STORE = store_id(b"S" * 8)
BATCH = Batch(STORE, 5, (b"a record", b"another"))
STATE = BoxState(box_id("edge-1"), STORE, 1, True, 0, 0, 0, 0, 0)
MONEY, NOW, STATES = (f"oykt/v1/p07/edge-1/{lane}" for lane in ("up/money", "up/now", "state"))
JSON_LIKE = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**80), 2**80) | st.binary(max_size=20) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=6),
    max_leaves=20,
)


def body(topic: str, payload: bytes) -> object:
    return read(Arrival("s", 1, topic, payload))[1]


def test_a_batch_is_read_with_its_sender() -> None:
    address, batch = read(Arrival("s", 1, MONEY, encode_batch(BATCH)))
    assert address is not None
    assert (address.partition, address.box) == (7, "edge-1")
    assert batch == BATCH


def test_a_state_of_another_box_is_refused() -> None:
    assert body(STATES, encode_state(STATE)) == STATE
    assert isinstance(body("oykt/v1/p07/edge-2/state", encode_state(STATE)), Junk)


@pytest.mark.parametrize("topic", ["", "x", "oykt/v1/p64/edge-1/up/money", "oykt/v1/p07/a b/up/money", "\\xff/v1"])
def test_a_foreign_topic_is_junk_with_its_reason(topic: str) -> None:
    address, junk = read(Arrival("s", 1, topic, encode_batch(BATCH)))
    assert address is None
    assert isinstance(junk, Junk)
    assert junk.reason


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\x01",
        b"\x02" + encode_batch(BATCH)[1:],
        encode_batch(BATCH)[:-1],
        encode_batch(BATCH) + b"\0",
        b"\x01" + bytes(codec.MESSAGE_MAX),
        codec.pack([Tag.BATCH, STORE, 1, []]),
        codec.pack([Tag.BATCH, STORE, 1, [bytes(265)]]),
        codec.pack([Tag.BATCH, STORE, 1, [b"x"] * 1001]),
        codec.pack([Tag.BATCH, STORE, 0, [b"x"]]),
        codec.pack([Tag.BATCH, STORE, 2**63, [b"x"]]),
        codec.pack([Tag.BATCH, STORE, 2**80, [b"x"]]),
        encode_now(RecordCopy(b"x")),
    ],
    ids=[
        "empty", "version only", "unknown version", "truncated", "with a tail", "oversized", "no records",
        "a record too long", "too many records", "row 0", "row past 63 bits", "row past 64 bits", "of another lane",
    ],
)  # fmt: skip
def test_a_damaged_batch_is_junk_with_its_reason(payload: bytes) -> None:
    junk = body(MONEY, payload)
    assert isinstance(junk, Junk)
    assert junk.reason


@pytest.mark.parametrize("tag", [*Tag, 0, 99, -1, 2**70])
def test_a_known_tag_on_garbage_is_junk(tag: int) -> None:
    for rest in ([], [None], [b""] * 4, [2**70] * 4, [[[]]] * 5):
        assert isinstance(body(NOW, codec.pack([tag, *rest])), Junk)


def test_text_that_no_database_takes_is_junk() -> None:
    assert isinstance(body(NOW, encode_now(Fact("a\0b", "x", 0, b"", ""))), Junk)


@given(st.sampled_from([MONEY, NOW, STATES]), st.binary(max_size=200))
def test_noise_never_raises(topic: str, noise: bytes) -> None:
    assert isinstance(body(topic, b"\x01" + noise), Junk)


@given(st.sampled_from([MONEY, NOW, STATES]), st.sampled_from(list(Tag)), st.lists(JSON_LIKE, max_size=12))
def test_any_cbor_behind_a_known_tag_never_raises(topic: str, tag: int, rest: list[object]) -> None:
    body(topic, codec.pack([tag, *rest]))


@given(st.data())
def test_one_damaged_byte_never_raises(data: st.DataObject) -> None:
    device = b"D" * 6
    message = data.draw(
        st.sampled_from(
            [
                encode_now(EpochRequest(1, device, b"T" * 8, b"P" * 6, 3)),  # type: ignore[arg-type]
                encode_now(OnlineRequest(device, 1, b"P" * 6, 9, b"pay")),  # type: ignore[arg-type]
                encode_now(Hello(STORE, 1, 2, None)),
                encode_now(DeviceStatus(device, (), 1, 1, 9, True, 8000, 1)),  # type: ignore[arg-type]
                encode_now(Fact("code", "notice", 1, device, "文")),
            ]
        )
    )
    at = data.draw(st.integers(1, len(message) - 1))
    damaged = message[:at] + bytes((message[at] ^ data.draw(st.integers(1, 255)),)) + message[at + 1 :]
    body(NOW, damaged)


def test_tagged_cbor_is_no_way_in() -> None:
    """Dates, patterns, addresses, shared references: none of them is a value of ours."""
    for tag, value in ((0, "2026-99-99T00:00:00Z"), (35, "(a+)+$"), (37, b"x"), (260, b"\1"), (29, 7), (30, [1, 0])):
        raw = b"\x01" + cbor2.dumps([Tag.FACT, cbor2.CBORTag(tag, value), "x", 0, b"", ""])
        assert isinstance(body(NOW, raw), Junk)
