"""Losses that somebody else reports: named, limited, lifted by who may; and what the class teacher sees and does."""

from cloud.ledger.desk.door import DeskLedger
from cloud.ledger.desk.replacing import Wish
from cloud.store.db import SqliteDatabase
from cloud.wallet.back.losses.nights import take_nights
from cloud.wallet.people.passwords import hashed
from cloud.wallet.people.persons import add_person, set_password
from cloud.wallet.people.roster import Holder, RosterTeacher, take_roster
from cloud.wallet.people.sessions import FRESH_MS, KIOSK_MS
from cloud.wallet.people.throttle import REPORTS_BY, STRANGERS_BLOCK, STRANGERS_FROM
from tests.cloud.wallet.rig import CHILD, GROWN

TEACHER_PHONE = "13000000009"
WHO = {"number": CHILD[0], "name": CHILD[1], "born": CHILD[2]}


def key(n: int) -> str:
    return f"{n:032x}"


def teacher(rig) -> int:
    """Of Class 1, in which both are. Signed in."""
    with rig.site.people.writing():
        people = rig.site.people
        label = dict(people.run("SELECT number, label FROM holder"))
        holders = [Holder(*one, "Class 1", label[one[0]]) for one in (CHILD, GROWN)]
        take_roster(people, holders, [], [RosterTeacher("Class 1", TEACHER_PHONE, "Wang")])
        person = add_person(people, TEACHER_PHONE, "Wang", "", 0)
    rig.signed("teacher", person.id)
    return person.id


def own(rig, number: str = GROWN[0], who: str = "grown") -> int:
    with rig.site.people.writing():
        person = add_person(rig.site.people, "", GROWN[1], number, 0)
        set_password(rig.site.people, person.id, hashed("a good password"))
    rig.signed(who, person.id)
    return person.id


def report(rig, n: int, **changed) -> object:
    said = rig.ask("lost-night", key=key(n), **{**WHO, **changed})
    take_nights(rig.site, rig.now)
    return said


def lost(rig) -> dict:
    return rig.ask("lost", "mother", holder=CHILD[0])


def test_whoever_blocks_is_named_by_his_sign_in_or_as_he_calls_himself(rig):
    own(rig)
    assert report(rig, 1, by="Roommate Zhao") == {}
    said = lost(rig)
    assert (said["by"], said["by_stranger"], said["by_agent"]) == ("Roommate Zhao", True, "a phone")
    rig.ask("lost/cancel", "mother", holder=CHILD[0], key=key(2))
    assert rig.ask("lost-night", "grown", key=key(3), **WHO) == {}  # the roommate's own wallet
    take_nights(rig.site, rig.now)
    assert (lost(rig)["by"], lost(rig)["by_stranger"], lost(rig)["by_other"]) == (GROWN[1], False, True)


def test_a_report_does_the_same_work_whomever_it_names(rig, monkeypatch):
    asked: list[str] = []
    run = SqliteDatabase.run
    monkeypatch.setattr(SqliteDatabase, "run", lambda self, sql, *given: (asked.append(sql), run(self, sql, *given))[1])

    def work(n: int, **named: str) -> list[str]:
        asked.clear()
        assert rig.ask("lost-night", key=key(n), **{**WHO, **named}) == {}
        return list(asked)

    hit = work(1)
    assert work(2, number="nobody") == hit
    assert work(3, name="another name") == hit
    assert len(hit) > 3


def test_a_prankster_is_told_of_and_blocks_nobody_any_more(rig):
    for n in (1, 2):
        rig.later(60)
        report(rig, 10 * n)
        assert lost(rig)["lost"]
        rig.ask("lost/cancel", "mother", holder=CHILD[0], key=key(10 * n + 1), prank=True)
    report(rig, 30)
    assert not lost(rig)["lost"]
    with rig.site.ledger.database.reading():
        told = [code for (code,) in rig.site.ledger.database.run("SELECT code FROM fact ORDER BY id")]
    assert told.count("block-prank") == 3
    assert [rig.ask("lost-night", key=key(40 + n), **WHO) for n in range(STRANGERS_BLOCK.most)][-1] == "slow-down"
    assert STRANGERS_FROM.most > STRANGERS_BLOCK.most
    assert REPORTS_BY.most > STRANGERS_BLOCK.most


