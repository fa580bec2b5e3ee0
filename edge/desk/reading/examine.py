"""Everything a card says of itself at the desk: who it is, its state, both counters, balance and log. Reads only.

Unlike a till's `identify` it goes on with a card that must not be served: the desk wants to know why. A card that is
taken away raises CardLost: half a reading is none.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from shared.ids import CardId, card_id
from shared.purse import commands
from shared.purse.apdu import ResponseApdu, Sw
from shared.purse.effects import CardFlow, ToCard
from shared.purse.errors import LayoutError
from shared.purse.files import LogRecord, PublicData, holder_name, parse_public
from shared.purse.flows.load import LOAD_ANSWER
from shared.purse.flows.recovery import PurseState, purse_state, read_logs
from shared.purse.flows.till import INIT_ANSWER
from shared.purse.profiles import CardProfile, card_id_of
from shared.purse.selecting import SELECT_BLOCKED, is_application, public_file, select
from shared.words.voice import Text

HOLDER_SIZE = 39
KEY_ID = 1
NOBODY = bytes(6)
"""Terminal id of an INIT that asks for nothing."""
FID_MF = 0x3F00
SFI_CARD_PUBLIC, CARD_PUBLIC_SIZE = 0x05, 16
"""File 0005 of the MF begins with issuer 2, city 2, industry 2, 2 unused, serial 8."""
BALANCE_SIZE = 4
_SERIAL = slice(8, 16)
_answer = ResponseApdu.of_any


class Block(Enum):
    """What the card's own lock says."""

    NONE = Text("未锁定", "not blocked")
    TEMPORARY = Text("应用已锁定（可解锁）", "application blocked, can be unblocked")
    PERMANENT = Text("应用已永久锁定", "application blocked for ever")
    CARD = Text("卡已锁死", "the whole card is blocked")


@dataclass(frozen=True, slots=True)
class PurseSaid:
    """One application. None: the card would not say. offline, online: its counters before the next use."""

    profile: CardProfile
    card: CardId
    public: PublicData
    holder: str
    balance_fen: int | None
    offline: int | None
    online: int | None
    log: tuple[LogRecord, ...]


@dataclass(frozen=True, slots=True)
class NotOurs:
    """No application of this profile can be read. sw: what the card said to SELECT.

    card: who it is by file 0005 of its MF, of a card whose application is blocked.
    """

    block: Block
    sw: int
    card: CardId | None = None


def examine(profile: CardProfile) -> CardFlow[PurseSaid | NotOurs]:
    """Select this application and read it. CardLost."""
    selected = _answer((yield ToCard(select(profile))))
    if selected.sw in SELECT_BLOCKED:
        return (yield from _blocked(selected.sw))
    if selected.sw != Sw.OK or not is_application(profile, selected.data):
        return NotOurs(Block.NONE, selected.sw)
    public = yield from _public(profile, selected.data)
    if public is None:
        return NotOurs(Block.NONE, selected.sw)
    balance = _answer((yield ToCard(commands.GET_BALANCE)))
    if balance.sw != Sw.OK or len(balance.data) != BALANCE_SIZE:
        return PurseSaid(profile, card_id_of(profile, public), public, "", None, None, None, ())
    offline = yield from _offline(profile)
    online = yield from purse_state(commands.init_load(KEY_ID, 0, NOBODY), LOAD_ANSWER.size)
    holder = _answer((yield ToCard(commands.read_binary(commands.SFI_HOLDER, HOLDER_SIZE))))
    log = yield from read_logs(*dict.fromkeys((profile.log, profile.load_log, profile.away_log)))
    return PurseSaid(
        profile, card_id_of(profile, public), public,
        holder_name(holder.data).strip() if holder.sw == Sw.OK else "",
        int.from_bytes(balance.data, "big"), _counter(offline), _counter(online), log,
    )  # fmt: skip


def _blocked(sw: int) -> CardFlow[NotOurs]:
    """Blocked: a card that still gives a challenge is not locked as a whole, and its MF says who it is."""
    if sw == Sw.APP_BLOCKED and _answer((yield ToCard(commands.get_challenge()))).sw == Sw.APP_BLOCKED:
        return NotOurs(Block.CARD, sw)
    yield ToCard(commands.select_file(FID_MF))
    read = _answer((yield ToCard(commands.read_binary(SFI_CARD_PUBLIC, CARD_PUBLIC_SIZE))))
    is_known = read.sw == Sw.OK and len(read.data) == CARD_PUBLIC_SIZE
    card = card_id(read.data[:2] + read.data[_SERIAL]) if is_known else None
    return NotOurs(Block.PERMANENT if sw == Sw.LOCKED_FOR_EVER else Block.TEMPORARY, sw, card)


def _public(profile: CardProfile, fci: bytes) -> CardFlow[PublicData | None]:
    read = yield from public_file(profile.form, fci)
    try:
        return parse_public(profile.form, read.data if read.sw == Sw.OK else b"")
    except LayoutError:
        return None


def _offline(profile: CardProfile) -> CardFlow[PurseState | int]:
    """INIT FOR PURCHASE changes nothing."""
    init = commands.init_purchase(profile.purchase, KEY_ID, 0, NOBODY, profile.purses[0])
    return (yield from purse_state(init, INIT_ANSWER.size))


def _counter(state: PurseState | int) -> int | None:
    return state.counter if isinstance(state, PurseState) else None
