"""A maker of pay orders that is no more 应用作废: nothing of its is paid any longer, and what is reserved goes back.

What was captured stays, and is given back by an officer in the maker's name. Inside of a transaction.
"""

from cloud.ledger.funds.orders.paying import SWEPT_MAX, close_order, give_back
from cloud.ledger.funds.orders.rows import open_by, order_by_id, reserved_by
from cloud.ledger.journal.writing import Writing

ENDED = "maker-ended"
"""Why it went back, in the document of the entry."""


def end_maker(writing: Writing, maker: str) -> int:
    """Close its open orders and give back what is reserved by them; so many. At SWEPT_MAX there may be more: again."""
    orders = open_by(writing.db, maker, SWEPT_MAX)
    for order in orders:
        close_order(writing, maker, order.token)
    payments = reserved_by(writing.db, maker, SWEPT_MAX - len(orders))
    for payment in payments:
        close_order(writing, maker, order_by_id(writing.db, payment.pay_order).token)  # first: it opens no more
        give_back(writing, payment, ENDED)
    return len(orders) + len(payments)