def test_the_lost_phone_itself_takes_no_report_back(rig):
    person = own(rig)
    assert rig.ask("lost-night", key=key(1), number=GROWN[0], name=GROWN[1], born=GROWN[2]) == {}
    take_nights(rig.site, rig.now)
    with rig.site.people.writing():
        rig.site.people.run("UPDATE person SET phone = '13000000008' WHERE id = ?", (person,))
    assert rig.ask("sign-in/send-code", phone="13000000008") == {}
    assert rig.ask("sign-in/code", "grown", phone="13000000008", code=rig.code()) == {}  # its SIM is in it
    assert rig.ask("lost/cancel", "grown", key=key(2)) == "prove-again"
    assert rig.ask("prove", "grown", password="a good password") == {}
    assert rig.ask("lost/cancel", "grown", key=key(2))["blocked_ms"] == 0


def test_a_password_that_the_lost_phone_has_set_takes_no_report_back(rig):
    person, found = own(rig), "13000000008"
    with rig.site.people.writing():
        rig.site.people.run("UPDATE person SET phone = ? WHERE id = ?", (found, person))

    def by_code(thief: str) -> None:
        assert rig.ask("sign-in/send-code", phone=found) == {}
        assert rig.ask("sign-in/code", thief, phone=found, code=rig.code()) == {}

    by_code("before")
    assert rig.ask("password", "before", password="a thief's own") == {}
    assert rig.ask("lost-night", key=key(1), number=GROWN[0], name=GROWN[1], born=GROWN[2]) == {}
    take_nights(rig.site, rig.now)
    assert rig.ask("sign-in/password", "thief", phone=found, password="a thief's own") == {}
    assert rig.ask("prove", "thief", password="a thief's own") == {}
    assert rig.ask("lost/cancel", "thief", key=key(2)) == "prove-again"
    by_code("thief")
    assert rig.ask("password", "thief", password="another of his") == "prove-again"
    given = {"number": GROWN[0], "phone": found}
    assert rig.ask("bind/begin", name=GROWN[1], born=GROWN[2], **given) == {}
    assert rig.ask("bind/finish", "thief", code=rig.code(), password="another of his", **given) == "blocked"
    rig.signed("grown", person)  # the desk's link
    assert rig.ask("password", "grown", password="his own again") == {}
    assert rig.ask("sign-in/password", "grown", phone=found, password="his own again") == {}
    assert rig.ask("lost/cancel", "grown", key=key(3))["blocked_ms"] == 0


def test_what_the_card_desk_finds_is_found_for_the_wallet_too(rig):
    own(rig)
    rig.ask("lost/report", "grown", key=key(1))
    assert rig.ask("split", "grown")["own"] is True
    assert rig.ask("split/order", "grown", key=key(2), fen=0) == "blocked"
    label = rig.ask("home", "grown")["label"]
    rig.later(1)
    desk_finds(rig, label)
    assert rig.ask("split/order", "grown", key=key(2), fen=0)["ordered_fen"] == 0


def test_the_card_desks_report_blocks_the_wallet_and_signs_its_devices_out(rig):
    own(rig)
    label = rig.ask("home", "grown")["label"]
    rig.later(60)
    DeskLedger(rig.site.ledger).report_lost(Wish(bytes(15) + b"1", "王芳", label, "丢失"), rig.now)
    assert rig.ask("home", "grown") == "sign-in"
    assert rig.ask("sign-in/number", "grown", number=GROWN[0], password="a good password") == {}
    assert rig.ask("split/order", "grown", key=key(2), fen=0) == "blocked"
    said = rig.ask("lost", "grown")
    assert (said["lost"], said["by"], said["why"], said["by_stranger"]) == (True, "王芳", "丢失", False)
    assert rig.ask("lost/cancel", "grown", key=key(3))["lost"] is False
    assert rig.ask("split/order", "grown", key=key(4), fen=0)["ordered_fen"] == 0


def desk_finds(rig, label: str) -> None:
    DeskLedger(rig.site.ledger).cancel_lost(Wish(bytes(16), "王芳", label, "本人持证"), rig.now)


def test_a_class_teacher_sees_names_and_states_and_never_a_payment(rig):
    teacher(rig)
    (group,) = rig.ask("class", "teacher")["classes"]
    assert [one["name"] for one in group["pupils"]] == [CHILD[1], GROWN[1]]
    assert not {"fen", "born", "phone"} & set(str(group).replace("'", " ").split())
    for operation in ("home", "statement", "deposit/channels", "lost", "split"):
        assert rig.ask(operation, "teacher", holder=CHILD[0]) == "not-yours"
    assert rig.ask("class", "mother") == {"classes": []}
    assert rig.ask("class/lost", "mother", holder=CHILD[0], key=key(1)) == "not-yours"


