"""Orders of an application that ended: what was paid on them, and an officer who gives it back in its name."""

import argparse
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from cloud.fleet.beside import campus_clock
from cloud.ledger.funds.orders.calls import PAY_TEXT, PayResult
from cloud.ledger.journal.opened import open_prepared
from cloud.ledger.records.values import Now
from cloud.open.commands.by_command import say
from cloud.open.sandbox.books import open_sandbox
from cloud.open.store.apps import App, AppRefused, app_of, revoke
from cloud.open.store.schema import open_store
from cloud.payments import doors
from cloud.payments.orders.door import OrderDoor
from cloud.payments.orders.officers import refund_for
from cloud.payments.views import STATE_WORDS
from cloud.process.settings import load_settings
from cloud.process.who import login_name
from shared.money import yuan
from shared.words.voice import Text

Given = argparse.Namespace


def end_orders(given: Given, app: App) -> int:
    """None of them is paid any more, and what is reserved is given back; so many."""
    with _orders(given, app) as (orders, now):
        return orders.end_maker(app.caller, now)


def end(given: Given) -> int:
    """From its next call on it is nobody, and none of its orders is paid."""
    load_settings(given.data)
    with closing(open_store(given.data)) as store, store.writing():
        app = revoke(store, given.app, int(time.time() * 1000))
    ended = end_orders(given, app)
    return say(
        Text(
            f"已作废：{app.name}；关闭付款单、退回预授权共 {ended} 笔",
            f"ended: {app.name}; {ended} orders closed and reserved sums given back",
        )
    )


def listing(given: Given) -> int:
    """The newest payments, one a line: number, state, sum, captured, given back, note."""
    with _orders(given, _app(given)) as (orders, _):
        found = orders.paid_to(_app(given).caller)
    for one in found:
        row = one.payment
        state = next(word for state, word in STATE_WORDS.items() if state == row.state)
        sums = "  ".join(yuan(fen) for fen in (row.amount_fen, row.captured_fen, row.refunded_fen))
        say(f"{row.id}  {state}  {sums}  {one.order.note}")
    return 0 if found else say(Text("没有付款", "nothing was paid"))


def refund(given: Given) -> int:
    """In the name of one that ended. AppRefused: it has not, and gives back itself."""
    app = _app(given)
    if app.is_alive(int(time.time() * 1000)):
        raise AppRefused(Text("应用还在用：由它自己退款", "it is in use: it gives back itself"))
    who = login_name() if given.who is None else given.who
    with _orders(given, app) as (orders, now):
        done = refund_for(orders, app.caller, given.payment, given.fen, given.reason, who, now)
    if done.result is not PayResult.DONE:
        say(PAY_TEXT[done.result])
        return 1
    fen = yuan(done.fen)
    if done.again:
        return say(Text(f"此前已退 ¥{fen}", f"¥{fen} was given back already"))
    return say(Text(f"已退 ¥{fen}", f"¥{fen} given back"))


def _app(given: Given) -> App:
    with closing(open_store(given.data)) as store, store.reading():
        return app_of(store, given.app)


@contextmanager
def _orders(given: Given, app: App) -> Iterator[tuple[OrderDoor, Now]]:
    now, data = _now(given.data), given.data
    books = open_sandbox(data, now) if app.is_sandbox else open_prepared(load_settings(data).books(given.dsn))
    with closing(books):
        yield doors.orders(books), now


def _now(data: Path) -> Now:
    unix_s = time.time()
    return Now(int(unix_s * 1000), int(campus_clock(data, "").at(unix_s)))
