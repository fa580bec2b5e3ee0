"""Orders and payments of applications: made, paid, captured, given back, once each; and nobody touches another's."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from cloud.ledger.funds.orders.paying import AMOUNT_MAX_FEN
from cloud.open.back.quotas import DAY_S
from cloud.open.commands.by_command import demonstration_key
from cloud.open.opaque import opened, shut
from cloud.open.store.apps import OVERLAP_MS, apps, holder_of_key, revoke, rotate
from cloud.open.store.schema import open_store
from cloud.wallet.claims import ASK_MS, agree, ask_by_id, ask_with, withdraw
from tests.cloud.open.rig import MERCHANT, Rig


def test_from_an_order_to_its_refund(rig: Rig) -> None:
    made = rig.ask("POST", "/v1/orders", fen=1250, note="面条")
    assert (made.status, made.value["merchant"], made.value["state"]) == (201, MERCHANT, "open")
    payment = rig.paid()
    back = rig.ask("POST", f"/v1/payments/{payment}/refund", fen=250, reason="少了一份")
    assert (back.status, back.value) == (200, {"payment": payment, "fen": 250})
    seen = rig.ask("GET", f"/v1/payments/{payment}").value
    assert (seen["captured_fen"], seen["refunded_fen"], seen["refunds"][0]["reason"]) == (1250, 250, "少了一份")
    assert rig.ask("POST", f"/v1/payments/{payment}/refund", fen=1001, reason="x").code == "above"


def test_authorised_captured_in_part_and_void(rig: Rig) -> None:
    first, second = rig.paid(captures=False), rig.paid(captures=False)
    assert rig.ask("POST", f"/v1/payments/{first}/capture", fen=1000).value["fen"] == 1000
    assert rig.ask("POST", f"/v1/payments/{first}/void").code == "over"
    assert rig.ask("POST", f"/v1/payments/{second}/void").value["fen"] == 1250
    assert rig.ask("POST", f"/v1/payments/{second}/capture", fen=1).code == "over"


def test_a_closed_order_is_paid_no_more(rig: Rig) -> None:
    order = rig.order("try")
    assert rig.ask("POST", f"/v1/orders/{order}/close", "try").value["state"] == "closed"
    assert rig.ask("POST", f"/v1/sandbox/orders/{order}/pay", "try", fen=1250).code == "declined"


@pytest.mark.parametrize("deed", ["order", "refund", "capture"])
def test_the_same_key_hears_the_same_whatever_has_happened_since(rig: Rig, deed: str) -> None:
    """Also a process that was killed between commit and answer, and after a week: the books keep what it came to."""
    payment = rig.paid(captures=deed != "capture")
    path, body = {
        "order": ("/v1/orders", {"fen": 900}), "refund": (f"/v1/payments/{payment}/refund", {"fen": 9, "reason": "x"}),
        "capture": (f"/v1/payments/{payment}/capture", {"fen": 100}),
    }[deed]  # fmt: skip
    first = rig.ask("POST", path, key="same", **body)
    if deed == "order":
        rig.ask("POST", f"/v1/orders/{first.value['order']}/close")
    rig.later(8 * DAY_S)
    rig.born()
    again = rig.ask("POST", path, key="same", **body)
    assert (again.status, again.value) == (first.status, first.value)
    assert rig.ask("POST", path, key="same", **body | {"fen": 8}).code == "key-reused"


def test_one_key_at_once_from_many_moves_money_once(rig: Rig) -> None:
    payment, gate, lock = rig.paid(), threading.Barrier(200), threading.Lock()

    def refund(_: int) -> str:
        gate.wait(30)
        with lock:  # the one ledger thread
            said = rig.ask("POST", f"/v1/payments/{payment}/refund", key="once", fen=100, reason="x")
        return json.dumps([said.status, said.value])

    with ThreadPoolExecutor(200) as pool:
        assert len(set(pool.map(refund, range(200)))) == 1
    assert rig.ask("GET", f"/v1/payments/{payment}").value["refunded_fen"] == 100


def test_two_applications_may_choose_the_same_key(rig: Rig) -> None:
    first = rig.ask("POST", "/v1/orders", "mine", key="k", fen=1)
    second = rig.ask("POST", "/v1/orders", "beside", key="k", fen=2)
    assert (first.status, second.status) == (201, 201)


@pytest.mark.parametrize("who", ["other", "beside", "try"])
def test_what_is_anothers_is_as_what_is_not_there(rig: Rig, who: str) -> None:
    """Another merchant's, another application's of the same merchant, a sandbox's."""
    payment, order = rig.paid("mine"), rig.order("mine")
    nowhere = "ab" * 16
    for method, path, body in (
        ("GET", "/v1/orders/{}", {}), ("POST", "/v1/orders/{}/close", {}), ("GET", "/v1/payments/{}", {}),
        ("POST", "/v1/payments/{}/capture", {"fen": 1}), ("POST", "/v1/payments/{}/void", {}),
        ("POST", "/v1/payments/{}/refund", {"fen": 1, "reason": "x"}),
    ):  # fmt: skip
        theirs = order if "orders" in path else payment
        said = rig.ask(method, path.format(theirs), who, **body)
        none = rig.ask(method, path.format(nowhere), who, **body)
        assert (said.status, said.value) == (none.status, none.value) == (404, none.value), path
    assert rig.ask("GET", "/v1/orders", who).value["items"] == []
    assert rig.ask("GET", f"/v1/payments/{payment}").value["refunded_fen"] == 0