def test_a_class_teacher_lifts_what_others_blocked_on_the_same_day(rig):
    teacher(rig)
    report(rig, 1, by="Zhao")
    (group,) = rig.ask("class", "teacher")["classes"]
    child, _ = group["pupils"]
    assert (child["card"], child["by"], child["liftable"]) == ("lost", "Zhao", True)
    assert rig.ask("class/lift", "teacher", holder=CHILD[0], key=key(2)) == {}
    assert rig.ask("class/lift", "teacher", holder=CHILD[0], key=key(3)) == "not-liftable"
    assert rig.ask("class/lost", "teacher", holder=CHILD[0], key=key(4)) == {}
    rig.later(13 * 3600)  # 01:00 of the next day
    rig.signed("teacher", 3)
    assert rig.ask("class/lift", "teacher", holder=CHILD[0], key=key(5)) == "not-liftable"


def test_what_the_holder_has_reported_is_his_to_take_back(rig):
    teacher(rig)
    own(rig)
    rig.ask("lost/report", "grown", key=key(1))
    assert rig.ask("class/lift", "teacher", holder=GROWN[0], key=key(2)) == "not-liftable"
    rig.later(FRESH_MS // 1000)
    assert rig.ask("class/lift", "teacher", holder=GROWN[0], key=key(2)) == "prove-again"


def test_a_class_teacher_lends_no_spare_that_he_was_not_handed(rig):
    teacher(rig)
    asked = {"holder": CHILD[0], "label": rig.ask("class", "teacher")["classes"][0]["pupils"][1]["label"], "days": 1}
    assert rig.ask("class/lend", "teacher", key=key(1), **asked) == "not-spare"
    assert rig.ask("class/collect", "teacher", key=key(2), **{"class": "Class 2", "label": "9"}) == "not-yours"


def test_number_and_password_open_a_brief_session_at_a_shared_terminal(rig):
    own(rig)
    assert rig.ask("sign-in/number", "kiosk", number=GROWN[0], password="wrong password") == "wrong"
    assert rig.ask("sign-in/number", "kiosk", number="nobody", password="wrong password") == "wrong"
    assert rig.ask("sign-in/number", "kiosk", number=GROWN[0], password="a good password") == {}
    assert rig.ask("home", "kiosk")["name"] == GROWN[1]
    phone = {"public": "02" + "ab" * 32, "key": key(1)}
    given: dict[str, dict[str, str]] = {  # what lasts longer than the session is for one's own phone
        "password": {"password": "another password"}, "phone/begin": {"phone": "13000000008"}, "passkeys/ask": {},
        "offline/certify": phone, "offline/renew": phone,
    }  # fmt: skip
    for again in range(2):
        assert {rig.ask(name, "kiosk", **one) for name, one in given.items()} == {"shared"}, again
        assert rig.ask("prove", "kiosk", password="a good password") == {}
    rig.later(KIOSK_MS // 1000)
    assert rig.ask("home", "kiosk") == "sign-in"


def test_a_class_teacher_without_a_number_signs_in_at_a_shared_terminal_by_his_phone(rig):
    person = teacher(rig)
    with rig.site.people.writing():
        set_password(rig.site.people, person, hashed("a good password"))
    assert rig.ask("sign-in/number", "kiosk", number=TEACHER_PHONE, password="wrong password") == "wrong"
    assert rig.ask("sign-in/number", "kiosk", number=TEACHER_PHONE, password="a good password") == {}
    assert rig.ask("class", "kiosk")["classes"][0]["class"] == "Class 1"
    assert rig.ask("password", "kiosk", password="another password") == "shared"


def test_who_came_by_the_desks_link_may_set_phone_and_password_for_five_minutes(rig):
    with rig.site.people.writing():
        person = add_person(rig.site.people, "", GROWN[1], GROWN[0], 0)
    rig.signed("grown", person.id)
    assert rig.ask("phone/begin", "grown", phone="13000000008") == {}
    given = {"phone": "13000000008", "code": rig.code(), "password": "a good password"}
    assert rig.ask("phone/finish", "grown", **given) == {}
    assert rig.ask("sign-in/password", "phone", phone="13000000008", password="a good password") == {}
    assert rig.ask("phone/begin", "grown", phone="13000000001") == {}  # his mother's: no word of whose it is
    assert rig.sms() == 1
    rig.later(FRESH_MS // 1000)
    assert rig.ask("phone/begin", "grown", phone="13000000007") == "prove-again"
