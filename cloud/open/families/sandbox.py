"""What stands in for people in the sandbox: somebody who pays an order, a holder who answers an ask.

These calls are there for keys of the sandbox alone; to any other they are none.
"""

from cloud.ledger.funds.orders.calls import PAY_TEXT, Call, KeyReused, PayRefused, PayResult
from cloud.open.problems import NONE, REUSED, CallRefused, Problem
from cloud.open.route import Context, Reply, Route
from cloud.open.sandbox.books import PAYERS, payer_card
from cloud.open.sandbox.holder import DEMONSTRATION, NUMBER
from cloud.payments.calls import wallet_of
from cloud.wallet.claims import AskState, agree, ask_by_id, decline
from cloud.wallet.line.shapes import Arguments, flag, whole
from shared.words.voice import Text

DECLINED = Problem(409, "declined", Text("未付款", "it was not paid"))
SAID = Problem(409, "answered", Text("已答复或已过期", "answered, or over, already"))


def pay(context: Context, given: Arguments) -> Reply:
    """As a wallet does."""
    orders, token = context.books.orders, bytes.fromhex(given["order"])
    row = orders.order(token)
    if row is None or row.maker != context.app.caller:
        raise CallRefused(NONE)
    card = payer_card(given["payer"] or 1 + row.id % (PAYERS - 1))
    call = Call(wallet_of(card), f"{context.app.id}:{context.key}"[:64])
    try:
        done = orders.pay(call, token, card, given["fen"] or row.amount_fen, context.now)
    except KeyReused as fault:
        raise CallRefused(REUSED) from fault
    except PayRefused as fault:
        raise CallRefused(DECLINED) from fault
    if done.result is not PayResult.DONE:
        raise CallRefused(Problem(DECLINED.status, DECLINED.code, PAY_TEXT[done.result]))
    return Reply({"payment": context.shut("payment", done.payment), "fen": done.fen})


def answer(context: Context, given: Arguments) -> Reply:
    """As a holder does in his wallet."""
    people, now_ms, number = context.site.people, context.now.unix_ms, context.opened("ask", given["ask"])
    with people.writing():
        found = ask_by_id(people, number)
        if found is None or found.app != context.app.id:
            raise CallRefused(NONE)
        wanted = AskState.AGREED if given["agree"] else AskState.DECLINED
        if found.state not in (wanted, AskState.OPEN) or (found.state == AskState.OPEN and not found.is_open(now_ms)):
            raise CallRefused(SAID)
        if found.state == AskState.OPEN and given["agree"]:
            agree(people, found, NUMBER, DEMONSTRATION, now_ms)
        elif found.state == AskState.OPEN:
            decline(people, found, NUMBER, now_ms)
    return Reply({"ask": given["ask"], "state": "agreed" if given["agree"] else "declined"})


ROUTES = (
    Route(
        "sandboxPay", "POST", "/v1/sandbox/orders/{order}/pay", "pay",
        Text("沙箱：有人付了这个付款单", "sandbox: somebody pays this order"), "Moved", pay,
        body={"fen": whole(1, 50_000, optional=True), "payer": whole(1, PAYERS, optional=True)}, keyed=True,
        refusals=(DECLINED, REUSED), is_sandbox=True,
    ),
    Route(
        "sandboxAnswer", "POST", "/v1/sandbox/asks/{ask}/answer", "identity",
        Text("沙箱：持有人答复", "sandbox: the holder answers"), "Answered", answer, body={"agree": flag()},
        refusals=(SAID,), is_sandbox=True,
    ),
)  # fmt: skip
