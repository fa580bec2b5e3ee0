"""Accounts behind the wallet: who may ask for what, three balances apart, lines with their proof, a loss in one act."""

import hashlib

import pytest

from cloud.wallet.people.sessions import FRESH_MS, IDLE_MS, MOST_MS, SESSIONS_MAX, make_link
from tests.cloud.ledger import campus as c
from tests.cloud.wallet.rig import ADULT, CARDLESS, CHILD, KEY, OTHER, Rig

FEN = 1250


def first_card(rig: Rig):
    with rig.site.ledger.database.reading():
        rows = rig.site.ledger.database.run("SELECT card FROM card ORDER BY label LIMIT 1")
    return bytes(rows[0][0])


def sold(rig: Rig) -> bytes:
    raw = c.stored(c.purchase(1, first_card(rig), 1, FEN, c.OPENING))
    c.Box(rig.ledger).send(raw)
    return raw


def code(said) -> str:
    return said.problem.code if said.problem else ""


def test_three_balances_are_told_apart_with_where_and_when_the_card_was_seen(rig: Rig) -> None:
    sold(rig)
    said = rig.ask("home", rig.signed_in(), holder=CHILD).value
    assert (said["card"]["fen"], said["card"]["seen"], said["online_fen"], said["pending_fen"]) == (
        c.OPENING - FEN, True, 0, 0,
    )  # fmt: skip
    assert said["card"]["place"]
    assert said["card"]["time"]
    assert not {name for name in said if "total" in name or "sum" in name}


def test_a_statement_names_a_line_and_what_proves_it(rig: Rig) -> None:
    raw, session = sold(rig), rig.signed_in()
    (paid, opened) = rig.ask("statement", session, holder=CHILD).value["lines"]
    assert (paid["what"], paid["moved"], opened["what"]) == ("paid", {"purses_fen": -FEN}, "opening")
    record = rig.ask("statement/proof", session, holder=CHILD, entry=paid["entry"]).value["record"]
    assert (record["seq"], record["sha256"]) == (1, hashlib.sha256(raw).hexdigest())


def test_the_proof_of_anothers_line_is_not_there(rig: Rig) -> None:
    sold(rig)
    entry = rig.ask("statement", rig.signed_in(), holder=CHILD).value["lines"][0]["entry"]
    with rig.site.people.writing():
        rig.site.people.run("UPDATE person SET holder = ? WHERE id = ?", (OTHER, rig.parent))
    assert code(rig.ask("statement/proof", rig.signed_in(), holder=OTHER, entry=entry)) == "no-entry"
    assert code(rig.ask("statement/proof", rig.signed_in(), holder=OTHER, entry=10**6)) == "no-entry"


@pytest.mark.parametrize(
    ("holder", "refused"),
    [(CHILD, ""), (OTHER, "not-yours"), ("nobody", "not-yours"), (ADULT, "not-yours"), (CARDLESS, "no-card")],
)  # fmt: skip
def test_a_guardian_sees_the_minor_of_the_roster_and_nobody_else(rig: Rig, holder: str, refused: str) -> None:
    assert code(rig.ask("home", rig.signed_in(), holder=holder)) == refused


def test_a_guardian_sees_an_adult_when_he_has_granted_it_and_reports_his_loss_without(rig: Rig) -> None:
    session = rig.signed_in()
    assert code(rig.ask("loss/report", session, holder=ADULT, key=KEY)) == ""
    assert code(rig.ask("loss", session, holder=ADULT)) == "not-yours"
    with rig.site.people.writing():
        rig.site.people.insert("granted", "holder, person, at_ms", [(ADULT, rig.parent, 0)])
    assert rig.ask("loss", session, holder=ADULT).value["state"] == "lost"


def test_a_loss_is_reported_in_one_act_and_told_how_far_it_has_come(rig: Rig) -> None:
    session = rig.signed_in()
    before = rig.ask("loss", session, holder=CHILD).value
    said = rig.ask("loss/report", session, holder=CHILD, key=KEY).value
    again = rig.ask("loss/report", session, holder=CHILD, key=KEY).value
    assert (before["state"], said["state"], said["listed"], again) == ("normal", "lost", True, said)
    assert sum(said["reach"].values()) > 0
    with rig.site.ledger.database.reading():
        ((who,),) = rig.site.ledger.database.run("SELECT cashier FROM card_deed")
    assert who == "钱包：家长"


def test_a_report_is_cancelled_by_whoever_has_just_proven_who_he_is(rig: Rig) -> None:
    session = rig.signed_in()
    rig.ask("loss/report", session, holder=CHILD, key=KEY)
    then, rig.now = rig.now, rig.now._replace(unix_ms=rig.now.unix_ms + FRESH_MS)
    assert code(rig.ask("loss/cancel", session, holder=CHILD, key="cd" * 16)) == "prove-again"
    rig.now = then
    assert rig.ask("loss/cancel", session, holder=CHILD, key="cd" * 16).value["state"] == "normal"


@pytest.mark.parametrize("operation", ["me", "home", "statement", "loss", "loss/report", "sign-out"])
def test_nobody_asks_without_a_session(rig: Rig, operation: str) -> None:
    arguments = {"key": KEY} if operation == "loss/report" else {}
    said = rig.ask(operation, "made up", **arguments)
    assert (code(said), said.session) == ("sign-in", "")


def test_a_link_is_good_once(rig: Rig) -> None:
    with rig.site.people.writing():
        link = make_link(rig.site.people, rig.parent, rig.now.unix_ms)
    assert rig.ask("sign-in/link", token=link).session
    assert code(rig.ask("sign-in/link", token=link)) == "link-used"


@pytest.mark.parametrize("later_ms", [IDLE_MS, MOST_MS])
def test_a_session_ends_by_itself(rig: Rig, later_ms: int) -> None:
    session = rig.signed_in()
    assert not code(rig.ask("me", session))
    rig.now = rig.now._replace(unix_ms=rig.now.unix_ms + later_ms)
    assert code(rig.ask("me", session)) == "sign-in"


def test_a_person_has_so_many_sessions_and_the_oldest_goes(rig: Rig) -> None:
    first = rig.signed_in()
    for _ in range(SESSIONS_MAX):
        rig.now = rig.now._replace(unix_ms=rig.now.unix_ms + 1)
        rig.signed_in()
    assert code(rig.ask("me", first)) == "sign-in"


def test_no_token_can_be_read_out_of_the_file(rig: Rig) -> None:
    session = rig.signed_in()
    with rig.site.people.reading():
        rows = rig.site.people.run("SELECT token FROM session")
    assert session.encode() not in {bytes(token) for (token,) in rows}
    assert hashlib.sha256(session.encode()).digest() in {bytes(token) for (token,) in rows}


@pytest.mark.parametrize(
    ("arguments", "wrong"),
    [({"holder": 7}, "argument"), ({"holder": ""}, "argument"), ({"holder": CHILD, "more": 1}, "argument"),
     ({"holder": "\u202e1"}, "argument")],
)  # fmt: skip
def test_arguments_that_are_none_are_named(rig: Rig, arguments: dict, wrong: str) -> None:
    assert code(rig.ask("home", rig.signed_in(), **arguments)) == wrong


def test_what_is_no_call_is_refused_and_an_unknown_operation_too(rig: Rig) -> None:
    caller = b'{"operation":"me","arguments":{},"caller":{"session":7}}'
    for raw in (b"", b"[]", b"{", b'{"operation":1}', caller, b"NaN"):
        assert code(rig.answers.begin(raw, rig.now)) == "malformed"
    assert code(rig.ask("no-such")) == "unknown-operation"
