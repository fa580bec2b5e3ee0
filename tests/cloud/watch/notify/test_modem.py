"""A modem on a real serial line (a pseudo terminal): what it takes, what it hands over, and how it fails."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from cloud.emulators.modem import ModemEmulator, Taken
from cloud.watch.notify.channels import modem
from cloud.watch.notify.channels.door import Arrived, ChannelFault, Reply
from cloud.watch.notify.channels.modem import ModemDoor
from cloud.watch.notify.queue import Message
from cloud.watch.notify.terms import Channel, Why
from tests.patience import PATIENCE_S

PHONE = "+8613800138000"


@pytest.fixture
def emulator() -> Iterator[ModemEmulator]:
    with ModemEmulator() as opened:
        yield opened


@pytest.fixture
def door(emulator: ModemEmulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModemDoor]:
    monkeypatch.setattr(modem, "ANSWER_S", 2.0)
    monkeypatch.setattr(modem, "SENT_S", 2.0)
    with closing(ModemDoor(emulator.device)) as opened:
        yield opened


def message(text: str, address: str = PHONE) -> Message:
    return Message(1, 0, "王芳", Channel.SMS, address, Why.CALL, (), "", text)


def hears(door: ModemDoor, count: int) -> list[Arrived | Reply]:
    found: list[Arrived | Reply] = []
    last_s = time.monotonic() + PATIENCE_S
    while len(found) < count and time.monotonic() < last_s:
        found += door.heard()
    assert len(found) >= count, found
    return found


def test_a_short_message_goes_and_arrives(emulator: ModemEmulator, door: ModemDoor) -> None:
    given = door.send(message("网关失联 第一食堂"))
    assert emulator.sent == [Taken(PHONE, "网关失联 第一食堂")]
    assert hears(door, 1) == [Arrived(given.parts, True, PHONE)]


def test_a_long_message_goes_in_parts_and_of_each_it_says_whether_it_arrived(
    emulator: ModemEmulator, door: ModemDoor
) -> None:
    given = door.send(message("警" * 150))
    assert "".join(one.text for one in emulator.sent) == "警" * 150
    assert len(given.parts) == 3
    assert hears(door, 3) == [Arrived((part,), True, PHONE) for part in given.parts]


def test_a_part_that_does_not_arrive_says_so(emulator: ModemEmulator, door: ModemDoor) -> None:
    emulator.mood.reports = 0x46
    given = door.send(message("警" * 150))
    assert Arrived(given.parts[-1:], False, PHONE) in hears(door, 3)


def test_an_answer_is_handed_over_also_while_it_sends(emulator: ModemEmulator, door: ModemDoor) -> None:
    emulator.mood.reports = None
    door.send(message("一"))
    emulator.hand_over(PHONE, "482913 接单")
    door.send(message("二"))
    assert hears(door, 1) == [Reply(PHONE, "482913 接单")]


def _mute(emulator: ModemEmulator) -> None:
    emulator.mood.mute = True


def _refuses(emulator: ModemEmulator) -> None:
    emulator.mood.error = "+CMS ERROR: 331"


def _breaks(emulator: ModemEmulator) -> None:
    emulator.mood.breaks = True


@pytest.mark.parametrize("spoil", [_mute, _refuses, _breaks])
def test_a_modem_that_fails_has_not_taken_it_and_is_set_up_anew(
    emulator: ModemEmulator, door: ModemDoor, spoil: Callable[[ModemEmulator], None]
) -> None:
    spoil(emulator)
    with pytest.raises(ChannelFault) as told:
        door.send(message("一"))
    assert not told.value.for_good
    assert emulator.sent == []
    emulator.mood.mute, emulator.mood.error, emulator.mood.breaks = False, "", False
    door.send(message("二"))
    assert [one.text for one in emulator.sent] == ["二"]


def test_what_can_never_go_is_refused_for_good(emulator: ModemEmulator, door: ModemDoor) -> None:
    for wrong in (message("一", "nobody"), message("警" * 1000)):
        with pytest.raises(ChannelFault) as told:
            door.send(wrong)
        assert told.value.for_good
    emulator.mood.error = "+CMS ERROR: 28"
    with pytest.raises(ChannelFault) as told:
        door.send(message("一"))
    assert told.value.for_good


def test_a_device_that_is_not_there_is_a_fault() -> None:
    with closing(ModemDoor("/dev/ykt-no-such-modem")) as door, pytest.raises(ChannelFault):
        door.send(message("一"))
