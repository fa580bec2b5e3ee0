"""The card office's dialogues under the issuer's keys: file update, blocks, PIN, key update, mutual authentication.

No key is here: the centre makes each MAC and cryptogram for one named operation (`upkeep`) and one fresh challenge of
the card. Nothing goes to the card between challenge and command. A torn step ends in NotKnown with what to do.
"""

from __future__ import annotations

from shared.ids import CardId
from shared.purse import commands
from shared.purse.apdu import DebitVerdict, ResponseApdu, Sw, debit_verdict
from shared.purse.desk_outcomes import DeskOutcome, DoneAtCard, NotKnown, Refused, Remedy
from shared.purse.effects import AskCentre, CentreAnswer, CentreQuestion, Denial, DeskFlow, ToCard
from shared.purse.errors import CardLost
from shared.purse.flows.till import pin_reason, reason_of
from shared.purse.outcomes import Pin
from shared.purse.reasons import Reason
from shared.purse.upkeep import (
    AppendRecord,
    ExternalAuthAsk,
    InternalAuthAsk,
    PinReloadAsk,
    UpdateFile,
    UpdateRecord,
    Upkeep,
    UpkeepAsk,
    WriteKey,
    plan,
    valid_pin,
)

CHALLENGE_SIZE = 4
AUTH_CHALLENGE_SIZE = 8
_REFUSED_BEFORE = frozenset(
    (
        Sw.WRONG_LENGTH, Sw.WRONG_P1P2, Sw.INS_UNKNOWN, Sw.CLA_UNKNOWN, Sw.SECURITY, Sw.LOCKED, Sw.NO_CHALLENGE,
        Sw.CONDITIONS, Sw.SM_MISSING, Sw.SM_WRONG, Sw.WRONG_DATA, Sw.APP_BLOCKED, Sw.FILE_NOT_FOUND,
        Sw.RECORD_NOT_FOUND, Sw.NO_SPACE, Sw.REFERENCE_NOT_FOUND, Sw.WRONG_OFFSET, Sw.MAC_WRONG,
        Sw.LOCKED_FOR_EVER, Sw.KEY_NOT_FOUND, Sw.FILE_KIND, Sw.ORDER, Sw.SM_UNKNOWN, Sw.NO_CURRENT_FILE,
    )
)  # fmt: skip
"""Words that say that a maintenance command changed nothing but its own try counter."""
_answer = ResponseApdu.of_any


def maintain(operation: Upkeep, card: CardId) -> DeskFlow[DeskOutcome]:
    """One operation on the card that is selected. LayoutError for a value that does not fit its field."""
    plan(operation)
    try:
        challenge = yield from _challenge(CHALLENGE_SIZE)
        if isinstance(challenge, Refused):
            return challenge
        command = yield from _ask(UpkeepAsk(card, challenge, operation))
    except CardLost:
        return Refused(Reason.CARD_GONE)
    if isinstance(command, Refused):
        return command
    return (yield from _send(command, _remedy(operation)))


def verify_pin(pin: Pin) -> DeskFlow[DeskOutcome]:
    """0020. A torn VERIFY may have cost a try: `Remedy.REPEAT` with the right PIN gives them all back."""
    return (yield from _send(commands.verify_pin(pin.pin_id, valid_pin(pin.digits)), Remedy.REPEAT))


def change_pin(old: Pin, new: Pin) -> DeskFlow[DeskOutcome]:
    """805E 01: the holder knows the old one. LayoutError for a PIN of another length."""
    command = commands.change_pin(old.pin_id, valid_pin(old.digits), valid_pin(new.digits))
    return (yield from _send(command, Remedy.TRY_BOTH))


def reload_pin(new: Pin, card: CardId) -> DeskFlow[DeskOutcome]:
    """805E 00: the holder forgot it; the issuer's key says so. LayoutError for a PIN of another length."""
    try:
        mac = yield from _ask(PinReloadAsk(card, valid_pin(new.digits)))
    except CardLost:
        return Refused(Reason.CARD_GONE)
    if isinstance(mac, Refused):
        return mac
    return (yield from _send(commands.reload_pin(new.pin_id, new.digits, mac), Remedy.REPEAT))


def authenticate_to_card(card: CardId, key_id: int = 0) -> DeskFlow[DeskOutcome]:
    """EXTERNAL AUTHENTICATE: the card believes the issuer until it is selected anew."""
    try:
        challenge = yield from _challenge(AUTH_CHALLENGE_SIZE)
        if isinstance(challenge, Refused):
            return challenge
        cryptogram = yield from _ask(ExternalAuthAsk(card, challenge))
    except CardLost:
        return Refused(Reason.CARD_GONE)
    if isinstance(cryptogram, Refused):
        return cryptogram
    return (yield from _send(commands.external_authenticate(key_id, cryptogram), Remedy.REPEAT))


def authenticate_card(card: CardId, random8: bytes, key_id: int = 0) -> DeskFlow[DeskOutcome]:
    """INTERNAL AUTHENTICATE over 8 unpredictable bytes: the centre believes the card, or it is refused as foreign."""
    try:
        made = _answer((yield ToCard(commands.internal_authenticate(key_id, random8))))
        if made.sw != Sw.OK or len(made.data) != AUTH_CHALLENGE_SIZE:
            return Refused(reason_of(made.sw), made.sw)
        right: CentreAnswer = yield AskCentre(InternalAuthAsk(card, random8, made.data))
    except CardLost:
        return Refused(Reason.CARD_GONE)
    if right is True:
        return DoneAtCard()
    if isinstance(right, Denial):
        return Refused(Reason.CENTRE_DENIED, None, right.why)
    return Refused(Reason.FOREIGN_CARD if right is False else Reason.CENTRE_SILENT)


def _challenge(size: int) -> DeskFlow[bytes | Refused]:
    given = _answer((yield ToCard(commands.get_challenge(size))))
    return given.data if given.sw == Sw.OK and len(given.data) == size else Refused(reason_of(given.sw), given.sw)


def _ask(question: CentreQuestion) -> DeskFlow[bytes | Refused]:
    answer: CentreAnswer = yield AskCentre(question)
    if isinstance(answer, bytes):
        return answer
    if isinstance(answer, Denial):
        return Refused(Reason.CENTRE_DENIED, None, answer.why)
    return Refused(Reason.CENTRE_SILENT)


def _send(command: bytes, remedy: Remedy) -> DeskFlow[DeskOutcome]:
    try:
        said = _answer((yield ToCard(command)))
    except CardLost:
        return NotKnown(Reason.NO_RESPONSE, remedy)
    if said.sw & 0xFFF0 == 0x63C0 or said.sw == Sw.LOCKED:
        return Refused(pin_reason(said.sw), said.sw)
    match debit_verdict(said.sw, _REFUSED_BEFORE):
        case DebitVerdict.DONE:
            return DoneAtCard()
        case DebitVerdict.NOT_DONE:
            return Refused(reason_of(said.sw), said.sw)
        case DebitVerdict.UNKNOWN:
            return NotKnown(Reason.UNKNOWN_STATUS, remedy, said.sw)


def _remedy(operation: Upkeep) -> Remedy:
    match operation:
        case UpdateFile() | UpdateRecord() | AppendRecord():
            return Remedy.READ_BACK
        case WriteKey():
            return Remedy.REPLACE_VERSION
        case _:
            return Remedy.REPEAT
