"""The accounts service's table: who sees what, who somebody is, what is lost; nonsense; and no word of who is here."""

import json
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.wallet.back.answers import Answers
from cloud.wallet.back.context import Context, Right
from cloud.wallet.back.losses.nights import take_nights
from cloud.wallet.back.rights import admitted
from cloud.wallet.back.table import OPERATIONS
from cloud.wallet.line.calls import OF_FRONT, Caller
from cloud.wallet.line.problems import CallRefused
from cloud.wallet.line.shapes import parsed, text, whole
from cloud.wallet.people.passwords import hashed
from cloud.wallet.people.persons import add_person, set_password
from cloud.wallet.people.sessions import FRESH_MS, IDLE_MS, SESSIONS_MAX
from cloud.wallet.people.sight import Bond, age, may
from cloud.wallet.people.throttle import BIND, PASSWORD, STRANGERS_BLOCK, Pace, Tried, next_try
from tests.cloud.wallet.rig import CAMPUS_S, CHILD, FATHER, GROWN, MOTHER, PUPIL_PHONE, add_child

DAY_S = 86_400
KEY = "ab" * 16
PASS = "a good password"
WHO = {"number": CHILD[0], "name": CHILD[1], "born": CHILD[2]}


def test_a_stranger_is_asked_to_sign_in_wherever_it_takes_a_person(rig):
    for name, one in OPERATIONS.items():
        if one.right is not Right.ANYBODY:
            with pytest.raises(CallRefused) as refused:
                admitted(Context(rig.site, Caller(), rig.now), one, {})
            assert refused.value.problem.code == "sign-in", name
    answer = rig.answer("me", "stranger")
    assert (answer.problem.code, answer.session) == ("sign-in", "")


def test_three_balances_stand_apart_and_say_what_they_are(rig):
    home = rig.ask("home", "mother", holder=CHILD[0])
    assert home["card"]["seen"] is False
    assert {"card", "pending_fen", "online_fen"} <= home.keys()
    assert not any("sum" in name or "total" in name for name in home)


def test_sight_ends_on_the_eighteenth_birthday_and_topping_up_stays(rig):
    assert rig.ask("home", "mother", holder=GROWN[0])["holder"] == GROWN[0]
    rig.later(DAY_S)
    assert rig.ask("home", "mother", holder=GROWN[0]) == "not-yours"
    assert may("tops-up", Bond.GUARDIAN, GROWN[2], rig.now.campus_s)


def test_whose_one_is_not_is_answered_as_one_who_is_not_there(rig):
    rig.later(DAY_S)
    theirs = rig.answer("home", "mother", holder=GROWN[0]).problem
    assert theirs == rig.answer("home", "mother", holder="nobody").problem


def test_a_link_signs_in_once(rig):
    assert rig.ask("sign-in/link", "thief", token="x") == "link-used"
    rig.signed("mother", 1)
    assert rig.ask("me", "mother")["name"] == "Lin"


def bound(rig, who="pupil", phone=PUPIL_PHONE):
    assert rig.ask("bind/begin", who, phone=phone, **WHO) == {}
    return rig.ask("bind/finish", who, number=CHILD[0], phone=phone, code=rig.code(), password=PASS)


def test_a_pupil_binds_himself_by_what_the_school_knows_and_signs_in_again(rig):
    assert bound(rig) == {}
    assert [one["way"] for one in rig.ask("devices", "pupil")] == ["bound"]
    assert [one["own"] for one in rig.ask("me", "pupil")["holders"]] == [True]
    assert rig.ask("sign-out", "pupil") == {}
    assert rig.ask("me", "pupil") == "sign-in"
    assert rig.ask("sign-in/password", "pupil", phone=PUPIL_PHONE, password=PASS) == {}
    assert rig.ask("sign-in/send-code", phone=PUPIL_PHONE) == {}
    assert rig.ask("sign-in/code", "other device", phone=PUPIL_PHONE, code=rig.code()) == {}
    assert sorted(one["way"] for one in rig.ask("devices", "pupil")) == ["code", "password"]
    assert sorted(one["way"] for one in rig.ask("export", "pupil")["devices"]) == ["code", "password"]


def test_nobody_takes_a_holder_who_is_somebodys(rig):
    assert bound(rig) == {}
    assert bound(rig, "thief", "13000000009") == "wrong"


def test_wrong_words_send_nothing_and_are_answered_the_same(rig):
    right = rig.answer("bind/begin", phone=PUPIL_PHONE, **WHO)
    sent = rig.sms()
    assert rig.answer("bind/begin", phone=PUPIL_PHONE, **{**WHO, "born": "2014-05-02"}) == right
    assert rig.answer("bind/begin", phone=PUPIL_PHONE, **{**WHO, "number": "nobody"}) == right
    assert rig.answer("sign-in/send-code", phone="13900000000") == right
    assert rig.sms() == sent


def test_binding_a_holder_is_tried_so_often_whoever_tries(rig):
    for n in range(BIND.of_all.most):
        rig.address = f"10.0.0.{n // BIND.most}"
        assert rig.ask("bind/begin", phone=f"1300000010{n}", **{**WHO, "name": "x"}) == {}
    rig.address = "10.0.0.9"
    assert rig.ask("bind/begin", phone=PUPIL_PHONE, **WHO) == "slow-down"


