"""Who is held is told of the end by one look for all; at every bound a call is answered at once."""

from typing import Any

import pytest

from cloud.payments import calls, doors
from cloud.wallet.back.money.waiting import IN_ALL, OF_PERSON, WAIT_MAX_S, Room
from cloud.wallet.line.calls import LOOK, Ask, Caller, encode_ask
from tests.cloud.wallet.rig import CHILD, Rig, add_child

KEY = "00" * 16


@pytest.fixture
def child(rig: Rig) -> Rig:
    """With 100 yuan, and his guardian's consent."""
    add_child(rig, 100_00)
    rig.ask("consent", "mother", holder=CHILD[0], given=True)
    return rig


def held(rig: Rig, operation: str, **given: Any) -> tuple[Any, str]:
    answer = rig.answer(operation, "child", wait_s=WAIT_MAX_S, **given)
    assert answer.problem is None, answer.problem
    return answer.value, answer.held


def look(rig: Rig, *handles: str) -> dict[str, Any]:
    found = rig.ask(LOOK, handles=list(handles))
    assert isinstance(found, dict)
    return found


def an_order(rig: Rig, *, captures: bool = True) -> str:
    ((merchant,),) = rig.site.ledger.database.run("SELECT merchant FROM device WHERE merchant <> '' LIMIT 1")
    door = doors.orders(rig.site.ledger)
    made = calls.make_order(door, merchant, KEY[:-2] + "0f", 12_50, rig.now, captures=captures)
    return str(made["token"])


def test_an_order_that_another_phone_pays_is_told_once(child: Rig) -> None:
    token = an_order(child)
    seen, handle = held(child, "order/held", token=token)
    assert (seen["is_open"], look(child, handle)) == (True, {})
    assert child.ask("pay", "child", key=KEY, token=token, fen=12_50)["result"] == "done"
    told = look(child, handle)
    assert (told[handle]["value"]["is_open"], told[handle]["value"]["state"]) == (False, "paid")
    assert look(child, handle) == {handle: None}
    assert held(child, "order/held", token=token)[1] == ""


def test_what_is_reserved_is_told_when_its_merchant_takes_it(child: Rig) -> None:
    token = an_order(child, captures=False)
    number = child.ask("pay", "child", key=KEY, token=token, fen=12_50)["payment"]
    seen, handle = held(child, "paid/held", payment=number)
    assert seen["state"] == "authorised"
    assert child.ask("paid/held", "child", payment=number + 1, wait_s=1) == "not-yours"
    door, ((merchant,),) = doors.orders(child.site.ledger), child.site.ledger.database.run(
        "SELECT merchant FROM pay_order"
    )  # fmt: skip
    calls.capture(door, merchant, "11" * 16, number, 12_50, child.now)
    assert look(child, handle)[handle]["value"]["state"] == "captured"


def test_who_lost_his_right_meanwhile_is_told_nothing_of_it(child: Rig) -> None:
    code = child.ask("code/new", "child")["code"]
    seen, handle = held(child, "code/held", codes=[code])
    assert [one["state"] for one in seen] == ["alive"]
    child.ask("lost/report", "mother", holder=CHILD[0], key=KEY, why="lost")
    child.later(WAIT_MAX_S)
    assert look(child, handle)[handle]["problem"]["code"] == "sign-in"  # his devices were signed out


def test_at_its_time_it_is_told_how_it_stands(child: Rig) -> None:
    code = child.ask("code/new", "child")["code"]
    _, handle = held(child, "code/held", codes=[code])
    child.later(WAIT_MAX_S - 1)
    assert look(child, handle) == {}
    child.later(1)
    assert look(child, handle)[handle]["value"][0]["state"] == "alive"
    assert child.answer("code/held", "child", codes=[code], wait_s=0).held == ""


def test_at_a_persons_bound_and_at_that_of_all_it_is_answered_at_once(child: Rig) -> None:
    code = child.ask("code/new", "child")["code"]
    handles = [held(child, "code/held", codes=[code])[1] for _ in range(OF_PERSON + 1)]
    assert [bool(one) for one in handles] == [True] * OF_PERSON + [False]
    child.later(2 * WAIT_MAX_S)  # their phones have gone: they are forgotten
    code = child.ask("code/new", "child")["code"]
    room = child.site.room
    kept = next(iter(room._waiting.values()))._replace(until_ms=child.now.unix_ms + 1000)
    room._waiting = {str(n): kept._replace(person=-n) for n in range(IN_ALL)}
    assert held(child, "code/held", codes=[code])[1] == ""


def test_handles_of_before_a_restart_are_nobodys(child: Rig) -> None:
    assert Room().told(child.site.ledger.database, ["x", "y"], child.now) == {"x": None, "y": None}
    asked = encode_ask(Ask("code/held", {"codes": [], "wait_s": 1}, Caller()))
    assert child.answers.begin(asked, child.now).problem is not None
