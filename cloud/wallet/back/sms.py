"""Codes leave by the SMS way of the school: the watch's own door, from what waits in the file of people.

A modem is the watch's alone, for a line has one speaker: where the school sends by a modem, or by nothing, codes wait
until they are too old, and people sign in by passwords, passkeys and links. One turn sends SENT_MAX at most, oldest
first, and stops at the first that is not taken: it is tried again with the next turn, TURN_S later.
"""

from pathlib import Path

from cloud.wallet.people.codes import Sms
from cloud.watch.notify.channels.door import ChannelFault, Door
from cloud.watch.notify.channels.modem import ModemDoor
from cloud.watch.notify.doors_file import read_doors
from cloud.watch.notify.queue import Message
from cloud.watch.notify.terms import Channel, Why
from shared.errors import ConfigFault

TURN_S = 2.0


def door_of(folder: Path) -> Door | None:
    """folder: DATA/cloud. None: there is none that is not the watch's alone."""
    try:
        door = read_doors(folder).get(Channel.SMS)
    except ConfigFault:
        return None
    return None if isinstance(door, ModemDoor) else door


def sent(door: Door, waiting: list[Sms], now_ms: int) -> list[int]:
    """Those that the door has taken, or will never take. Blocking, within the door's own bound."""
    done = []
    for one in waiting:
        message = Message(one.id, now_ms, "", Channel.SMS, one.phone, Why.CALL, (), "", one.text)
        try:
            door.send(message)
        except ChannelFault as fault:
            if not fault.for_good:
                break
        done.append(one.id)
    return done
