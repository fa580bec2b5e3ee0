"""A card stands for a void 撤销: who it is, and what it makes of a challenge by INTERNAL AUTHENTICATE (0088).

The operator card 主管卡 of a supervisor, or the card that paid. Nothing on the card changes. Whether it is one of those
that may, the terminal knows; whether it is the one that it says, the key process.
"""

from typing import NamedTuple

from shared.ids import CardId
from shared.purse import commands
from shared.purse.apdu import ResponseApdu, Sw
from shared.purse.effects import CardFlow, ToCard
from shared.purse.errors import CardLost, LayoutError
from shared.purse.files import parse_public
from shared.purse.flows.till import reason_of
from shared.purse.outcomes import Rejected
from shared.purse.profiles import AID_OPERATOR, CAMPUS, CardProfile, card_id_of
from shared.purse.reasons import Reason
from shared.purse.selecting import public_file, select
from shared.purse.tac import CHALLENGE_SIZE, mac_of

KEY_ID = 0
_answer = ResponseApdu.of_any


class Presented(NamedTuple):
    """The card in the field."""

    card: CardId
    is_operator: bool


def present(profile: CardProfile) -> CardFlow[Presented | Rejected]:
    """Select the operator's application, or else the purse of this profile, and read whose it is."""
    try:
        selected = _answer((yield ToCard(commands.select_name(AID_OPERATOR))))
        is_operator = selected.sw == Sw.OK
        kind = CAMPUS if is_operator else profile
        if not is_operator:
            selected = _answer((yield ToCard(select(profile))))
        if selected.sw != Sw.OK:
            return Rejected(Reason.FOREIGN_CARD, selected.sw)
        public = yield from public_file(kind.form, selected.data)
    except CardLost:
        return Rejected(Reason.CARD_GONE)
    try:
        return Presented(card_id_of(kind, parse_public(kind.form, public.data)), is_operator)
    except LayoutError:
        return Rejected(Reason.CARD_DATA, public.sw)


def stand_for(challenge: bytes) -> CardFlow[bytes | Rejected]:
    """The card's MAC over a challenge, of the application that `present` has selected."""
    try:
        made = _answer((yield ToCard(commands.internal_authenticate(KEY_ID, challenge))))
    except CardLost:
        return Rejected(Reason.CARD_GONE)
    if made.sw != Sw.OK or len(made.data) != CHALLENGE_SIZE:
        return Rejected(reason_of(made.sw), made.sw)
    return mac_of(made.data)