def test_who_tries_anothers_name_from_one_address_leaves_him_his_tries(rig):
    """Password, code, SMS, binding, report: the thief, or a prankster, shuts himself out, and not the holder."""
    assert bound(rig) == {}
    rig.later(3600)
    tries = {
        "sign-in/password": {"phone": PUPIL_PHONE, "password": "wrong pass"},
        "sign-in/send-code": {"phone": PUPIL_PHONE},
        "sign-in/code": {"phone": PUPIL_PHONE, "code": "000000"},
        "bind/begin": {"phone": "13000000099", **WHO, "name": "x"},
        "lost-night": {"key": KEY, **WHO, "name": "x"},
    }
    for operation, told in tries.items():
        said = [rig.ask(operation, **told) for _ in range(20)]
        assert said[-1] == "slow-down", operation
    rig.address = "10.0.0.7"
    assert rig.ask("sign-in/send-code", phone=PUPIL_PHONE) == {}
    assert rig.ask("sign-in/code", "pupil", phone=PUPIL_PHONE, code=rig.code()) == {}
    assert rig.ask("sign-in/password", "pupil", phone=PUPIL_PHONE, password=PASS) == {}
    assert rig.ask("lost-night", **{**tries["lost-night"], **WHO}) == {}


def test_codes_asked_for_numbers_of_nobodys_take_no_code_of_the_school(rig, monkeypatch):
    monkeypatch.setattr("cloud.wallet.people.codes.CODES_OF_ALL", Pace(2, 3_600_000))
    monkeypatch.setattr("cloud.wallet.back.who.identity.CODES_OF_ALL", Pace(2, 3_600_000))
    assert [rig.ask("sign-in/send-code", phone=f"1390000000{n}") for n in range(4)] == [{}] * 4
    with rig.site.people.reading():
        assert rig.site.people.run("SELECT use, phone FROM code") == [("", "")], "the same work, and nobody's number"
    said = [rig.ask("sign-in/send-code", phone=phone) for phone in (MOTHER, FATHER, MOTHER, "13900000009")]
    assert said == [{}, {}, "slow-down", "slow-down"]


def test_who_has_no_phone_is_held_up_by_nobody_elses_password(rig):
    add_child(rig, 1)
    with rig.site.people.writing():
        other = add_person(rig.site.people, "", GROWN[1], GROWN[0], 0)
        set_password(rig.site.people, other.id, hashed(PASS))
    rig.signed("grown", other.id)
    assert [rig.ask("prove", "child", password="wrong pass") for _ in range(PASSWORD.most + 1)][-1] == "slow-down"
    assert rig.ask("prove", "grown", password=PASS) == {}