def test_pages_go_on_by_a_cursor_that_nobody_can_make_up(rig: Rig) -> None:
    orders = [rig.order() for _ in range(5)]
    first = rig.ask("GET", "/v1/orders?limit=3").value
    rest = rig.ask("GET", f"/v1/orders?limit=3&cursor={first['cursor']}").value
    assert [one["order"] for one in first["items"] + rest["items"]] == orders
    assert (first["more"], rest["more"]) == (True, False)
    forged = (
        "00" * 16, first["cursor"][:-1] + ("0" if first["cursor"][-1] != "0" else "1"),
        rig.ask("GET", "/v1/orders?limit=1", "other").value["cursor"], rig.ask("GET", "/v1/events").value["cursor"],
    )  # fmt: skip
    assert [rig.ask("GET", f"/v1/orders?cursor={one}").status for one in forged] == [404] * 4


def test_numbers_are_shut_and_open_for_their_use_alone() -> None:
    secret = bytes(range(16))
    seen = {shut(secret, "a payment", number) for number in range(1000)}
    assert len(seen) == 1000
    assert {opened(secret, "a payment", one) for one in seen} == set(range(1000))
    assert {opened(secret, "b payment", one) for one in seen} == {None}


WRONG = [
    {}, {"fen": -1}, {"fen": AMOUNT_MAX_FEN + 1}, {"fen": 2**70}, {"fen": 1.5}, {"fen": "1"}, {"fen": True},
    {"fen": None}, {"fen": 1, "note": "x" * 81}, {"fen": 1, "note": "a\u202eb"}, {"fen": 1, "note": "\x00"},
    {"fen": 1, "note": 1}, {"fen": 1, "valid_s": 0}, {"fen": 1, "more": 1}, {"fen": 1, "single": 1},
]  # fmt: skip


@pytest.mark.parametrize("body", WRONG, ids=repr)
def test_a_wrong_order_is_refused_by_its_argument(rig: Rig, body: dict[str, object]) -> None:
    headers = [
        ("authorization", f"Bearer {rig.keys['mine']}"), ("content-type", "application/json"),
        ("idempotency-key", "k"),
    ]  # fmt: skip
    said = rig.raw("POST", "/v1/orders", headers, json.dumps(body).encode())
    assert (said.status, said.headers["Content-Type"]) == (422, "application/problem+json")
    assert rig.ask("GET", "/v1/orders").value["items"] == []


