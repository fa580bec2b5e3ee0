"""Applications at the console: listed as they stand, revoked with their orders, replayed, and given back for."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cloud.console.access.audit import Question
from cloud.console.access.rights import Grant, Role
from cloud.ledger.funds.orders.calls import Call
from cloud.ledger.funds.orders.paying import Wanted
from cloud.open.store.apps import PER_DAY, PER_MINUTE, App, add_app, add_key
from cloud.open.store.deliveries import Standing, queue_event, queues, set_hook
from cloud.open.store.schema import open_store
from cloud.payments import doors
from tests.cloud.console.rig import Rig, made
from tests.cloud.ledger import campus as c

MERCHANT, SECRET = "一楼大伙", "do-not-show"


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with made(tmp_path) as rig:
        yield rig


def admitted(folder: Path) -> App:
    """With a key, a webhook, and two events that were given up."""
    wanted = App("", "<b>shop</b>", MERCHANT, ("pay",), PER_MINUTE, PER_DAY, 0, 1, "Zhao", 0, False)
    with closing(open_store(folder)) as store, store.writing():
        app = add_app(store, wanted)
        add_key(store, app, 1)
        set_hook(store, app.id, f"https://shop.example/{SECRET}", 1)
        store.insert("used", "app, day, calls", [(app.id, 0, 7)])
        for event in (1, 2):
            queue_event(store, app.id, event, 1)
        store.run("UPDATE delivery SET state = ?, fault = 'refused'", (int(Standing.DEAD),))
    return app


def paid(rig: Rig, app: App) -> int:
    """A payment on an order that stays open."""
    rig.ledger.deposit(c.card(1), 50_00, "k", c.NOW)
    with rig.sources.books() as opened:
        orders = doors.orders(opened)
        row = orders.make(Call(app.caller, "o"), Wanted(MERCHANT, 1250, False, True, 10**10), c.NOW)
        return orders.pay(Call("wallet:x", "p"), row.token, c.card(1), 1250, c.NOW).payment


def test_without_an_open_platform_none_is_made_and_nothing_is_green(rig: Rig, tmp_path: Path) -> None:
    admin = rig.browser()
    assert "没有打开过" in admin.see("/applications")
    assert not list(tmp_path.rglob("open.db"))
    admin.see("/applications/x", 404)


def test_it_is_listed_as_it_stands_replayed_and_revoked_with_its_orders(rig: Rig, tmp_path: Path) -> None:
    app, someone = admitted(tmp_path), rig.browser("ops", [Grant(Role.OPERATIONS)])
    paid(rig, app)
    page, own = someone.see("/applications"), f"/applications/{app.id}"
    assert "&lt;b&gt;shop&lt;/b&gt;" in page
    assert "shop.example" in page
    assert SECRET not in page + someone.see(own), "an address may hold what opens it"
    someone.send(f"{own}/replay")
    with closing(open_store(tmp_path)) as store, store.reading():
        assert queues(store) == {app.id: (2, 0)}
    someone.send(f"{own}/replay", 409)
    someone.see(f"{own}/payments", 403)
    someone.send(f"{own}/end", 409, name="shop")
    someone.send(f"{own}/end", name=app.name)
    assert "已作废" in someone.see("/applications")
    with rig.sources.books() as opened:
        assert doors.orders(opened).end_maker(app.caller, c.NOW) == 0, "its orders are ended already"
    assert f"app:{app.id}" in {row.deed.object for row in rig.sources.audit.rows(Question())}


def test_who_decides_gives_back_for_one_that_ended_and_no_other(rig: Rig, tmp_path: Path) -> None:
    app = admitted(tmp_path)
    number, officer = paid(rig, app), rig.browser("officer", [Grant(Role.FINANCE)])
    own = f"/applications/{app.id}"
    give_back = {"yuan": "2.50", "reason": "one too many"}
    officer.send(f"{own}/payments/{number}", 409, **give_back)
    officer.send(f"{own}/end", 403)
    rig.browser("ops", [Grant(Role.OPERATIONS)]).send(f"{own}/end", name=app.name)
    for _ in range(2):  # a second click gives back nothing
        officer.send(f"{own}/payments/{number}", **give_back)
    officer.send(f"{own}/payments/{number}", 409, yuan="10.01", reason="all")
    officer.send(f"{own}/payments/{number}", 409, yuan="x", reason="all")
    with rig.sources.books() as opened:
        (shown,) = doors.orders(opened).paid_to(app.caller)
    assert [(one.fen, one.reason) for one in shown.refunds] == [(250, "one too many (officer)")]
    assert "12.50" in officer.see(f"{own}/payments")
