"""What an officer does in the name of a maker that can do nothing any more: captured money is given back.

A maker that is there gives back itself. The same sum for the same reason by the same officer is one refund: who wants
two says so in the reason, so that an answer that was lost costs nobody anything.
"""

import hashlib

from cloud.ledger.funds.orders.calls import Call, Outcome, PayRefused
from cloud.ledger.funds.orders.paying import REASON_MAX
from cloud.ledger.records.values import Now
from cloud.payments.orders.door import OrderDoor
from shared.words.voice import Text

WHO_MAX = 40
OFFICER = "officer"
"""So begins the key of such a call."""


def refund_for(
    orders: OrderDoor, maker: str, payment: int, fen: int, reason: str, who: str, now: Now
) -> Outcome:  # fmt: skip
    """Who gave it back stands in the reason. PayRefused."""
    told = f"{reason.strip()} ({who.strip()})"
    if not reason.strip() or not who.strip() or len(who) > WHO_MAX or len(told) > REASON_MAX:
        raise PayRefused(Text("请写缘由和经手人", "a reason, and who does it"))
    named = hashlib.sha256(f"{payment} {fen} {told}".encode()).hexdigest()[:32]
    return orders.refund(Call(maker, f"{OFFICER} {named}"), payment, fen, told, now)
