"""What a finished card can still be given 补写, and what it cannot: then another card takes its place 换卡.

A record goes behind the others of file 0017 where the file has room: how large a file is, was said when the card was
made, for ever. An application with its keys and purse is written by the issuing machine alone. Adding what is there
already is a success; what was torn is seen by reading again.
"""

from __future__ import annotations

from enum import StrEnum

from edge.desk.card.upkeep import card_in_field, run
from edge.desk.desk import Desk
from edge.desk.paper import card_line
from shared.purse import commands
from shared.purse.apdu import CardChannel, ResponseApdu, Sw
from shared.purse.commands import SFI_CAPP
from shared.purse.desk_outcomes import DoneAtCard, Refused
from shared.purse.errors import LayoutError
from shared.purse.flows.upkeep import maintain
from shared.purse.profiles import CAMPUS, SUBSIDY
from shared.purse.selecting import select
from shared.purse.upkeep import AppendRecord
from shared.transit.ride_record import RIDE_TAG, RideRecord, parse_ride
from shared.words.voice import Text

EXCHANGE = Text(
    "请换一张新卡：先 draw 领卡，再 replace --card 旧卡 --new 新卡",
    "exchange the card: draw a new one, then replace --card OLD --new NEW",
)
FULL = Text("文件 0017 没有余地，其大小在制卡时已定", "file 0017 has no room left, its size was fixed at issue")
NO_KEY = Text("卡内没有维护密钥，什么也写不进", "the card has no maintenance key: nothing can be written to it")
NO_FILE = Text("卡内没有记录文件 0017", "the card has no record file 0017")
FOREIGN = Text("卡内乘车记录不是本系统的", "the transit record on the card is not of this system")
PURSE_NEVER = Text(
    "补助钱包是卡内另一个应用，连同密钥只在制卡时写入，成品卡不能加",
    "a subsidy purse is an application of its own, written with its keys at issue; no finished card gets one",
)
THERE = Text("已有乘车记录，未改动", "the transit record is there already, nothing was changed")
PURSE_THERE = Text("已有补助钱包", "the subsidy purse is there already")
OTHERWISE = Text("写入后读出不符", "what was written does not read back")


class What(StrEnum):
    """What may be asked for."""

    TRANSIT = "transit"
    SUBSIDY = "subsidy"


def add(desk: Desk, card: CardChannel, what: What) -> bool:
    """True when the card has it now. ConfigFault for a card that is not ours, or without a line to the keys."""
    who = card_in_field(card)
    if what is What.SUBSIDY:
        return _subsidy(desk, card)
    found = _ride_record(card)
    if found is not None:
        return _said_of(desk, found)
    outcome = run(desk, card, maintain(AppendRecord(SFI_CAPP, RideRecord().encode()), who))
    if isinstance(outcome, Refused) and outcome.sw in _NEVER:
        return _exchange(desk, _NEVER[Sw(outcome.sw)])
    desk.say(card_line(outcome, Text("乘车记录已写入", "the transit record is written")))
    if not isinstance(outcome, DoneAtCard):
        return False
    card.transmit(select(CAMPUS))
    return _ride_record(card) == RideRecord().encode() or _otherwise(desk)


_NEVER = {Sw.NO_SPACE: FULL, Sw.FILE_NOT_FOUND: NO_FILE, Sw.KEY_NOT_FOUND: NO_KEY}
"""Words of the card after which no further try will do better."""


def _ride_record(card: CardChannel) -> bytes | None:
    """Of the main application, which is selected; None: it has none."""
    read = ResponseApdu.of_any(card.transmit(commands.read_tagged(SFI_CAPP, RIDE_TAG)))
    return read.data if read.sw == Sw.OK else None


def _said_of(desk: Desk, record: bytes) -> bool:
    try:
        parse_ride(record)
    except LayoutError:
        return _exchange(desk, FOREIGN)
    desk.say(THERE)
    return True


def _otherwise(desk: Desk) -> bool:
    desk.say(OTHERWISE)
    return False


def _subsidy(desk: Desk, card: CardChannel) -> bool:
    """A whole application is nothing that a desk can add."""
    if ResponseApdu.of_any(card.transmit(select(SUBSIDY))).sw != Sw.FILE_NOT_FOUND:
        desk.say(PURSE_THERE)
        return True
    return _exchange(desk, PURSE_NEVER)


def _exchange(desk: Desk, why: Text) -> bool:
    desk.say(Text(f"{why.zh}；{EXCHANGE.zh}", f"{why.en}; {EXCHANGE.en}"))
    return False
