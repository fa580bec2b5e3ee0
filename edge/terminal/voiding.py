"""The cashier's void 撤销: the last sale of this terminal is given back, by a signed record and never by the card.

Once, on the business day of the sale, and only while nothing is unconfirmed. Refuses everything else with its reason.
The card need not be there: what it paid waits in pending load 过渡余额 until it is claimed.
"""

from edge.terminal import display
from edge.terminal.body import Body
from edge.terminal.book import Row
from edge.terminal.steps import End, Result, Show, Shown, Tap
from shared.errors import RuleBroken, WireFault
from shared.purse.reasons import Reason
from shared.records import PROVEN, Cause, PurchaseRecord, Record, Stored, VoidRecord, decode
from shared.terminal_mac import mac_input, terminal_mac

LOOK_BACK = 32
"""Records that are looked at for the last sale; what lies further back is no longer the last one that anybody means."""


def void_last(body: Body) -> Tap[Result]:
    """Give the last sale back."""
    if body.settling_bar is not None:
        yield Show(display.not_selling(body.settling_bar))
        return Result(End.NOT_SELLING, 0)
    sale = last_sale(body)
    if isinstance(sale, Reason):
        yield Show(display.not_void(sale))
        return Result(End.DECLINED, 0, reason=sale)
    body.untold.forget()
    row = write_void(body, sale, Cause.CASHIER)
    yield Shown(row)
    yield Show(display.voided(sale.amount_fen, sale.card))
    return Result(End.DONE, sale.amount_fen, row)


def last_sale(body: Body) -> PurchaseRecord | Reason:
    """The newest proven purchase, or why it cannot be void."""
    if body.book.without_record:
        return Reason.VOID_NOT_YET
    current = body.flash.current
    newest = current.last if current is not None else 0
    for seq in range(newest, max(newest - LOOK_BACK, 0), -1):
        record = record_of(body, seq)
        if isinstance(record, VoidRecord):
            return Reason.VOID_TWICE
        if isinstance(record, PurchaseRecord) and record.kind in PROVEN and record.amount_fen:
            days = body.settings.parameters
            is_today = days.day_of(record.time) == days.day_of(body.time().seconds)
            return record if is_today else Reason.VOID_OTHER_DAY
    return Reason.VOID_NO_SALE


def write_void(body: Body, sale: PurchaseRecord, cause: Cause) -> Row:
    """The record, durable and signed by this terminal."""
    epoch = body.flash.current
    if epoch is None:
        raise RuleBroken("no epoch, no void")
    settings = body.settings

    def sign(before: bytes) -> bytes:
        covered = mac_input(Stored(settings.device, epoch.epoch, epoch.psam, before).to_bytes())
        return terminal_mac(settings.key, covered)

    return body.book.void(sale, cause, body.time(), sign)


def record_of(body: Body, seq: int) -> Record | None:
    """A record of the current epoch that is still in the ring and can be read."""
    wire = body.flash.kept(seq)
    try:
        return None if wire is None else decode(wire)
    except WireFault:
        return None  # a kind of a later version
