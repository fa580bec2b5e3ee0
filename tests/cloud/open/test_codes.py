"""Who shows his code to an application: his subject, once; bounded guesses; recorded as his consent, and taken back."""

from cloud.open.back.site import take_events
from cloud.payments import calls, doors
from cloud.wallet.claims import ask_by_id, asks_of, shown_to, withdraw
from cloud.wallet.people.roster import Holder, take_roster
from shared.online import code_digest, code_of
from tests.cloud.ledger import campus as c
from tests.cloud.open.rig import Heard, Rig

NUMBER, WHY = "2026007", "to lend a book"


def shown(rig: Rig) -> str:
    """The code of a holder who is on the roster by this card."""
    with rig.site.live.ledger.database.reading():
        ((label,),) = rig.site.live.ledger.database.run("SELECT label FROM card WHERE card = ?", (c.card(1),))
    with rig.site.people.writing():
        take_roster(rig.site.people, [Holder(NUMBER, "Lin", "", "", label)], [])
    return doors.codes(rig.site.live.ledger).new(c.card(1), rig.now).code


def asked(rig: Rig, code: str, who: str = "mine", key: str = "") -> Heard:
    return rig.ask("POST", "/v1/identity/codes", who, key=key, code=code, why=WHY)


def test_a_code_says_the_subject_once_and_pays_nothing_any_more(rig: Rig) -> None:
    code = shown(rig)
    told = asked(rig, code, key="k")
    assert (told.status, told.value["state"], told.value["asked"], told.value["claims"]) == (201, "agreed", [], {})
    again = asked(rig, code, key="k")
    assert (again.status, again.value) == (201, told.value)
    assert asked(rig, code).code == "code-invalid", "it is used up"
    assert calls.code_state(doors.codes(rig.site.live.ledger), c.card(1), code, rig.now)["state"] == "over"
    with rig.site.people.reading():
        assert [shown_to(rig.site.people, code_digest(code), one) for one in (NUMBER, "2026008")] == ["mine", ""]
    assert asked(rig, shown(rig), key="k").code == "key-reused"
    assert asked(rig, shown(rig)).value["subject"] == told.value["subject"], "the same holder to the same application"
    assert asked(rig, shown(rig), "other").value["subject"] != told.value["subject"]


def test_it_stands_among_his_consents_and_is_taken_back(rig: Rig) -> None:
    told = asked(rig, shown(rig)).value
    with rig.site.people.writing():
        (kept,) = asks_of(rig.site.people, NUMBER)
        assert (kept.app_name, kept.why, kept.names) == ("mine", WHY, ())
        withdraw(rig.site.people, kept, rig.now.unix_ms)
        assert ask_by_id(rig.site.people, kept.id).told == ""
    assert take_events(rig.site, rig.now.unix_ms) == 1
    after = rig.ask("GET", f"/v1/identity/asks/{told['ask']}").value
    assert (after["state"], after["subject"]) == ("withdrawn", "")


def test_guesses_are_bounded_told_and_nobody_elses_business(rig: Rig, monkeypatch) -> None:
    monkeypatch.setattr("cloud.open.families.codes.GUESSES_MAX", 2)
    never, good = code_of(1), shown(rig)
    used = shown(rig)
    assert [asked(rig, used).status for _ in range(4)] == [201, 409, 409, 409], "one that was used is no guess"
    assert [asked(rig, never).code for _ in range(2)] == ["code-invalid"] * 2
    assert asked(rig, good).code == "codes-guessed"
    rig.born()
    assert asked(rig, never).code == "codes-guessed", "also in a new process"
    assert [one["app"] for one in c.facts(rig.site.live.ledger, "app-guesses")] == ["mine"]
    assert asked(rig, good, "beside").status == 201
    rig.later(86_400)
    assert asked(rig, shown(rig)).status == 201


def test_a_card_of_nobody_and_one_that_is_over_say_nothing(rig: Rig) -> None:
    code = shown(rig)
    with rig.site.people.writing():
        rig.site.people.run("DELETE FROM holder")
    assert asked(rig, code).code == "code-invalid"
    assert asked(rig, f"{code[:-1]}{(int(code[-1]) + 1) % 10}").code == "code-invalid", "mistyped"
    late = shown(rig)
    rig.later(61)
    assert asked(rig, late).code == "code-invalid"


def test_the_sandbox_has_codes_of_its_own(rig: Rig) -> None:
    code = rig.ask("POST", "/v1/sandbox/codes", "try", key=None, payer=3).value["code"]
    assert asked(rig, code).code == "code-invalid", "of the sandbox's ledger alone"
    assert asked(rig, code, "try").value["state"] == "agreed"
    assert rig.ask("POST", "/v1/sandbox/codes", key=None, payer=3).status == 404
