"""Edge↔cloud messages: frozen bytes, round trips, refusals."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import WireFault
from shared.ids import BoxId, CardId, DeviceId, LedgerId, PsamId, StorageId, StoreId
from shared.wire import codec, messages
from shared.wire.messages import (
    AckBody,
    Awaited,
    Batch,
    BoxState,
    DeviceMark,
    DeviceStatus,
    EpochAnswer,
    EpochRequest,
    EpochStatus,
    Fact,
    Heads,
    Hello,
    LedgerTime,
    OnlineAnswer,
    OnlineRequest,
    RecordCopy,
    Recover,
    Revocations,
    SignedAck,
    SignedRevocations,
    Swap,
    TerminalState,
    revocations_mark,
)

STORE, LEDGER, STORAGE = StoreId(b"s" * 8), LedgerId(b"l" * 8), StorageId(b"f" * 8)
DEVICE, PSAM, BOX = DeviceId(b"\0\1\0\0\0\1"), PsamId(b"\x51\0\0\0\0\x23"), BoxId("canteen-1")
ACK = AckBody(LEDGER, 42, 17, BOX, STORE, 900, ((905, 910),), (DeviceMark(DEVICE, 1, 40, ((42, 44),)),), 2048)
UP: list[Any] = [
    EpochRequest(1, DEVICE, STORAGE, PSAM, 3),
    OnlineRequest(DEVICE, 1, PSAM, 9, b"payload"),
    OnlineRequest(DEVICE, 1, PSAM, 9, b"payload", 1_784_000_000_000),
    RecordCopy(b"r" * 66),
    Hello(STORE, 10, 12, None),
    Hello(STORE, 10, 12, SignedAck(b"body", b"x" * 64)),
    Hello(STORE, 10, 12, None, b"n" * 16),
    DeviceStatus(DEVICE, (EpochStatus(1, PSAM, 5, 9, 4, 1),), 1, 1, 30000, True, 9000, 2),
    Fact("wrong-key", "major", 1, DEVICE, "钥匙不符"),
    Swap(DEVICE, DeviceId(b"\0\1\0\0\0\2"), STORAGE, PSAM, 1, 849_140_407, "张三"),
]
CARD = CardId(b"\x53\x03\0\0\0\0\0\0\x47\x11")
DOWN: list[Any] = [
    EpochAnswer(1, DEVICE, STORAGE, PSAM, 0, "psam-moved"),
    OnlineAnswer(DEVICE, 1, 9, b"answer"),
    Recover(LEDGER, STORE, 5),
    LedgerTime(1_784_000_000_000),
    SignedRevocations(b"body", b"x" * 64),
    Awaited(),
    Awaited((CARD,)),
    messages.HelloWanted(STORE),
]


def test_frozen_batch() -> None:
    message = messages.encode_batch(Batch(STORE, 5, (b"\1\2", b"\3")))
    assert message.hex() == "01840148737373737373737305824201024103"
    assert messages.decode_batch(message) == Batch(STORE, 5, (b"\1\2", b"\3"))


FORM_2_ACKS = {
    "rows without their device": ACK._replace(apart=((3, 4), (9, 9))),
    "heads": ACK._replace(heads=Heads(b"c" * 32, 5, b"b" * 32)),
    "both": ACK._replace(apart=((3, 4),), heads=Heads(b"c" * 32, 0, bytes(32))),
}


def test_frozen_batch_of_form_2() -> None:
    message = messages.encode_batch(Batch(STORE, 5, (b"\1\2", b"\3"), messages.FORM_2))
    assert message.hex() == "01850148737373737373737305824201024103" + "02"
    assert messages.decode_batch(message) == Batch(STORE, 5, (b"\1\2", b"\3"), messages.FORM_2)


@pytest.mark.parametrize("form", [0, 1, -1, 256, True, b"2", "2", None])
def test_form_1_is_never_written_and_no_other_form_is_odd(form: Any) -> None:
    with pytest.raises(WireFault):
        messages.decode_batch(codec.pack([messages.Tag.BATCH, STORE, 5, [b"\1"], form]))


def test_form_of_a_hello_is_its_nonce() -> None:
    assert Hello(STORE, 1, 2, None).form == messages.FORM_1
    assert Hello(STORE, 1, 2, None, b"n" * 16).form == messages.FORM_2
    hello = messages.encode_now(Hello(STORE, 10, 12, None, b"n" * 16))
    assert hello.hex() == "01860848" + STORE.hex() + "0a0c8050" + "6e" * 16


@pytest.mark.parametrize("nonce", [b"", b"n" * 15, b"n" * 17, 7, "n" * 16])
def test_bad_nonces_are_refused(nonce: Any) -> None:
    with pytest.raises(WireFault):
        messages.decode_now_up(codec.pack([messages.Tag.HELLO, STORE, 1, 2, [], nonce]))


@pytest.mark.parametrize("ack", FORM_2_ACKS.values(), ids=FORM_2_ACKS)
def test_an_ack_of_form_2_says_what_form_1_says_and_more(ack: AckBody) -> None:
    raw = messages.encode_ack_body(ack)
    assert messages.decode_ack_body(raw) == ack
    assert len(codec.loads(raw)) == len(codec.loads(messages.encode_ack_body(ACK))) + 2
    assert codec.loads(raw)[:9] == codec.loads(messages.encode_ack_body(ACK))


@pytest.mark.parametrize(
    "later",
    [
        [[], []],
        [[[4, 3]], []],
        [[[0, 3]], []],
        [[], [b"c" * 31, 5, b"b" * 32]],
        [[], [b"c" * 32, -1, b"b" * 32]],
        [[], [b"c" * 32, 5]],
        [[[3, 4]]],
        [[[3, 4]], [], []],
        [[[3, 4]], None],
    ],
    ids=str,
)
def test_bad_acks_of_form_2_are_refused(later: list[Any]) -> None:
    with pytest.raises(WireFault):
        messages.decode_ack_body(codec.dumps([*codec.loads(messages.encode_ack_body(ACK)), *later]))


def test_frozen_swap() -> None:
    swap = Swap(DEVICE, DeviceId(b"\0\1\0\0\0\2"), STORAGE, PSAM, 1, 849_140_407, "张三")
    ids = "46" + DEVICE.hex() + "46000100000002" + "48" + STORAGE.hex() + "46" + PSAM.hex()
    assert messages.encode_now(swap).hex() == "018811" + ids + "01" + f"1a{849_140_407:08x}" + "66e5bca0e4b889"


ODD_SWAPS: list[dict[int, Any]] = [
    {4: 0}, {4: 65_536}, {5: -1}, {5: 1 << 32}, {6: ""}, {6: "x" * 65}, {6: "a\0b"}, {0: b"\0"}, {2: b"\0"},
]  # fmt: skip


@pytest.mark.parametrize("odd", ODD_SWAPS, ids=str)
def test_bad_swaps_are_refused(odd: dict[int, Any]) -> None:
    row = [DEVICE, DEVICE, STORAGE, PSAM, 1, 849_140_407, "张三"]
    for at, value in odd.items():
        row[at] = value
    with pytest.raises(WireFault):
        messages.decode_now_up(codec.pack([messages.Tag.SWAP, *row]))


def test_frozen_online_request() -> None:
    message = messages.encode_now(OnlineRequest(DEVICE, 1, PSAM, 9, b"pay", 1_784_000_000_000))
    assert message.hex() == "0187054600010000000101465100000000230943706179" + "1b0000019f5eafb000"


def test_frozen_ledger_time() -> None:
    assert messages.encode_now(LedgerTime(1_784_000_000_000)).hex() == "01820d1b0000019f5eafb000"


REVOKED = Revocations(3, (PSAM,), (DEVICE,))


def test_frozen_revocations() -> None:
    body = messages.encode_revocations(REVOKED)
    assert body.hex() == "8303814651000000002381460001000000" + "01"
    assert messages.decode_revocations(body) == REVOKED
    assert messages.revocations_mark(REVOKED) == (3, 0x99AD346C)
    assert revocations_mark(Revocations()) == (0, 0)
    message = messages.encode_now(SignedRevocations(b"body", b"x" * 64))
    assert message.hex() == "01830e44626f6479" + "5840" + "78" * 64


def test_revocations_name_a_body_by_itself_or_by_its_psam() -> None:
    other = PsamId(b"\x51\0\0\0\0\x24")
    assert REVOKED.names(DEVICE, other)
    assert REVOKED.names(DeviceId(b"\0\1\0\0\0\2"), PSAM)
    assert not REVOKED.names(DeviceId(b"\0\1\0\0\0\2"), other)


@pytest.mark.parametrize(
    "body",
    [
        [0, [], []],
        [1 << 32, [], []],
        [1, [PSAM, PSAM], []],
        [1, [b"\2" * 6, b"\1" * 6], []],
        [1, [b"short"], []],
        [1, [], [7]],
        [1, [], [n.to_bytes(6, "big") for n in range(messages.REVOKED_MAX + 1)]],
        [1, []],
        [True, [], []],
    ],
)
def test_bad_revocations_are_refused(body: Any) -> None:
    with pytest.raises(WireFault):
        messages.decode_revocations(codec.dumps(body))


def test_the_longest_list_fits_a_message() -> None:
    ids = [n.to_bytes(6, "big") for n in range(messages.REVOKED_MAX)]
    wanted = Revocations(1, tuple(map(PsamId, ids)), tuple(map(DeviceId, ids)))
    signed = SignedRevocations(messages.encode_revocations(wanted), b"x" * 64)
    assert messages.decode_now_down(messages.encode_now(signed)) == signed
    assert messages.decode_revocations(signed.body) == wanted


def test_frozen_awaited_cards() -> None:
    assert messages.encode_now(Awaited((CARD,))).hex() == "01820f81" + "4a" + CARD.hex()
    assert messages.encode_now(Awaited()).hex() == "01820f80"
    assert messages.encode_now(messages.HelloWanted(STORE)).hex() == "01821248" + STORE.hex()


@pytest.mark.parametrize(
    "cards",
    [[CARD, CARD], [CARD, CARD[::-1]], [CARD[:9]], [7], "no list", [bytes((n, *bytes(9))) for n in range(129)]],
)
def test_bad_awaited_cards_are_refused(cards: Any) -> None:
    with pytest.raises(WireFault):
        messages.decode_now_down(codec.pack([messages.Tag.AWAITED, cards]))


def test_online_request_is_late_from_its_time_on_and_without_one_never() -> None:
    request = OnlineRequest(DEVICE, 1, PSAM, 9, b"pay", 1000)
    assert [request.is_late(ms) for ms in (999, 1000, 1001)] == [False, True, True]
    assert not OnlineRequest(DEVICE, 1, PSAM, 9, b"pay").is_late(1 << 47)


@pytest.mark.parametrize("request_", [-1, 1 << 32, 1 << 61])
def test_request_numbers_of_more_than_four_bytes_are_refused(request_: int) -> None:
    with pytest.raises(WireFault):
        messages.decode_now_up(messages.encode_now(OnlineRequest(DEVICE, 1, PSAM, request_, b"pay")))
    with pytest.raises(WireFault):
        messages.decode_now_down(messages.encode_now(OnlineAnswer(DEVICE, 1, request_, b"pay")))


EPOCH = EpochStatus(1, PSAM, 5, 9, 4, 1)
LONG = (
    [EPOCH._replace(**{name: bad}) for name in ("oldest", "last", "settled") for bad in (-1, 1 << 32)]
    + [EPOCH._replace(open_slots=bad) for bad in (-1, 256)]
)  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [{"epochs": (epoch,)} for epoch in LONG]
    + [{"epochs": (EPOCH,) * 5}, {"slots_left": 1 << 16}, {"day": 1 << 16}, {"day_first_seq": 1 << 32}]
    + [{"hotlist_version": -1}, {"parameter_version": 1 << 32}],
)
def test_a_status_beyond_what_a_terminal_can_say_is_refused(changes: Any) -> None:
    status = DeviceStatus(DEVICE, (EPOCH,), 1, 1, 30000, True, 9000, 2)
    assert messages.decode_now_up(messages.encode_now(status)) == status
    with pytest.raises(WireFault):
        messages.decode_now_up(messages.encode_now(status._replace(**changes)))


@pytest.mark.parametrize("ms", [-1, 1 << 48])
def test_times_outside_of_their_range_are_refused(ms: int) -> None:
    with pytest.raises(WireFault):
        messages.decode_now_down(messages.encode_now(LedgerTime(ms)))
    with pytest.raises(WireFault):
        messages.decode_now_up(messages.encode_now(OnlineRequest(DEVICE, 1, PSAM, 9, b"pay", ms)))


def test_frozen_ack() -> None:
    body = messages.encode_ack_body(ACK)
    assert body.hex() == (
        "89486c6c6c6c6c6c6c6c182a116963616e7465656e2d314873737373737373731903848182190389"
        "19038e8184460001000000010118288182182a182c190800"
    )
    assert messages.decode_ack_body(body) == ACK
    signed = SignedAck(body, b"x" * 64)
    assert messages.decode_ack(messages.encode_ack(signed)) == signed


@pytest.mark.parametrize("message", UP, ids=lambda m: type(m).__name__)
def test_up_round_trip(message: Any) -> None:
    assert messages.decode_now_up(messages.encode_now(message)) == message


@pytest.mark.parametrize("message", DOWN, ids=lambda m: type(m).__name__)
def test_down_round_trip_and_never_upwards(message: Any) -> None:
    raw = messages.encode_now(message)
    assert messages.decode_now_down(raw) == message
    with pytest.raises(WireFault):
        messages.decode_now_up(raw)


def test_state_round_trip() -> None:
    terminal = TerminalState(DEVICE, "can0/1", "can", "joined", 1, 2, 3, 4, 0)
    state = BoxState(BOX, STORE, 1, True, 2, 3, 4, 5, 0, (terminal,), (7, 0xFFFF_FFFF))
    assert messages.decode_state(messages.encode_state(state)) == state


OLD_STATE = "018b0c6963616e7465656e2d314873737373737373730" + "1f50203040500" + "80"
STATE = "018d0c6963616e7465656e2d314873737373737373730" + "1f50203040500" + "80" + "071aabcdef01"


def test_frozen_state_and_that_of_a_box_of_before_revocations() -> None:
    state = BoxState(BOX, STORE, 1, True, 2, 3, 4, 5, 0, (), (7, 0xABCDEF01))
    assert messages.encode_state(state).hex() == STATE
    assert messages.decode_state(bytes.fromhex(STATE)) == state
    assert messages.decode_state(bytes.fromhex(OLD_STATE)).revocations == (0, 0)


PLAIN_STATE = "018e" + STATE[4:] + "8163746370"


def test_a_box_says_its_plain_links_and_only_where_there_are_any() -> None:
    state = BoxState(BOX, STORE, 1, True, 2, 3, 4, 5, 0, (), (7, 0xABCDEF01), ("tcp",))
    assert messages.encode_state(state).hex() == PLAIN_STATE
    assert messages.decode_state(bytes.fromhex(PLAIN_STATE)) == state
    assert messages.encode_state(state._replace(plain=())).hex() == STATE


@pytest.mark.parametrize("plain", ["8101", "9841" + "60" * 65, "60"])
def test_plain_links_that_are_none_are_refused(plain: str) -> None:
    with pytest.raises(WireFault):
        messages.decode_state(bytes.fromhex("018e" + STATE[4:] + plain))


@pytest.mark.parametrize("mark", [(-1, 0), (1 << 32, 0), (1, 1 << 32), (1, -1)])
def test_marks_of_revocations_outside_of_their_range_are_refused(mark: tuple[int, int]) -> None:
    with pytest.raises(WireFault):
        messages.decode_state(messages.encode_state(BoxState(BOX, STORE, 1, True, 2, 3, 4, 5, 0, (), mark)))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\1",
        b"\2\x84\1\x48sssssssss",
        b"\1\x84\1\x48ssssssss\5",
        codec.pack([1, STORE, 5, [b"r"], 0]),
        codec.pack([1, STORE, 5, []]),
        codec.pack([1, STORE, 0, [b"r"]]),
        codec.pack([1, STORE, 5, [b"r"] * 1001]),
        codec.pack([1, STORE, 5, ["text"]]),
        codec.pack([1, STORE, 5, [b"r" * 265]]),
        codec.pack([1, b"short", 5, [b"r"]]),
        codec.pack([1, STORE, True, [b"r"]]),
        codec.pack([2, STORE, 5, [b"r"]]),
        codec.pack([1, STORE, 5, [b"r"]]) + b"\0",
        b"\1" + b"\x81" * 5000 + b"\0",
        b"\1\x9b" + b"\xff" * 8,
        b"\1" * (codec.MESSAGE_MAX + 1),
    ],
)
def test_bad_batches_are_refused(raw: bytes) -> None:
    with pytest.raises(WireFault):
        messages.decode_batch(raw)


@pytest.mark.parametrize("ranges", [[[5, 4]], [[0, 4]], [[1]], [["a", "b"]], [[1, 2]] * 65])
def test_bad_ranges_are_refused(ranges: list[Any]) -> None:
    body = codec.dumps([LEDGER, 42, 17, BOX, STORE, 900, ranges, [], 1])
    with pytest.raises(WireFault):
        messages.decode_ack_body(body)


@given(st.binary(max_size=300))
def test_nothing_crashes_the_decoders(raw: bytes) -> None:
    with pytest.raises(WireFault):
        messages.decode_revocations(raw)
    for decode in (messages.decode_batch, messages.decode_ack, messages.decode_now_up, messages.decode_state):
        with pytest.raises(WireFault):
            decode(b"\1" + raw)
