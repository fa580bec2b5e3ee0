"""The cashier's void 撤销: the last sale of this terminal is given back, by a signed record and never by the card.

Once, on the business day of the sale, and only while nothing is unconfirmed. Refuses everything else with its reason.
The card need not be there: what it paid waits in pending load 过渡余额 until it is claimed. A mixed payment is two
purchases, and both are given back.
"""

from edge.terminal.taps import display
from edge.terminal.taps.body import Body
from edge.terminal.taps.steps import End, Result, Show, Shown, Tap
from shared.purse.reasons import Reason
from shared.records import Cause


def void_last(body: Body) -> Tap[Result]:
    """Give the last sale back."""
    if body.settling_bar is not None:
        yield Show(display.not_selling(body.settling_bar))
        return Result(End.NOT_SELLING, 0)
    now = body.time()
    body.voids.pay_back(now)
    sale = body.voids.last_sale(now)
    if isinstance(sale, Reason):
        yield Show(display.not_void(sale))
        return Result(End.DECLINED, 0, reason=sale)
    body.untold.forget()
    rows = [body.voids.write(sale, Cause.CASHIER, now), *body.voids.pay_back(now)]
    for row in rows:
        yield Shown(row)
    total_fen = sum(row.amount_fen for row in rows)
    yield Show(display.voided(total_fen, sale.card))
    return Result(End.DONE, total_fen, rows[-1])
