"""An order 指令 as a document: one deed that one terminal is to do once. Frozen bytes. Pure.

Form 1, verb 1, expires 4 (campus seconds, 0: never; big-endian, as all here), then the verb's arguments: of LOCK its
reason in UTF-8; of LOCATE and SILENCE seconds 2; of REREAD epoch 2, first seq 4, last seq 4; of SEND_LOG how far
back 2 (0: figures, WHOLE: all of it); of CANCEL a generation 4; of the others nothing. Refuses, with WireFault, what is
not so; a verb of a later release is `Foreign`, for it has to be answered, too.
"""

import struct
from collections.abc import Callable
from dataclasses import astuple, dataclass
from enum import IntEnum
from typing import NamedTuple

from shared.errors import WireFault

FORM = 1
WHY_MAX = 60
"""Bytes of a reason, so that a display has room for it."""
LOCATE_MAX_S = 600
SILENCE_MAX_S = 3600
REREAD_MAX = 1000
"""Records of one order: on a slow bus they take minutes beside the day's own."""
FOREIGN_MAX = 1000
WHOLE = 0xFFFF
"""Of SEND_LOG: the log itself, piece by piece. No ring has a record that lies so far back."""
_HEAD = struct.Struct(">BBI")
_TOO_LATE = "too late: "


class Verb(IntEnum):
    """What is to be done."""

    LOCK = 1
    UNLOCK = 2
    REBOOT = 3
    LOCATE = 4
    SILENCE = 5
    REREAD = 6
    SEND_LOG = 7
    CLOSE_SHIFT = 8
    CANCEL = 9


@dataclass(frozen=True, slots=True)
class Lock:
    """Sell no more, until UNLOCK. why: what the display says of it."""

    why: str


@dataclass(frozen=True, slots=True)
class Unlock:
    """Sell again."""


@dataclass(frozen=True, slots=True)
class Reboot:
    """Begin anew from flash, once."""


@dataclass(frozen=True, slots=True)
class Locate:
    """Show and beep for so long: somebody looks for this terminal."""

    seconds: int


@dataclass(frozen=True, slots=True)
class Silence:
    """Send nothing unasked for so long, 0: speak again; so a node that disturbs its bus is found."""

    seconds: int


@dataclass(frozen=True, slots=True)
class Reread:
    """Send these records again, if they are still there."""

    epoch: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class SendLog:
    """Say figures (0), the record so far back from the newest one, which is 1, or the whole log (WHOLE)."""

    back: int


@dataclass(frozen=True, slots=True)
class CloseShift:
    """End the shift: its slip is said piece by piece, and what was sold in it cannot be void at the till any more."""


@dataclass(frozen=True, slots=True)
class Cancel:
    """Do not do the order of that generation, if it is not done already."""

    generation: int


@dataclass(frozen=True, slots=True)
class Foreign:
    """A verb of a later release."""

    number: int
    arguments: bytes


Deed = Lock | Unlock | Reboot | Locate | Silence | Reread | SendLog | CloseShift | Cancel | Foreign
VERBS: dict[type, Verb] = {
    Lock: Verb.LOCK, Unlock: Verb.UNLOCK, Reboot: Verb.REBOOT, Locate: Verb.LOCATE, Silence: Verb.SILENCE,
    Reread: Verb.REREAD, SendLog: Verb.SEND_LOG, CloseShift: Verb.CLOSE_SHIFT, Cancel: Verb.CANCEL,
}  # fmt: skip
_NOTHING, _SECONDS, _RECORDS, _NUMBER = (struct.Struct(form) for form in (">", ">H", ">HII", ">I"))
_FIXED: dict[Verb, tuple[struct.Struct, Callable[..., Deed]]] = {
    Verb.UNLOCK: (_NOTHING, Unlock),
    Verb.REBOOT: (_NOTHING, Reboot),
    Verb.LOCATE: (_SECONDS, Locate),
    Verb.SILENCE: (_SECONDS, Silence),
    Verb.REREAD: (_RECORDS, Reread),
    Verb.SEND_LOG: (_SECONDS, SendLog),
    Verb.CLOSE_SHIFT: (_NOTHING, CloseShift),
    Verb.CANCEL: (_NUMBER, Cancel),
}


class Order(NamedTuple):
    """expires: the last campus second at which it may still be begun, 0: it never expires."""

    deed: Deed
    expires: int = 0

    @property
    def verb(self) -> int:
        """As it stands in the bytes."""
        return self.deed.number if isinstance(self.deed, Foreign) else VERBS[type(self.deed)]

    def encode(self) -> bytes:
        """The document's bytes. WireFault where a value is out of its bounds."""
        raw = _HEAD.pack(FORM, self.verb, self.expires) + _arguments(self.deed)
        if decode_order(raw) != self:
            raise WireFault(f"no order: {self.deed}")
        return raw


def decode_order(raw: bytes) -> Order:
    """WireFault when malformed."""
    if len(raw) < _HEAD.size or raw[0] != FORM:
        raise WireFault(f"order of {len(raw)} bytes")
    _, number, expires = _HEAD.unpack_from(raw)
    return Order(_deed(number, raw[_HEAD.size :]), expires)


def too_late(word: str) -> bytes:
    """Beside the refusal of a CANCEL: the order was answered already, with this verdict."""
    return (_TOO_LATE + word).encode()


def late_word(detail: bytes) -> str | None:
    """The verdict that `too_late` names; None: it says something else."""
    text = detail.decode("ascii", "replace")
    return text.removeprefix(_TOO_LATE) if text.startswith(_TOO_LATE) else None


def _arguments(deed: Deed) -> bytes:
    if isinstance(deed, Lock):
        return deed.why.encode()
    if isinstance(deed, Foreign):
        return deed.arguments
    form, _ = _FIXED[VERBS[type(deed)]]
    try:
        return form.pack(*astuple(deed))
    except struct.error as wrong:
        raise WireFault(f"order: {wrong}") from wrong


def _deed(number: int, raw: bytes) -> Deed:
    if number not in _VERBS:
        return _foreign(number, raw)
    if number == Verb.LOCK:
        return Lock(_why(raw))
    form, made = _FIXED[_VERBS[number]]
    if len(raw) != form.size:
        raise WireFault(f"order {_VERBS[number].name}: {len(raw)} bytes of arguments")
    return _bounded(made(*form.unpack(raw)))


def _foreign(number: int, raw: bytes) -> Foreign:
    if not number or len(raw) > FOREIGN_MAX:
        raise WireFault(f"order: verb {number} with {len(raw)} bytes")
    return Foreign(number, raw)


def _why(raw: bytes) -> str:
    try:
        why = raw.decode()
    except UnicodeDecodeError as wrong:
        raise WireFault("order LOCK: a reason that is no text") from wrong
    if len(raw) > WHY_MAX or not why.isprintable():
        raise WireFault(f"order LOCK: a reason of {len(raw)} bytes, printable, at most {WHY_MAX}")
    return why


def _bounded(deed: Deed) -> Deed:
    match deed:
        case Locate(seconds):
            is_right = 0 < seconds <= LOCATE_MAX_S
        case Silence(seconds):
            is_right = seconds <= SILENCE_MAX_S
        case Reread(epoch, first, last):
            is_right = epoch > 0 and 0 < first <= last < first + REREAD_MAX
        case Cancel(generation):
            is_right = generation > 0
        case _:
            is_right = True
    if not is_right:
        raise WireFault(f"order: {deed}")
    return deed


_VERBS = {int(verb): verb for verb in Verb}