def test_a_password_is_tried_so_often_and_no_number_tells_who_is_here(rig):
    assert bound(rig) == {}
    for phone in (PUPIL_PHONE, "13900000000"):
        said = [rig.ask("sign-in/password", "x", phone=phone, password="wrong") for _ in range(PASSWORD.most + 1)]
        assert said == ["wrong"] * PASSWORD.most + ["slow-down"]
    rig.later(PASSWORD.window_ms // 1000)
    assert rig.ask("sign-in/password", "x", phone=PUPIL_PHONE, password=PASS) == {}


def test_a_device_is_signed_out_from_another(rig):
    rig.session["stolen"] = rig.session["mother"]
    rig.signed("mother", 1)
    stolen = next(one for one in rig.ask("devices", "mother") if not one["this"])
    assert rig.ask("devices/end", "father", key=stolen["key"]) == {"ended": False}
    assert stolen["way"] == "link"
    assert rig.ask("devices/end", "mother", key=stolen["key"]) == {"ended": True}
    assert rig.ask("me", "stolen") == "sign-in"
    with rig.site.people.reading():
        kept = "SELECT COUNT(*) FROM signed_by WHERE token NOT IN (SELECT token FROM session)"
        assert rig.site.people.run(kept) == [(0,)], "how goes with the session"


def test_a_session_ends_when_nobody_asks_and_the_oldest_of_too_many_goes(rig):
    for n in range(SESSIONS_MAX):
        rig.later(1)
        rig.session[f"m{n}"] = ""
        rig.signed(f"m{n}", 1)
    assert rig.ask("me", "mother") == "sign-in"
    rig.later(IDLE_MS // 1000)
    assert rig.ask("me", "m1") == "sign-in"


def test_a_reported_card_is_refused_and_only_a_fresh_proof_takes_it_back(rig):
    assert rig.ask("lost/report", "mother", holder=CHILD[0], key=KEY, why="on the bus") == {}
    said = rig.ask("lost", "mother", holder=CHILD[0])
    assert said["lost"] is True
    assert said["by"] == "Lin"
    assert said["waits"] > 0
    assert rig.ask("home", "father", holder=CHILD[0])["state"] == "lost"
    rig.later(FRESH_MS // 1000)
    assert rig.ask("lost/cancel", "mother", holder=CHILD[0], key="cd" * 16) == "prove-again"
    rig.signed("mother", 1)
    assert rig.ask("lost/cancel", "mother", holder=CHILD[0], key="cd" * 16)["lost"] is False
    assert rig.ask("home", "mother", holder=CHILD[0])["state"] == "normal"


def test_a_guardian_of_one_of_age_may_report_and_is_told_nothing(rig):
    rig.later(DAY_S)
    assert rig.ask("lost/report", "mother", holder=GROWN[0], key=KEY) == {}
    assert rig.ask("lost", "mother", holder=GROWN[0]) == "not-yours"
    assert rig.ask("lost/cancel", "mother", holder=GROWN[0], key="cd" * 16) == "prove-again"


def test_lost_at_night_blocks_card_and_devices_from_anybodys_phone(rig):
    assert bound(rig) == {}
    assert rig.ask("lost-night", key=KEY, **WHO) == {}
    assert take_nights(rig.site, rig.now) == 1
    assert rig.ask("me", "pupil") == "sign-in"
    assert rig.ask("home", "mother", holder=CHILD[0])["state"] == "lost"
    standing = rig.ask("lost", "mother", holder=CHILD[0])
    assert standing["by_stranger"] is True
    assert standing["blocked_ms"] > 0


def test_a_prank_is_bounded_and_told_nothing(rig):
    said = [rig.ask("lost-night", key=KEY, **{**WHO, "name": "x"}) for _ in range(STRANGERS_BLOCK.most + 1)]
    assert said == [{}] * STRANGERS_BLOCK.most + ["slow-down"]
    take_nights(rig.site, rig.now)
    assert rig.ask("home", "mother", holder=CHILD[0])["state"] == "normal"


def test_a_statement_names_each_entry_and_pages(rig):
    rig.site.ledger.renew()
    page = rig.ask("statement", "mother", holder=CHILD[0])
    assert page["next"] == 0
    assert all(row["kind"] and row["state"] == "posted" for row in page["rows"])


NONSENSE = [b"", b"[]", b"{", b'{"operation":1}', b"NaN", b'{"operation":"me","arguments":[],"caller":{}}']
WRONG = [{"holder": 1}, {"holder": ""}, {"x": 1}, {"holder": "a\u202eb"}, {"holder": "\ud800"}]


@pytest.mark.parametrize("raw", NONSENSE)
def test_nonsense_is_a_problem(rig, raw):
    answer = rig.answers.begin(raw, rig.now)
    assert answer.problem.code == "malformed"


@pytest.mark.parametrize("arguments", WRONG)
def test_a_wrong_argument_is_named(arguments):
    with pytest.raises(CallRefused) as refused:
        parsed({"holder": text(32)}, arguments)
    assert refused.value.problem.status == 422
    json.dumps(refused.value.problem.to_json())


def test_what_the_document_calls_whole_is_taken_and_each_argument_has_a_form_there():
    assert repr(parsed({"fen": whole(0, 500)}, {"fen": 100.0})) == "{'fen': 100}"
    for told in ({"fen": 1.5}, {"fen": True}, {"fen": "1"}, {"fen": 1e300}):
        with pytest.raises(CallRefused):
            parsed({"fen": whole(0, 500)}, told)
    bare = [(name, one) for name, op in OPERATIONS.items() for one, kind in op.shape.items() if not kind.schema]
    assert {name for name, _ in bare} <= OF_FRONT, "who writes another wallet reads it there"


@given(st.lists(st.integers(0, 90), min_size=1, max_size=40))
def test_no_run_of_tries_has_more_than_its_pace_in_one_window(steps):
    pace, at, tried, let = Pace(3, 60), 0, None, []
    for step in steps:
        at += step
        tried, wait = next_try(tried, pace, at)
        assert wait >= 0
        if not wait:
            let.append(at)
            assert sum(one >= tried.first_ms for one in let) <= pace.most
        else:
            assert next_try(tried, pace, at + wait)[1] == 0


def test_a_clock_that_went_back_waits_no_longer_than_a_window():
    assert next_try(Tried(5, 1_000_000), Pace(5, 60), 0)[1] == 0


@given(st.dates(date(1990, 1, 1), date(2026, 9, 15)))
def test_nobody_is_of_age_a_day_too_soon(born):
    grown = age(born.isoformat(), CAMPUS_S) >= 18
    assert grown == ((born.year + 18, born.month, born.day) <= (2026, 9, 15))
    assert may("sees", Bond.GUARDIAN, born.isoformat(), CAMPUS_S) != grown
    assert not may("own", Bond.GRANTED, born.isoformat(), CAMPUS_S)


def test_where_no_code_would_ever_arrive_nobody_is_told_that_one_was_sent(rig):
    rig.answers = Answers(replace(rig.site, sends=lambda: False), OPERATIONS)
    for asked in (("sign-in/send-code", {}), ("bind/begin", WHO)):
        assert rig.ask(asked[0], phone=PUPIL_PHONE, **asked[1]) == "no-codes"
    assert rig.sms() == 0
