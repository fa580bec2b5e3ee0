"""An application that is no more: nothing is paid to it, what is reserved goes back, an officer gives back the rest."""

import pytest

from cloud.ledger.checks.verify import verify
from cloud.ledger.funds.orders.calls import PayRefused, PayResult
from cloud.ledger.ledger import Ledger
from cloud.open.back.site import end_orders
from cloud.open.store.apps import revoke
from cloud.payments import calls
from cloud.payments.orders.officers import refund_for
from tests.cloud.ledger import campus as c
from tests.cloud.open.rig import Rig


def pays(rig: Rig, token: str, key: str) -> str:
    return str(calls.pay(rig.site.live.orders, c.card(1), key, token, 1250, rig.now)["result"])


def states(rig: Rig, who: str = "mine") -> list[tuple[str, int, int]]:
    found = rig.site.live.orders.paid_to(rig.apps[who].caller)
    return [(str(one.payment.state), one.payment.captured_fen, one.payment.refunded_fen) for one in found]


def ended(rig: Rig) -> int:
    with rig.site.store.writing():
        revoke(rig.site.store, rig.apps["mine"].id, rig.now.unix_ms)
    return end_orders(rig.site, rig.now)


def test_what_is_open_is_paid_no_more_and_what_is_reserved_goes_back(rig: Rig) -> None:
    wall = rig.order(single=False)
    once, beside = rig.order(), rig.order("beside")
    assert pays(rig, wall, "w1") == "done"
    rig.paid(captures=False)
    reserved = rig.paid(single=False, captures=False)
    rig.ask("POST", f"/v1/payments/{reserved}/capture", fen=1000)
    rig.paid(single=False, captures=False)
    assert ended(rig) == 6, "four orders that are open, and two sums that are reserved"
    assert [pays(rig, token, f"late {token}") for token in (wall, once)] == ["closed", "closed"]
    assert states(rig) == [("3", 0, 0), ("2", 1000, 0), ("3", 0, 0), ("2", 1250, 0)], "void ones, captured ones"
    assert pays(rig, beside, "b1") == "done"
    assert end_orders(rig.site, rig.now) == 0
    assert verify(Ledger(rig.site.live.ledger), c.check_tac).first_broken == ""


def test_one_whose_time_is_over_ends_as_well(rig: Rig) -> None:
    rig.admit("brief", "面点", until_ms=rig.now.unix_ms + 1000)
    order = rig.order("brief")
    assert end_orders(rig.site, rig.now) == 0
    rig.later(1)
    assert end_orders(rig.site, rig.now) == 1
    assert pays(rig, order, "p") == "closed"


def test_an_officer_gives_back_once_for_a_reason_and_never_too_much(rig: Rig) -> None:
    rig.paid()
    ended(rig)
    orders, caller = rig.site.live.orders, rig.apps["mine"].caller
    (shown,) = orders.paid_to(caller)
    first = refund_for(orders, caller, shown.payment.id, 250, "one too many", "Zhao", rig.now)
    again = refund_for(orders, caller, shown.payment.id, 250, "one too many", "Zhao", rig.now)
    assert (first.result, first.again, again.again) == (PayResult.DONE, False, True)
    assert refund_for(orders, caller, shown.payment.id, 1001, "all", "Zhao", rig.now).result is PayResult.ABOVE
    (shown,) = orders.paid_to(caller)
    assert [(one.fen, one.reason) for one in shown.refunds] == [(250, "one too many (Zhao)")]
    with pytest.raises(PayRefused):
        refund_for(orders, rig.apps["beside"].caller, shown.payment.id, 1, "x", "Zhao", rig.now)
    with pytest.raises(PayRefused):
        refund_for(orders, caller, shown.payment.id, 1, " ", "Zhao", rig.now)
