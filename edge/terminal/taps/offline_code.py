"""What a till makes of an offline code 脱机付款码: whose phone it is, or why nothing is taken. Pure; asks nobody.

A code counts where the school allows codes, this campus has certified the phone, the certificate lives and was not
ended, its card is on no list, the phone has signed this very use within CODE_AGE_MAX_S of this till's clock, and use
and sum are within both limits, the certificate's and the school's. A till whose clock is not set cannot say how old a
code is. A use that was taken here is taken no more; what other tills have taken, the centre finds.
"""

from collections.abc import Callable
from typing import NamedTuple

from edge.terminal.store.codes import CodesHere
from shared.clocks.clock import CampusTime
from shared.fleet.wallets import Wallets
from shared.ids import CardId
from shared.keys.document_key import DocumentKey
from shared.keys.offline_code import (
    PREFIX,
    Code,
    CodeFault,
    Phone,
    code_of_digits,
    is_certified_phone,
    is_signed_use,
)
from shared.purse.reasons import Reason

CODE_AGE_MAX_S = 120
"""A phone's clock and a till's may differ by so much, both ways: a code is shown anew every few seconds."""


OFF = Wallets(0, 0, 0)


class Standing(NamedTuple):
    """What a till knows when a code is shown to it. limits, key: of the document in use, with the key that signed it:
    a former key's certificates end with it. No key: there is no such document."""

    campus: int
    limits: Wallets
    key: DocumentKey | None
    now: CampusTime
    is_listed: Callable[[CardId], bool]


def is_offline(typed: str) -> bool:
    """Is it for this module, by its first digits? Whether it is whole, `genuine` says."""
    return typed.startswith(PREFIX)


def genuine(digits: str, at: Standing) -> Code | Reason:
    """The code of a phone that may pay here, now; or why not. What it wants to pay is not looked at yet."""
    if at.key is None or not at.limits.is_on:
        return Reason.CODE_OFF
    if not at.now.is_set:
        return Reason.CODE_NO_CLOCK
    try:
        code = code_of_digits(digits)
    except CodeFault:
        return Reason.CODE_FORM
    phone = code.certificate.phone
    if (phone.campus, phone.key_version) != (at.campus, at.key.version):
        return Reason.CODE_FOREIGN
    if not is_certified_phone(code.certificate, at.key.public):
        return Reason.CODE_FOREIGN
    return _refused(code, phone, at) or code


def allowed(code: Code, fen: int, limits: Wallets, taken: CodesHere, day: int) -> Reason | None:
    """Why this sum is not taken; None: it is. taken: what this till has taken, day: its business day."""
    phone = code.certificate.phone
    if fen <= 0:
        return Reason.AMOUNT
    if fen > min(phone.one_fen, limits.one_fen):
        return Reason.CODE_LIMIT
    if taken.is_taken(phone.number, code.use.use):
        return Reason.CODE_USED
    return Reason.CODE_DAY_SUM if taken.fen_of(day) + fen > limits.day_fen else None


def _refused(code: Code, phone: Phone, at: Standing) -> Reason | None:
    """Of a phone that this campus has certified."""
    if phone.number in at.limits.ended:
        return Reason.CODE_ENDED
    if at.is_listed(phone.card):
        return Reason.HOTLISTED
    if not phone.from_s <= at.now.seconds < phone.until_s:
        return Reason.CODE_EXPIRED
    if abs(at.now.seconds - code.use.made_s) > CODE_AGE_MAX_S:
        return Reason.CODE_STALE
    if not is_signed_use(phone.public, phone.number, code.use, code.signature):
        return Reason.CODE_FORM
    return Reason.CODE_LIMIT if code.use.use > min(phone.uses, at.limits.uses) else None
