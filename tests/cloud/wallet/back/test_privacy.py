"""Consent before a child's own wallet, sight by an adult's word, disputes, and what is handed out of oneself."""

from cloud.ledger.ledger import Ledger
from cloud.wallet.people.persons import add_person
from shared.ids import CardId
from tests.cloud.wallet.rig import CHILD, GROWN, Rig

KEY = "00" * 16
DAY_S = 86_400


def sign_in(rig: Rig, who: str, holder: str) -> None:
    with rig.site.people.writing():
        person = add_person(rig.site.people, "", who, holder, 0)
    rig.signed(who, person.id)


def test_a_childs_own_wallet_waits_for_a_guardian_and_a_loss_does_not(rig: Rig) -> None:
    sign_in(rig, "child", CHILD[0])
    for name in ("home", "statement", "code/new"):
        assert rig.ask(name, "child") == "consent-needed"
    assert rig.ask("consent", "child", given=True) == "consent-needed"
    assert rig.ask("consent", "mother", holder=CHILD[0], given=True)["consented"]
    assert rig.ask("home", "child")["holder"] == CHILD[0]
    assert rig.ask("consent", "child", given=True) == "not-yours"
    assert not rig.ask("consent", "mother", holder=CHILD[0], given=False)["consented"]
    assert rig.ask("home", "child") == "consent-needed"
    assert rig.ask("lost/report", "child", key=KEY) == {}


def test_one_of_age_lets_see_and_takes_it_back(rig: Rig) -> None:
    sign_in(rig, "grown", GROWN[0])
    assert rig.ask("grant", "grown", person=1, given=True) == "not-yours"  # not of age yet
    rig.later(DAY_S)
    assert rig.ask("home", "mother", holder=GROWN[0]) == "not-yours"
    seen = rig.ask("grant", "grown", person=1, given=True)["guardians"]
    assert [one["granted"] for one in seen] == [True, False]
    assert rig.ask("home", "mother", holder=GROWN[0])["holder"] == GROWN[0]
    assert rig.ask("home", "father", holder=GROWN[0]) == "not-yours"
    rig.ask("grant", "grown", person=1, given=False)
    assert rig.ask("home", "mother", holder=GROWN[0]) == "not-yours"
    assert [one["given"] for one in rig.ask("export", "grown")["words"]] == [True, False]


def test_only_what_is_in_the_statement_is_disputed_and_once(rig: Rig) -> None:
    with rig.site.ledger.database.reading():
        ((card,),) = rig.site.ledger.database.run("SELECT card FROM card ORDER BY label LIMIT 1")
    Ledger(rig.site.ledger).deposit(CardId(bytes(card)), 50_00, "k", rig.now)
    rows = rig.ask("statement", "mother", holder=CHILD[0])["rows"]
    assert rows
    assert rig.ask("dispute", "mother", holder=CHILD[0], key=KEY, entry=2**50, why="no") == "not-yours"
    for entry in [row["entry"] for row in rows[:1]]:
        for _ in range(2):
            found = rig.ask("dispute", "mother", holder=CHILD[0], key=KEY, entry=entry, why="not me")
            assert [one["entry"] for one in found] == [entry]
        assert rig.ask("dispute", "mother", holder=CHILD[0], key=KEY, entry=entry, why="x") == "key-reused"
        assert rig.ask("disputes", "father", holder=CHILD[0]) == []
