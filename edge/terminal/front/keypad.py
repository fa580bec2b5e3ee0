"""Keys of a cashier, one after the other, as the commands of a counter. Pure: a pad and a key in, a pad and a deed out.

    12.50 enter     sell (a load machine: load)      12.50 pay   out of the online account
    enter           a card without an amount         void        the newest sale, by the card that paid it
    17 void         sale 17, by a supervisor's card  menu 1 … 5  balance, claim, sales, status, the card's own log
    menu 6 number enter enter   a meal by number, without a card: looked at, then confirmed
    clear           what was begun is off            12.50 pay, and a code scanned: out of a wallet
    12.50 menu      a code on the glass, for a customer's wallet to scan; clear calls it off

An amount that is no amount moves nothing: it is refused, and stays to be mended. A PIN's digits are in no repr.
"""

from dataclasses import dataclass, field, replace
from enum import Enum

from edge.terminal.counter.commands import Command, Verb
from edge.terminal.counter.pins import PIN_DIGITS
from edge.terminal.front.presses import Key
from shared.ids import PERSON_DIGITS_MAX, PERSON_DIGITS_MIN
from shared.input.amount import parse_yuan
from shared.keys.offline_code import CODE_DIGITS

WHOLE_MAX = 5
"""Digits before the point: what a till sells at once is below 100,000 yuan."""
PART_MAX = 2
NUMBER_MAX = 10
"""Of a sale's number: those have no point, and more digits than amounts may have."""
MENU = (Verb.BALANCE, Verb.CLAIM, Verb.SALES, Verb.STATUS, Verb.LOG, Verb.MEAL)
"""By the digits from 1."""
SCANNED_MAX = CODE_DIGITS + 1
"""Digits that a scanner may type, of the longest code, and one more: what is longer is none."""
_DIGITS = frozenset("0123456789")


class Mode(Enum):
    """What keys mean now."""

    AMOUNT = "amount"
    MENU = "menu"
    PIN = "pin"
    NUMBER = "number"
    """A person's, in the place of a card."""
    SURE = "sure"
    """The number was looked at: only Enter and clear are heard."""
    CARD = "card"
    """A command waits for its card: only clear is heard."""


@dataclass(frozen=True, slots=True)
class Pad:
    """What was typed so far. enters: what an amount and Enter are, for this kind of body."""

    mode: Mode = Mode.AMOUNT
    text: str = ""
    secret: str = field(default="", repr=False)
    enters: Verb = Verb.SELL
    scans: bool = False
    """A payment code may come in the place of the card: a scanner is a keyboard, which types it and Enter."""

    @property
    def is_scanning(self) -> bool:
        """Has a part of a code been typed?"""
        return self.mode is Mode.CARD and bool(self.secret)


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a scanner, or a person, has typed for a code: whether it is one, its check digit says."""

    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Typed:
    """A PIN, whole or not: the card judges."""

    secret: str = field(repr=False)


class Sign(Enum):
    """A key that did something else than a command."""

    WRONG = "wrong"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Offered:
    """A number, to be looked at before anything is recorded."""

    number: str


Deed = Command | Scanned | Typed | Offered | Sign | None


def press(pad: Pad, key: Key) -> tuple[Pad, Deed]:
    """The next pad, and what is to be done."""
    match pad.mode:
        case Mode.CARD:
            return _card(pad, key)
        case Mode.PIN:
            return _pin(pad, key)
        case Mode.NUMBER:
            return _person(pad, key)
        case Mode.SURE:
            return _sure(pad, key)
        case Mode.MENU:
            return _menu(pad, key)
        case Mode.AMOUNT:
            return _amount(pad, key)


def rest(pad: Pad) -> Pad:
    """Nothing typed."""
    return Pad(enters=pad.enters)


def seen(pad: Pad) -> Pad:
    """What of it a picture tells: of a code nothing, so that none is drawn anew at each of its digits."""
    return replace(pad, secret="") if pad.is_scanning else pad


def asks_pin(pad: Pad) -> Pad:
    """The holder's turn."""
    return Pad(Mode.PIN, enters=pad.enters)


def waits(pad: Pad, text: str = "", *, scans: bool = False) -> Pad:
    """For a card. text: the amount that stays to be seen. scans: or for a code."""
    return Pad(Mode.CARD, text, enters=pad.enters, scans=scans)


def _card(pad: Pad, key: Key) -> tuple[Pad, Deed]:
    """Only clear is heard, and what a scanner types."""
    if key is Key.CLEAR:
        return rest(pad), Sign.OFF
    if pad.scans and key in _DIGITS:
        return replace(pad, secret=(pad.secret + key)[:SCANNED_MAX]), None
    if pad.scans and key is Key.ENTER and pad.secret:
        return rest(pad), Scanned(pad.secret)
    return pad, None


