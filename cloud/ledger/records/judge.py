"""One record's verdict and its reason (RECORDS "Keys and verdicts"). Pure: everything that is known comes in.

A valid TAC with new card keys posts the card side, always; only the merchant side can be held. What has no TAC is
suspense, never quarantine. What proves nothing is quarantined, and judged again when registration or keys changed.
"""

from enum import IntEnum
from typing import NamedTuple

from cloud.ledger.records.values import Verdict
from shared.facts.terms import word_of
from shared.purse.tac import TacVerdict
from shared.records import CODES, LOAD_SHAPED, MEALS, PAYMENTS, VOIDS, Kind, Record
from shared.records.kinds import KINDS, Worth


class Reason(IntEnum):
    """Why. Frozen numbers: they stand in the books; words in zh and en stand in shared/facts/terms.py."""

    NONE = 0
    DEVICE_UNKNOWN = 1
    OTHER_BOX = 2
    PSAM_UNKNOWN = 3
    PSAM_MOVED = 4
    """In another body than it was registered in, without a swap order 换机单."""
    FORK = 5
    """(device, epoch, seq) was seen with other bytes."""
    STOLEN = 6
    """Body or PSAM was reported stolen before the record arrived."""
    UNPROVEN = 10
    UNDECODABLE = 20
    WRONG_TAC = 21
    KEY_UNKNOWN = 22
    CARD_UNKNOWN = 23
    CARD_KEY_TAKEN = 24
    """The card's counter is already proven by other bytes."""
    TTN_TAKEN = 25
    """The same TAC under another counter or sequence."""
    VOID_MAC = 26
    """The MAC of a void is not its terminal's."""
    LOAD_PURSE = 27
    """A load record that names another purse than the one that is loaded, and no grant tells better."""
    DEFECT = 28
    """Our own code stumbled over it: kept as it came, for the next program."""
    EPOCH_AHEAD = 29
    """It names an epoch that the ledger cannot have given (cloud.ledger.fleet.epochs)."""
    SWAPPED = 36
    """A spare body in a broken one's place, by one person's word at its box, that nobody has confirmed yet."""
    NOT_DEBITED = 30
    NOT_CREDITED = 31
    ZERO = 32
    VOID = 40
    """A void 撤销: its purchase decides (cloud.ledger.receive.voids)."""
    VOID_NO_SALE = 41
    """It names a record that is no such purchase."""
    VOID_TWICE = 42
    """The purchase is void already."""
    VOID_WITNESS = 46
    """The card that stands for a void has not signed it."""
    VOID_PIN = 43
    """Nobody but its terminal stands for the void: a PIN alone."""
    VOID_BOUND = 44
    """Too old, too much or too many a day for a void that moves money by itself (shared.keys.void_bounds)."""
    PAYMENT_MAC = 47
    """The MAC of an account payment's record, or of its reversal, is not its terminal's."""
    VOID_WHOLE = 45
    """It gives back half of a mixed payment as torn, and the payment is whole."""

    MEAL_MAC = 60
    """The MAC of an emergency meal's record is not its terminal's."""
    MEAL_UNKNOWN = 61
    """An emergency meal of a number that no roster knows: it waits until one does."""

    CODE_MAC = 70
    """The MAC of an offline code's record is not its terminal's."""
    CODE_UNKNOWN = 71
    """An offline code of a certificate that these books have never given out to this card."""
    CODE_SIGNATURE = 72
    """An offline code that the certificate's phone has not signed."""

    @property
    def word(self) -> str:
        """As facts tell it."""
        return word_of(self.name)


TOP_GRADE = frozenset({Reason.FORK, Reason.CARD_KEY_TAKEN, Reason.TTN_TAKEN, Reason.DEFECT})
"""紧急: somebody copied, rolled back or forged, or we have a defect."""

PLACES = frozenset(
    {
        Reason.DEVICE_UNKNOWN, Reason.OTHER_BOX, Reason.PSAM_UNKNOWN, Reason.PSAM_MOVED, Reason.STOLEN,
        Reason.EPOCH_AHEAD, Reason.SWAPPED,
    }
)  # fmt: skip
"""Why a record does not come from where it should: its merchant's side waits, and a void moves nothing by itself."""

