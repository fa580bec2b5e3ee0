"""What a wallet and a stall's page ask of payments: values of JSON, and nobody meets another's keys."""

import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from secrets import token_bytes

import pytest

from cloud.ledger.funds.orders.calls import KeyReused, PayRefused
from cloud.ledger.journal.opened import OpenedLedger, open_prepared
from cloud.ledger.ledger import Ledger
from cloud.payments import calls
from cloud.payments.codes.door import CodeDoor
from cloud.payments.codes.making import code_from
from cloud.payments.orders.door import OrderDoor
from shared.online import code_request, parse_code
from shared.wire.messages import OnlineRequest
from tests.cloud.ledger import campus as c

CARD, MERCHANT, FUNDS = c.card(1), "一楼大伙", 100_00


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("payments") / "ledger.db"
    with closing(open_prepared(str(file), c.LEDGER_ID)) as opened:
        ledger = Ledger(opened)
        ledger.import_inventory(c.inventory(), c.NOW)
        ledger.deposit(CARD, FUNDS, "k", c.NOW)
    return file


@pytest.fixture
def opened(made: Path, tmp_path: Path) -> Iterator[OpenedLedger]:
    with closing(open_prepared(str(shutil.copy(made, tmp_path / "ledger.db")))) as opened:
        yield opened


@pytest.fixture
def orders(opened: OpenedLedger) -> OrderDoor:
    return OrderDoor(opened, token_bytes)


def test_a_stall_makes_an_order_a_phone_pays_it_and_both_see_it(orders: OrderDoor) -> None:
    asked = calls.make_order(orders, MERCHANT, "o1", 1250, c.NOW, note="面条")
    seen = calls.order(orders, asked["token"], c.NOW)
    assert (seen["merchant"], seen["fen"], seen["is_open"], seen["note"]) == (MERCHANT, 1250, True, "面条")
    done = calls.pay(orders, CARD, "p1", asked["token"], 1250, c.NOW)
    assert (done["result"], done["again"]) == ("done", False)
    assert calls.settle(orders, CARD, "p1", c.NOW) == done | {"again": True}
    (stall,), (phone,) = calls.paid_on(orders, MERCHANT, asked["token"]), calls.paid(orders, CARD)
    assert (stall["captured_fen"], phone["merchant"], "card" in stall) == (1250, MERCHANT, False)
    back = calls.refund(orders, MERCHANT, "r1", done["payment"], 250, "少了一份", c.NOW)
    assert (back["result"], calls.paid(orders, CARD)[0]["refunds"][0]["fen"]) == ("done", 250)
    json.dumps([asked, seen, done, stall, phone, back])


def test_two_wallets_may_choose_the_same_key_and_one_may_not_use_it_twice(orders: OrderDoor) -> None:
    wall = calls.make_order(orders, MERCHANT, "o1", 0, c.NOW, is_single=False)["token"]
    assert calls.pay(orders, CARD, "k", wall, 100, c.NOW)["result"] == "done"
    assert calls.pay(orders, c.card(2), "k", wall, 100, c.NOW)["result"] == "no-funds"
    with pytest.raises(KeyReused):
        calls.pay(orders, CARD, "k", wall, 200, c.NOW)


def test_held_captured_and_void_by_the_one_who_asked(orders: OrderDoor) -> None:
    asked = calls.make_order(orders, MERCHANT, "o1", 500, c.NOW, captures=False)["token"]
    payment = calls.pay(orders, CARD, "p1", asked, 500, c.NOW)["payment"]
    with pytest.raises(PayRefused):
        calls.capture(orders, "二楼", "c1", payment, 500, c.NOW)
    assert calls.void(orders, MERCHANT, "v1", payment, c.NOW)["result"] == "done"
    assert calls.capture(orders, MERCHANT, "c1", payment, 500, c.NOW)["result"] == "over"
    assert calls.close_order(orders, MERCHANT, asked, c.NOW)["state"] == "closed"


@pytest.mark.parametrize("token", ["", "zz", "00" * 15, "00" * 16])
def test_a_code_that_is_no_order_is_refused(orders: OrderDoor, token: str) -> None:
    with pytest.raises(PayRefused):
        calls.order(orders, token, c.NOW)


def test_a_phone_sees_what_became_of_its_code(opened: OpenedLedger) -> None:
    codes, ledger = CodeDoor(opened, token_bytes), Ledger(opened)
    made = calls.new_code(codes, CARD, c.NOW)
    assert parse_code(made["code"]) == made["code"]
    assert made["rotate_ms"] < made["expires_ms"] <= c.NOW.unix_ms + 60_000
    assert calls.code_state(codes, CARD, made["code"], c.NOW)["state"] == "alive"
    asked = OnlineRequest(c.POS, 1, c.psam(c.POS[-1]), 7, code_request(made["code"], 1250).to_bytes())
    ledger.payment_by_code(c.BOX, asked, made["code"], 1250, c.NOW)
    seen = calls.code_state(codes, CARD, made["code"], c.NOW)
    assert (seen["state"], seen["fen"], seen["left_fen"], seen["place"]) == ("paid", 1250, FUNDS - 1250, "1号窗口")
    with pytest.raises(PayRefused):
        calls.code_state(codes, CARD, "13", c.NOW)
    json.dumps([made, seen])


def test_two_codes_of_one_secret_differ_and_no_code_is_shown_whole(opened: OpenedLedger) -> None:
    assert code_from(b"s" * 16) != code_from(b"s" * 16, 1)
    drawn = iter((b"s" * 16, b"s" * 16))
    codes = CodeDoor(opened, lambda _: next(drawn))
    first, second = codes.new(CARD, c.NOW), codes.new(c.card(2), c.NOW)
    assert first.code != second.code, "what is another wallet's already is drawn anew"
    assert first.code not in repr(first)