def _pin(pad: Pad, key: Key) -> tuple[Pad, Deed]:
    if key in _DIGITS:
        return Pad(Mode.PIN, secret=(pad.secret + key)[: PIN_DIGITS[-1]], enters=pad.enters), None
    if key is Key.BACK:
        return Pad(Mode.PIN, secret=pad.secret[:-1], enters=pad.enters), None
    if key is Key.ENTER:
        return rest(pad), Typed(pad.secret)
    return (rest(pad), Sign.OFF) if key is Key.CLEAR else (pad, Sign.WRONG)


def asks_sure(pad: Pad, number: str) -> Pad:
    """The cashier's yes to this number."""
    return Pad(Mode.SURE, number, enters=pad.enters)


def _person(pad: Pad, key: Key) -> tuple[Pad, Deed]:
    if key in _DIGITS and len(pad.text) < PERSON_DIGITS_MAX:
        return Pad(Mode.NUMBER, pad.text + key, enters=pad.enters), None
    if key is Key.BACK:
        return Pad(Mode.NUMBER, pad.text[:-1], enters=pad.enters), None
    if key is Key.ENTER and len(pad.text) >= PERSON_DIGITS_MIN:
        return pad, Offered(pad.text)
    return (rest(pad), Sign.OFF) if key is Key.CLEAR else (pad, Sign.WRONG)


def _sure(pad: Pad, key: Key) -> tuple[Pad, Deed]:
    if key is Key.ENTER:
        return rest(pad), Command(Verb.MEAL, pad.text)
    return (rest(pad), Sign.OFF) if key in (Key.CLEAR, Key.BACK) else (pad, Sign.WRONG)


def _menu(pad: Pad, key: Key) -> tuple[Pad, Deed]:
    if key in (Key.CLEAR, Key.BACK, Key.MENU):
        return rest(pad), Sign.OFF
    if key in _DIGITS and 1 <= int(key) <= len(MENU) and MENU[int(key) - 1] is Verb.MEAL:
        return Pad(Mode.NUMBER, enters=pad.enters), None
    if key in _DIGITS and 1 <= int(key) <= len(MENU):
        return rest(pad), Command(MENU[int(key) - 1])
    return pad, Sign.WRONG


def _amount(pad: Pad, key: Key) -> tuple[Pad, Deed]:
    if key in _DIGITS or key is Key.POINT:
        text = _more(pad.text, key)
        return _with(pad, text), None if text != pad.text or key == "0" else Sign.WRONG
    match key:
        case Key.BACK:
            return _with(pad, pad.text[:-1]), None
        case Key.CLEAR:
            return rest(pad), Sign.OFF
        case Key.MENU if not pad.text:
            return Pad(Mode.MENU, enters=pad.enters), None
        case Key.ENTER if not pad.text:
            return pad, Command(Verb.AGAIN)
        case Key.ENTER:
            return _ordered(pad, pad.enters)
        case Key.PAY | Key.MENU if pad.enters is Verb.SELL:
            return _ordered(pad, Verb.PAY if key is Key.PAY else Verb.ORDER)
        case Key.VOID if pad.enters is Verb.SELL and (not pad.text or pad.text.isdecimal()):
            return rest(pad), Command(Verb.VOID, str(int(pad.text)) if pad.text else "")
        case _:
            return pad, Sign.WRONG


def _with(pad: Pad, text: str) -> Pad:
    return Pad(text=text, enters=pad.enters)


def _more(text: str, key: Key) -> str:
    """One more, where an amount or a sale's number still has room for it."""
    whole, point, part = text.partition(".")
    if key is Key.POINT:
        return text if point or len(whole) > WHOLE_MAX else (whole or "0") + "."
    if point:
        return text + key if len(part) < PART_MAX else text
    return (whole.lstrip("0") + key)[:NUMBER_MAX] if whole.strip("0") else key.value


def _ordered(pad: Pad, verb: Verb) -> tuple[Pad, Deed]:
    """An amount above zero, in the bounds of one; a stop's number at a gate."""
    if verb is Verb.STOP:
        is_stop = pad.text.isdecimal() and len(pad.text) <= 3
        return (rest(pad), Command(verb, pad.text)) if is_stop else (pad, Sign.WRONG)
    is_amount = bool(pad.text) and len(pad.text.partition(".")[0]) <= WHOLE_MAX
    amount_fen = parse_yuan(pad.text) if is_amount else 0
    return (rest(pad), Command(verb, amount_fen=amount_fen)) if amount_fen else (pad, Sign.WRONG)