REJUDGED = frozenset(
    {
        Reason.UNDECODABLE, Reason.WRONG_TAC, Reason.VOID_MAC, Reason.VOID_WITNESS, Reason.PAYMENT_MAC,
        Reason.MEAL_MAC, Reason.CODE_MAC, Reason.CODE_UNKNOWN, Reason.CODE_SIGNATURE,
        Reason.LOAD_PURSE, Reason.KEY_UNKNOWN, Reason.CARD_UNKNOWN, Reason.DEFECT,
    }
)
"""What a registration, a key fix or a newer program can change."""


class Known(NamedTuple):
    """What is known of a record when it is judged.

    same / other: its key is held with the same / with other bytes. tac: the key process's word on its TAC, or on the
    MAC of a void; None when the record carries none or one that cannot be asked. place: why device, PSAM or box is not
    as registered. other_purse: it tells of a load into a purse that has no loads here, and none was granted under it.
    witness: the key process's word on the card that stands for a void; OK where none has to. Of an offline code
    card_known is that its certificate was given to this card, and witness whether that phone has signed it.
    """

    same: bool = False
    other: bool = False
    tac: int | None = None
    card_known: bool = True
    card_key_taken: bool = False
    ttn_taken: bool = False
    place: Reason = Reason.NONE
    other_purse: bool = False
    witness: int = TacVerdict.OK


class Judgement(NamedTuple):
    """Verdict and reason."""

    verdict: Verdict
    reason: Reason


SAME = Known(same=True)
"""What is known of bytes that are in the books already: nothing else decides."""
DUPLICATE = Judgement(Verdict.DUPLICATE, Reason.NONE)
POSTED = Judgement(Verdict.POSTED, Reason.NONE)
_GREY = Judgement(Verdict.SUSPENSE, Reason.UNPROVEN)
_SAID = {Kind.NOT_DEBITED: Reason.NOT_DEBITED, Kind.NOT_CREDITED: Reason.NOT_CREDITED}
"""Why a terminal's word makes no entry; a kind that is not here says it by its own name."""
_NO_TAC = {one.kind: _GREY for one in KINDS if one.worth is Worth.OPEN} | {
    one.kind: Judgement(Verdict.NO_ENTRY, _SAID.get(one.kind, Reason.NONE))
    for one in KINDS
    if one.worth is Worth.WORD
}
_REFUSED = {
    None: Judgement(Verdict.QUARANTINED, Reason.WRONG_TAC),
    TacVerdict.WRONG: Judgement(Verdict.QUARANTINED, Reason.WRONG_TAC),
    TacVerdict.UNKNOWN_KEY: Judgement(Verdict.QUARANTINED, Reason.KEY_UNKNOWN),
    TacVerdict.UNKNOWN_ALGORITHM: Judgement(Verdict.QUARANTINED, Reason.KEY_UNKNOWN),
}


def judge(record: Record | None, known: Known) -> Judgement:
    """The one place of these rules. `record` None: the bytes cannot be read."""
    if known.same:
        return DUPLICATE
    if record is None:
        return Judgement(Verdict.QUARANTINED, Reason.UNDECODABLE)
    without = _NO_TAC.get(record.kind)  # type: ignore[call-overload]  # an int equals its Kind
    if without is not None and known.other_purse:
        return Judgement(Verdict.QUARANTINED, Reason.LOAD_PURSE)
    if without is not None:
        return Judgement(without.verdict, Reason.FORK) if known.other else without
    if known.tac != TacVerdict.OK:
        return _refused(record, known.tac)
    if record.kind in PAYMENTS:
        return _payment(known)
    if record.kind in MEALS:
        return _meal(known)
    if record.kind in CODES:
        return _code(known)
    return _void(known) if record.kind in VOIDS else _proven(record, known)


def proves_nothing(judgement: Judgement, known: Known) -> bool:
    """Of a record from a box that its device is not at: does nothing but the box's word say that it is genuine?"""
    return judgement.verdict is Verdict.QUARANTINED or known.tac != TacVerdict.OK