def test_a_key_is_nobodys_when_it_is_wrong_ended_or_its_application_is(rig: Rig) -> None:
    store, now_ms, app = rig.site.store, rig.now.unix_ms, rig.apps["mine"]
    key = rig.keys["mine"]
    with store.writing():
        new = rotate(store, app, now_ms)
        wrong = (
            "", key[:-1], key[:-1] + ("A" if key[-1] != "A" else "B"), key.replace("live", "test"),
            f"{key}\n", key + "x",
        )  # fmt: skip
        assert [holder_of_key(store, one, now_ms) for one in wrong] == [None] * len(wrong)
        assert holder_of_key(store, key, now_ms + OVERLAP_MS - 1) == app == holder_of_key(store, new, now_ms)
        assert holder_of_key(store, key, now_ms + OVERLAP_MS) is None
        revoke(store, app.id, now_ms)
        assert holder_of_key(store, new, now_ms) is None
    assert rig.ask("GET", "/v1/orders").status == 401


def test_an_application_ends_on_its_day_and_has_its_scopes_alone(rig: Rig) -> None:
    rig.admit("short", MERCHANT, scopes=("events",), until_ms=rig.now.unix_ms + 1000)
    assert rig.ask("GET", "/v1/events", "short").status == 200
    assert rig.ask("POST", "/v1/orders", "short", fen=1).code == "scope"
    rig.later(1)
    assert rig.ask("GET", "/v1/events", "short").status == 401


def test_a_quota_is_told_and_holds_and_outlives_a_process(rig: Rig) -> None:
    rig.admit("small", MERCHANT, per_minute=2, per_day=3)
    said = [rig.ask("GET", "/v1/orders", "small") for _ in range(3)]
    assert [one.status for one in said] == [200, 200, 429]
    assert said[0].headers["RateLimit-Policy"] == '"minute";q=2;w=60, "day";q=3;w=86400'
    assert '"minute";r=0;' in said[1].headers["RateLimit"]
    rig.later(int(said[2].headers["Retry-After"]))
    assert rig.ask("GET", "/v1/orders", "small").status == 200
    rig.answers.lay_down()
    rig.born()
    rig.later(60)
    assert rig.ask("GET", "/v1/orders", "small").status == 429
    assert rig.ask("GET", "/v1/orders").status == 200


def headers(rig: Rig, *more: tuple[str, str]) -> list[tuple[str, str]]:
    return [("authorization", f"Bearer {rig.keys['mine']}"), *more]


JSON = ("content-type", "application/json")


def test_what_is_ambiguous_or_no_request_is_refused(rig: Rig) -> None:
    key, body = ("idempotency-key", "k"), b'{"fen": 1}'
    for more, raw, status in (
        ([JSON, key, key], body, 400), ([JSON], body, 400), ([JSON, ("idempotency-key", "k\xe9")], body, 400),
        ([JSON, ("idempotency-key", "k" * 65)], body, 400), ([key], body, 415),
        ([("content-type", "text/plain"), key], body, 415), ([JSON, key], b"[1]", 400), ([JSON, key], b"{", 400),
        ([JSON, key], b'{"fen": NaN}', 400), ([JSON, key], b"\xff", 400), ([JSON, key], b"[" * 9000, 400),
    ):  # fmt: skip
        assert rig.raw("POST", "/v1/orders", headers(rig, *more), raw).status == status, (more, raw[:20])
    assert rig.raw("GET", "/v1/orders", [*headers(rig), headers(rig)[0]]).status == 400
    assert rig.raw("GET", "/v1/orders?limit=1&limit=2", headers(rig)).status == 400
    assert rig.raw("GET", "/v1/orders?limit=%ff", headers(rig)).status == 400
    assert rig.raw("GET", "/v1/orders?limit=x", headers(rig)).status == 422
    assert rig.raw("GET", "/v1/orders?x=1", headers(rig)).status == 422
    assert rig.raw("PATCH", "/v1/orders", headers(rig)).headers["Allow"] == "GET, POST"
    assert rig.raw("GET", "/v1/none", headers(rig)).status == 404
    assert rig.raw("GET", "/v1/none", []).status == 401


def test_a_key_in_the_address_is_refused_though_it_is_right(rig: Rig) -> None:
    said = rig.raw("GET", f"/v1/orders?key={rig.keys['mine']}", headers(rig))
    assert (said.status, said.code) == (400, "key-in-url")


