"""What an application of a third party may know of a holder: what he agreed to, as long as he has not taken it back."""

from cloud.payments import doors
from cloud.wallet.claims import ASK_MS, Ask, ask_by_id, end_asks, keep_ask, token_of_code
from cloud.wallet.people.persons import person_with_holder
from cloud.wallet.people.sessions import Way, open_session
from shared.online import code_digest
from tests.cloud.wallet.back.test_privacy import sign_in
from tests.cloud.wallet.rig import CHILD, GROWN, Rig


def asked(rig: Rig, number: int, claims: str = "name,of_age", is_sandbox: int = 0) -> str:
    """The token of an ask."""
    ms, token = rig.now.unix_ms, bytes([number] * 16)
    ask = Ask(
        0, token, "a1", f"k{number}", "Library", "m", claims, "to lend", is_sandbox, 0, "", "", ms, ms + ASK_MS, 0
    )
    with rig.site.people.writing():
        keep_ask(rig.site.people, ask)
    return token.hex()


def test_a_code_that_was_shown_says_to_whom(rig: Rig) -> None:
    sign_in(rig, "grown", GROWN[0])
    codes = [rig.ask("code/new", "grown")["code"] for _ in range(2)]
    door, ms = doors.codes(rig.site.ledger), rig.now.unix_ms
    for code in codes:
        assert door.show(code, rig.now).card
    with rig.site.people.writing():
        token = token_of_code(code_digest(codes[0]))
        keep_ask(rig.site.people, Ask(
            0, token, "a1", "k", "Library", "m", "", "to lend", 0, 1, GROWN[0], "{}", ms, ms + ASK_MS, ms
        ))  # fmt: skip
    (first, second) = rig.ask("code/held", "grown", codes=codes, wait_s=0)
    assert (first["state"], first["place"], second["place"]) == ("over", "Library", "")
    assert rig.ask("code/state", "grown", code=codes[0])["place"] == "Library"


def kept(rig: Rig, number: int = 1) -> Ask:
    with rig.site.people.reading():
        found = ask_by_id(rig.site.people, number)
    assert found
    return found


def test_who_asks_what_and_why_is_read_agreed_to_and_taken_back(rig: Rig) -> None:
    sign_in(rig, "grown", GROWN[0])
    token = asked(rig, 1)
    seen = rig.ask("apps/asked", "grown", token=token)
    assert (seen["app"], seen["why"]) == ("Library", "to lend")
    assert seen["told"] == [{"claim": "name", "value": GROWN[1]}, {"claim": "of_age", "value": False}]
    assert kept(rig).told == "", "looking tells nothing"
    for _ in range(2):
        assert rig.ask("apps/answer", "grown", token=token, agree=True) == {"state": "agreed"}
    assert kept(rig).told == f'{{"name": "{GROWN[1]}", "of_age": false}}', "and nothing that was not asked for"
    assert rig.ask("apps/answer", "grown", token=token, agree=False) == "no-ask"
    (one,) = rig.ask("apps", "grown")["items"]
    for _ in range(2):
        assert rig.ask("apps/take-back", "grown", ask=one["ask"]) == {}
    assert (kept(rig).told, rig.ask("apps", "grown")["items"]) == ("", [])


def test_who_is_erased_is_known_to_no_application_any_more(rig: Rig) -> None:
    sign_in(rig, "grown", GROWN[0])
    rig.ask("apps/answer", "grown", token=asked(rig, 1), agree=True)
    with rig.site.people.writing():
        end_asks(rig.site.people, GROWN[0], rig.now.unix_ms)
    assert kept(rig).told == ""


def test_nobody_answers_for_another_and_a_token_is_over_some_time(rig: Rig) -> None:
    sign_in(rig, "grown", GROWN[0])
    sign_in(rig, "child", CHILD[0])
    token = asked(rig, 1)
    assert rig.ask("apps/answer", "mother", holder=CHILD[0], token=token, agree=True) == "not-yours"
    assert rig.ask("apps/answer", "child", token=token, agree=True) == "consent-needed"
    assert rig.ask("apps/asked", "grown", token=asked(rig, 2, is_sandbox=1)) == "no-ask"
    assert rig.ask("apps/answer", "grown", token=token, agree=True) == {"state": "agreed"}
    rig.ask("consent", "mother", holder=CHILD[0], given=True)
    assert rig.ask("apps/answer", "child", token=token, agree=True) == "no-ask"
    assert rig.ask("apps/take-back", "child", ask=1) == "no-ask"
    late = asked(rig, 3)
    rig.later(ASK_MS // 1000)
    assert rig.ask("apps/answer", "grown", token=late, agree=True) == "no-ask"


def test_at_a_terminal_that_many_share_nothing_is_let_be_known(rig: Rig) -> None:
    """A kiosk's session ends with its user; what an application was told does not."""
    sign_in(rig, "grown", GROWN[0])
    token = asked(rig, 1)
    with rig.site.people.writing():
        person = person_with_holder(rig.site.people, GROWN[0])
        assert person
        rig.session["kiosk"] = open_session(
            rig.site.people, person.id, "", "", rig.now.unix_ms, way=Way.KNOWN, brief=True
        )
    assert rig.ask("apps/answer", "kiosk", token=token, agree=True) == "shared"
    assert kept(rig).told == ""