def apart(record: Record | None, judgement: Judgement, elsewhere: Reason) -> Judgement:
    """Of such a record. A grey purchase is suspense from anywhere, for it is the card that decides it; what speaks of
    other records, or of a load that was asked for, is quarantine."""
    if judgement.verdict is Verdict.QUARANTINED:
        return judgement
    is_grey = record is not None and record.kind == Kind.UNPROVEN
    return _GREY if is_grey else Judgement(Verdict.QUARANTINED, elsewhere)


def _refused(record: Record, tac: int | None) -> Judgement:
    found = _REFUSED[tac]  # type: ignore[index]  # an int equals its TacVerdict
    if found.reason is not Reason.WRONG_TAC:
        return found
    mac = next((reason for kinds, reason in _MACS if record.kind in kinds), None)
    return found if mac is None else Judgement(Verdict.QUARANTINED, mac)


_MACS = (
    (PAYMENTS, Reason.PAYMENT_MAC), (MEALS, Reason.MEAL_MAC), (CODES, Reason.CODE_MAC), (VOIDS, Reason.VOID_MAC),
)  # fmt: skip
"""Of kinds that end with their terminal's MAC: the word for a wrong one."""


def _payment(known: Known) -> Judgement:
    """Its terminal's word of what the centre has decided already: it makes no entry of its own, but a reversal may."""
    if not known.card_known:
        return Judgement(Verdict.QUARANTINED, Reason.CARD_UNKNOWN)
    return Judgement(Verdict.NO_ENTRY, Reason.FORK if known.other else Reason.NONE)


def _meal(known: Known) -> Judgement:
    """Its terminal's word that the food is gone: a limit refuses nothing any more. It waits where nobody knows who ate,
    or whether the terminal is what it says."""
    reason = Reason.FORK if known.other else known.place
    if not reason and not known.card_known:
        reason = Reason.MEAL_UNKNOWN
    return Judgement(Verdict.SUSPENSE, reason) if reason else POSTED


def _code(known: Known) -> Judgement:
    """Its terminal's word that the food is gone, and a phone's that it was shown: whoever bears it, the merchant has
    it. It waits where nobody knows whether the terminal is what it says."""
    if not known.card_known:
        return Judgement(Verdict.QUARANTINED, Reason.CODE_UNKNOWN)
    if known.witness != TacVerdict.OK:
        return Judgement(Verdict.QUARANTINED, Reason.CODE_SIGNATURE)
    reason = Reason.FORK if known.other else known.place
    return Judgement(Verdict.SUSPENSE, reason) if reason else POSTED


def _void(known: Known) -> Judgement:
    """Its terminal has signed it; what becomes of it its purchase decides, which may not be here yet."""
    if known.witness != TacVerdict.OK:
        is_wrong = known.witness == TacVerdict.WRONG
        return Judgement(Verdict.QUARANTINED, Reason.VOID_WITNESS if is_wrong else Reason.KEY_UNKNOWN)
    if not known.card_known:
        return Judgement(Verdict.QUARANTINED, Reason.CARD_UNKNOWN)
    return Judgement(Verdict.SUSPENSE, Reason.FORK if known.other else Reason.VOID)


def _proven(record: Record, known: Known) -> Judgement:
    if not known.card_known:
        return Judgement(Verdict.QUARANTINED, Reason.CARD_UNKNOWN)
    if known.ttn_taken:
        return Judgement(Verdict.QUARANTINED, Reason.TTN_TAKEN)
    if known.card_key_taken:
        return Judgement(Verdict.QUARANTINED, Reason.CARD_KEY_TAKEN)
    if known.other_purse:
        return Judgement(Verdict.QUARANTINED, Reason.LOAD_PURSE)
    if not record.amount_fen:
        return Judgement(Verdict.NO_ENTRY, Reason.ZERO)
    reason = Reason.FORK if known.other else known.place
    if not reason:
        return POSTED
    return Judgement(Verdict.POSTED if record.kind in LOAD_SHAPED else Verdict.HELD, reason)  # a load has no merchant