def test_the_sandbox_moves_no_money_and_is_not_there_for_others(rig: Rig) -> None:
    payment = rig.paid("try")
    assert rig.ask("GET", f"/v1/payments/{payment}", "try").value["captured_fen"] == 1250
    order = rig.order("try")
    broke = rig.ask("POST", f"/v1/sandbox/orders/{order}/pay", "try", payer=40)
    assert (broke.status, broke.value["en"]) == (409, "not enough in the online account")
    mine = rig.order("mine")
    assert rig.ask("POST", f"/v1/sandbox/orders/{mine}/pay", fen=1250).status == 404
    with rig.site.live.ledger.database.reading():
        assert rig.site.live.ledger.database.run("SELECT COUNT(*) FROM online_payment") == [(0,)]


def test_a_demonstration_has_one_application_and_a_new_key_each_time(data: Path) -> None:
    with closing(open_store(data)) as store:
        keys = []
        for at_ms in range(1, 7):
            with store.writing():
                keys.append(demonstration_key(store, at_ms, "x"))
        with store.reading():
            assert [holder_of_key(store, key, 10) is not None for key in keys] == [False] * 5 + [True]
            assert len(apps(store)) == 1


def test_a_holder_is_known_by_his_word_alone_and_by_another_name_to_each(rig: Rig) -> None:
    made = rig.ask("POST", "/v1/identity/asks", key="a", claims=["class", "name"], why="借书")
    assert made.status == 201
    assert (made.value["asked"], made.value["claims"], made.value["subject"]) == (["name", "class"], {}, "")
    people, whose = rig.site.people, {"name": "Lin", "number": "1", "class": "C1", "of_age": None}
    with people.writing():
        found = ask_with(people, bytes.fromhex(made.value["token"]))
        assert found
        agree(people, found, "2026001", whose, rig.now.unix_ms)
    seen = rig.ask("GET", f"/v1/identity/asks/{made.value['ask']}").value
    assert (seen["state"], seen["claims"]) == ("agreed", {"name": "Lin", "class": "C1"})
    assert rig.ask("GET", f"/v1/identity/asks/{made.value['ask']}", "beside").status == 404
    again = rig.ask("POST", "/v1/identity/asks", key="a", claims=["class", "name"], why="借书")
    assert again.value == made.value, "as it was made"
    assert rig.ask("POST", "/v1/identity/asks", key="a", claims=["name"], why="借书").code == "key-reused"
    other = rig.ask("POST", "/v1/identity/asks", "beside", claims=["name"], why="x").value
    with people.writing():
        found = ask_with(people, bytes.fromhex(other["token"]))
        assert found
        agree(people, found, "2026001", whose, rig.now.unix_ms)
        withdraw(people, ask_by_id(people, 1), rig.now.unix_ms)  # type: ignore[arg-type]
    theirs = rig.ask("GET", f"/v1/identity/asks/{other['ask']}", "beside").value
    assert theirs["subject"] not in ("", seen["subject"])
    gone = rig.ask("GET", f"/v1/identity/asks/{made.value['ask']}").value
    assert (gone["state"], gone["claims"], gone["subject"]) == ("withdrawn", {}, "")


def test_an_ask_of_the_sandbox_is_answered_there(rig: Rig) -> None:
    made = rig.ask("POST", "/v1/identity/asks", "try", claims=["name", "of_age"], why="x").value
    path = f"/v1/sandbox/asks/{made['ask']}/answer"
    assert rig.ask("POST", path, "try", agree=True).value["state"] == "agreed"
    assert rig.ask("POST", path, "try", agree=False).code == "answered"
    assert set(rig.ask("GET", f"/v1/identity/asks/{made['ask']}", "try").value["claims"]) == {"name", "of_age"}
    late = rig.ask("POST", "/v1/identity/asks", "try", claims=["name"], why="x").value
    rig.later(ASK_MS // 1000)
    assert rig.ask("GET", f"/v1/identity/asks/{late['ask']}", "try").value["state"] == "over"
