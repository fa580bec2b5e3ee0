"""Codes and orders of the chosen holder's account, as the accounts service answers them."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cloud.ledger.journal.opened import OpenedLedger, open_prepared
from cloud.ledger.ledger import Ledger
from cloud.payments import calls, doors
from cloud.store.db import SqliteDatabase
from cloud.wallet.back.context import Chosen, Context, Right, Site
from cloud.wallet.back.money.payments import OPERATIONS
from cloud.wallet.back.table import OPERATIONS as EVERY
from cloud.wallet.line.calls import Caller
from cloud.wallet.line.problems import CallRefused
from cloud.wallet.line.shapes import parsed
from cloud.wallet.people.roster import Holder
from shared.online import code_request, order_request
from shared.wire.messages import OnlineRequest
from tests.cloud.ledger import campus as c

CARD, FUNDS = c.card(1), 100_00
KEY, OTHER = "00" * 16, "11" * 16


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[OpenedLedger]:
    with closing(open_prepared(str(tmp_path / "ledger.db"), c.LEDGER_ID)) as opened:
        ledger = Ledger(opened)
        ledger.import_inventory(c.inventory(), c.NOW)
        ledger.deposit(CARD, FUNDS, "k", c.NOW)
        opened.renew()
        yield opened


def ask(opened: OpenedLedger, name: str, **given: Any) -> Any:
    """As the table calls it, for the holder of card 1."""
    chosen = Chosen(Holder("1", "张三", "", "", "0001"), CARD, "0001", True)
    operation = OPERATIONS[name]
    with closing(SqliteDatabase(":memory:")) as nobody:
        context = Context(Site(opened, nobody), Caller(), c.NOW, None, chosen)
        said = operation.act(context, parsed(operation.shape, given))
    json.dumps(said)
    return said


def problem(opened: OpenedLedger, name: str, **given: Any) -> tuple[int, str]:
    with pytest.raises(CallRefused) as refused:
        ask(opened, name, **given)
    return refused.value.problem.status, refused.value.problem.code


def test_a_code_is_given_out_judged_at_a_till_and_seen(opened: OpenedLedger) -> None:
    code = ask(opened, "code/new")["code"]
    assert ask(opened, "code/state", code=code)["state"] == "alive"
    asked = OnlineRequest(c.POS, 1, c.psam(c.POS[-1]), 7, code_request(code, 1250).to_bytes())
    Ledger(opened).payment_by_code(c.BOX, asked, code, 1250, c.NOW)
    assert ask(opened, "code/state", code=code)["state"] == "paid"
    assert problem(opened, "code/state", code="1" * 18) == (422, "not-payable")


def test_an_order_is_paid_once_and_what_was_not_heard_is_found(opened: OpenedLedger) -> None:
    token = calls.make_order(doors.orders(opened), "一楼大伙", "o1", 500, c.NOW)["token"]
    assert ask(opened, "order", token=token)["fen"] == 500
    first = ask(opened, "pay", key=KEY, token=token, fen=500)
    assert ask(opened, "pay/settle", key=KEY) == first | {"again": True}
    assert problem(opened, "pay", key=KEY, token=token, fen=400) == (422, "not-payable")
    assert ask(opened, "pay/settle", key=OTHER)["result"] == "abandoned"
    assert ask(opened, "pay", key=OTHER, token=token, fen=500)["result"] == "abandoned"
    assert [one["captured_fen"] for one in ask(opened, "paid")] == [500]


def test_what_a_till_shows_is_paid_by_its_digits(opened: OpenedLedger) -> None:
    asked = order_request(500)
    request = OnlineRequest(c.POS, 1, c.psam(c.POS[-1]), 7, asked.to_bytes())
    code = Ledger(opened).payment_order(c.BOX, request, asked, c.NOW).code
    shown = ask(opened, "order", token=code)
    assert (shown["merchant"], shown["fen"]) == ("一楼大伙", 500)
    assert ask(opened, "pay", key=KEY, token=shown["token"], fen=500)["result"] == "done"
    assert ask(opened, "order", token=code)["state"] == "paid"
    assert problem(opened, "order", token=code[:-1] + "x") == (422, "not-payable")


def test_a_key_used_for_something_else_is_a_conflict(opened: OpenedLedger) -> None:
    wall = calls.make_order(doors.orders(opened), "一楼大伙", "o1", 0, c.NOW, is_single=False)["token"]
    ask(opened, "pay", key=KEY, token=wall, fen=500)
    assert problem(opened, "pay", key=KEY, token=wall, fen=501) == (409, "key-reused")


def test_only_the_holder_himself_spends_and_every_operation_is_in_the_table() -> None:
    assert EVERY.items() >= OPERATIONS.items()
    rights = {name: operation.right for name, operation in OPERATIONS.items()}
    assert {name for name, right in rights.items() if right is not Right.OWN} == {"order", "paid"}
