"""An SMS gateway on a loopback port: what it takes, what it hands over, and how it fails; and frames by themselves."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from cloud.emulators.smsc import BIND_FAILED, NO_SUCH_NUMBER, QUEUE_FULL, THROTTLED, SmscEmulator
from cloud.watch.notify.channels import smpp, smpp_pdu
from cloud.watch.notify.channels.door import Arrived, ChannelFault, Reply
from cloud.watch.notify.channels.smpp import SmppDoor, SmppServer
from cloud.watch.notify.channels.smpp_pdu import Pdu, Receipt, Text
from cloud.watch.notify.queue import Message
from cloud.watch.notify.terms import Channel, Why
from shared.errors import WireFault
from tests.patience import PATIENCE_S

PHONE, SECRET = "+8613800138000", "geheim"
BIND = "00000020000000090000000000000007796b740067656865696d000034000000"
RECEIPT = (
    "00010138363133383030313338303030000001313036393030303100040000000000000000"
    "5e69643a4137207375623a30303120646c7672643a303031207375626d697420646174653a3236313132383033313220646f6e65206461"
    "74653a3236313132383033313220737461743a44454c49565244206572723a30303020746578743a001e0003413700"
)
WRITTEN = (
    "0001013836313338303031333830303000000131303639303030310000000000000000080012003400380032003900310033002063a55355"
)
"""As another client library writes them."""


@pytest.fixture
def emulator() -> Iterator[SmscEmulator]:
    with SmscEmulator() as opened:
        yield opened


@pytest.fixture
def door(emulator: SmscEmulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[SmppDoor]:
    monkeypatch.setattr(smpp, "ANSWER_S", 1.0)
    monkeypatch.setattr(smpp, "REST_S", 0.0)
    server = SmppServer("127.0.0.1", emulator.port, "10690001", "ykt", SECRET, tls=False)
    with closing(SmppDoor(server)) as opened:
        yield opened


def message(text: str, address: str = PHONE) -> Message:
    return Message(1, 0, "王芳", Channel.SMS, address, Why.CALL, (), "", text)


def hears(door: SmppDoor, count: int) -> list[Arrived | Reply]:
    found: list[Arrived | Reply] = []
    last_s = time.monotonic() + PATIENCE_S
    while len(found) < count and time.monotonic() < last_s:
        found += door.heard()
    assert len(found) >= count, found
    return found


def test_a_short_message_goes_and_arrives(emulator: SmscEmulator, door: SmppDoor) -> None:
    given = door.send(message("网关失联 第一食堂"))
    (sent,) = emulator.sent
    assert (sent.source, sent.number, sent.text, sent.part) == ("10690001", PHONE, "网关失联 第一食堂", ())
    assert hears(door, 1) == [Arrived(given.parts, is_there=True, address=PHONE)]
    assert emulator.binds == [("ykt", SECRET)]


def test_a_long_message_goes_in_parts_and_of_each_it_says_whether_it_arrived(
    emulator: SmscEmulator, door: SmppDoor
) -> None:
    text = "警" * 100 + "𠮷" * 30
    given = door.send(message(text))
    assert "".join(one.text for one in emulator.sent) == text
    assert [one.part for one in emulator.sent] == [(0, 3, 1), (0, 3, 2), (0, 3, 3)]
    heard = hears(door, 3)
    assert given == ("1+2+3", ("1", "2", "3"))
    assert [one.numbers for one in heard if isinstance(one, Arrived)] == [("1",), ("2",), ("3",)]


def test_a_receipt_may_come_late_and_say_no(emulator: SmscEmulator, door: SmppDoor) -> None:
    emulator.mood.receipt = ""
    door.send(message("一"))
    door.send(message("二"))
    emulator.report(2, "ACCEPTD")
    emulator.report(2, "DELIVRD")
    emulator.report(1, "UNDELIV")
    assert hears(door, 2) == [Arrived(("2",), True, PHONE), Arrived(("1",), False, PHONE)]


def test_an_answer_is_handed_over_and_acknowledged(emulator: SmscEmulator, door: SmppDoor) -> None:
    emulator.mood.receipt = ""
    door.send(message("一"))
    emulator.hand_over("8613800138000", "482913 接单")
    door.send(message("二"))
    assert hears(door, 1) == [Reply(PHONE, "482913 接单")]
    door.send(message("三"))
    assert emulator.acknowledged == 1


def _twice(door: SmppDoor) -> None:
    """What a gateway says by itself may be behind its answer to the first."""
    for _ in range(2):
        door.send(message("一"))


def _mute(emulator: SmscEmulator) -> None:
    emulator.mood.mute = True


def _binds_nobody(emulator: SmscEmulator) -> None:
    emulator.mood.bind = BIND_FAILED


def _throttles(emulator: SmscEmulator) -> None:
    emulator.mood.submit = THROTTLED


def _is_full(emulator: SmscEmulator) -> None:
    emulator.mood.submit = QUEUE_FULL


def _hangs_up(emulator: SmscEmulator) -> None:
    emulator.mood.hangs_up = True


def _talks_nonsense(emulator: SmscEmulator) -> None:
    emulator.mood.receipt = ""
    emulator.say(b"\xff" * 16)


@pytest.mark.parametrize("spoil", [_mute, _binds_nobody, _throttles, _is_full, _hangs_up, _talks_nonsense])
def test_a_gateway_that_fails_has_not_taken_it_and_is_asked_again(
    emulator: SmscEmulator, door: SmppDoor, spoil: Callable[[SmscEmulator], None]
) -> None:
    spoil(emulator)
    with pytest.raises(ChannelFault) as told:
        _twice(door)
    assert not told.value.for_good
    assert SECRET not in f"{told.value!r} {told.value.__cause__!r}"
    emulator.mood = type(emulator.mood)(receipt="")
    door.send(message("二"))
    assert emulator.sent[-1].text == "二"


def test_throttled_keeps_the_connection(emulator: SmscEmulator, door: SmppDoor) -> None:
    _throttles(emulator)
    for _ in range(3):
        with pytest.raises(ChannelFault):
            door.send(message("一"))
    assert len(emulator.binds) == 1


def test_what_can_never_go_is_refused_for_good(emulator: SmscEmulator, door: SmppDoor) -> None:
    for wrong in (message("一", "nobody"), message("一", "١٢٣٤٥"), message("警" * 1000)):
        with pytest.raises(ChannelFault) as told:
            door.send(wrong)
        assert told.value.for_good
    emulator.mood.submit = NO_SUCH_NUMBER
    with pytest.raises(ChannelFault) as told:
        door.send(message("一"))
    assert told.value.for_good


def test_a_quiet_gateway_is_asked_whether_it_is_there(
    emulator: SmscEmulator, door: SmppDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    door.heard()
    monkeypatch.setattr(smpp, "IDLE_S", 0.0)
    door.heard()
    assert emulator.enquiries == 1
    emulator.mood.mute = True
    with pytest.raises(ChannelFault):
        door.heard()


def test_one_that_is_away_is_left_in_peace_for_a_while(door: SmppDoor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smpp, "REST_S", 60.0)
    with SmscEmulator() as gone:
        server = SmppServer("127.0.0.1", gone.port, "1", "ykt", SECRET, tls=False)
    with closing(SmppDoor(server)) as away:
        for said in ("SMSC: ConnectionRefusedError", "SMSC: away"):
            with pytest.raises(ChannelFault, match=said):
                away.heard()
    assert SECRET not in repr(server)


def test_a_plain_gateway_is_no_gateway_where_tls_is_wanted(emulator: SmscEmulator, door: SmppDoor) -> None:
    server = SmppServer("127.0.0.1", emulator.port, "1", "ykt", SECRET)
    with closing(SmppDoor(server)) as secured, pytest.raises(ChannelFault):
        secured.send(message("一"))
    assert emulator.binds == []


def test_frames_are_as_others_write_them() -> None:
    pdu = Pdu(smpp_pdu.BIND, 0, 7, smpp_pdu.bind("ykt", SECRET))
    assert smpp_pdu.encoded(pdu).hex() == BIND
    assert smpp_pdu.framed(bytes.fromhex(BIND) + b"\0") == (pdu, b"\0")
    assert smpp_pdu.delivered(bytes.fromhex(RECEIPT)) == Receipt("A7", is_there=True, address=PHONE)
    assert smpp_pdu.delivered(bytes.fromhex(WRITTEN)) == Text(PHONE, "482913 接单")


def test_a_text_is_as_others_write_it_but_for_its_validity() -> None:
    theirs = "00000131303639303030310001013836313338303031333830303000000000000001000800028b66"
    (ours,) = smpp_pdu.submits("10690001", PHONE, "警", 0)
    assert ours.replace(b"000001000000000R", b"").hex() == theirs


def test_nothing_that_comes_is_more_than_a_wire_fault() -> None:
    dice = random.Random(13)
    whole = [bytes.fromhex(RECEIPT), bytes.fromhex(WRITTEN)]
    for _ in range(3000):
        octets = bytearray(dice.choice(whole))
        for _ in range(dice.randint(1, 4)):
            octets[dice.randrange(len(octets))] = dice.randrange(256)
        try:
            smpp_pdu.delivered(bytes(octets[: dice.randint(0, len(octets))]))
        except WireFault:
            continue


@pytest.mark.parametrize("length", [0, 15, smpp_pdu.PDU_MAX + 1])
def test_a_frame_has_a_possible_length(length: int) -> None:
    with pytest.raises(WireFault):
        smpp_pdu.framed(length.to_bytes(4, "big") + bytes(12))
