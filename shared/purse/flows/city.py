"""Before a purchase of a city card 城市卡: its 安全认证识别码 goes from the card to the PSAM, which takes it into MAC1.

80CA 0000 09 at both, as public terminals of city cards do it (80CA with 9 bytes is AUTHENTICATION MESSAGE in the 2008
manual of the ministry's PSAM); the card is asked before INIT, for nothing may stand between INIT and debit.
"""

from __future__ import annotations

from shared.purse import commands
from shared.purse.apdu import ResponseApdu, Sw
from shared.purse.effects import Flow, ToCard, ToPsam
from shared.purse.outcomes import Declined
from shared.purse.reasons import Reason

_answer = ResponseApdu.of_any


def show_auth_id() -> Flow[Declined | None]:
    """None when the PSAM has taken the card's code. CardLost and PsamLost pass through."""
    read = _answer((yield ToCard(commands.GET_AUTH_ID)))
    if read.sw != Sw.OK or len(read.data) != commands.AUTH_ID_SIZE:
        return Declined(Reason.CARD_DATA, read.sw)
    taken = _answer((yield ToPsam(commands.take_auth_id(read.data))))
    if taken.sw == Sw.OK:
        return None
    return Declined(Reason.FOREIGN_CARD if taken.sw == Sw.AUTH_ID_WRONG else Reason.PSAM_REFUSED, taken.sw)
