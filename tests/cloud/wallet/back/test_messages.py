"""Messages: from the books and the file of people, page by page, each person with a mark of his own."""

from pathlib import Path

from cloud.ledger.findings.found import Seen, What, add
from cloud.ledger.ledger import Ledger
from cloud.payments.disputes.rows import answer
from cloud.payments.pins import keep_pin_deed, pin_deeds
from cloud.process.settings import PEOPLE_FILE
from cloud.store.db import open_database
from cloud.wallet.people.codes import send_code, unsent
from cloud.wallet.people.records.marks import told_below
from cloud.wallet.people.sessions import Way, open_session
from shared.ids import CardId
from tests.cloud.wallet.rig import CHILD, FATHER, GROWN, MOTHER, Rig, add_child

KEY = "00" * 16
DAY_S = 86_400


def card_of(rig: Rig) -> CardId:
    with rig.site.ledger.database.reading():
        ((card,),) = rig.site.ledger.database.run("SELECT card FROM card ORDER BY label LIMIT 1")
    return CardId(bytes(card))


def told(rig: Rig, who: str = "mother") -> list[str]:
    rows = rig.ask("messages", who, holder=CHILD[0])["rows"]
    assert [row["at_ms"] for row in rows] == sorted((row["at_ms"] for row in rows), reverse=True)
    return [row["what"] for row in rows]


def test_deposit_loss_finding_and_answer_are_told_newest_first_and_each_reads_for_himself(rig: Rig) -> None:
    card = card_of(rig)
    Ledger(rig.site.ledger).deposit(card, 50_00, "k", rig.now)
    rig.later(1)
    assert rig.ask("lost/report", "father", holder=CHILD[0], key=KEY, why="") == {}
    rig.later(1)
    with rig.site.ledger.writing(rig.now) as writing:
        add(writing, Seen(card, 0, What.JUMPED, 5, None))
    rig.later(1)
    entry = next(row["entry"] for row in rig.ask("statement", "mother", holder=CHILD[0])["rows"] if row["fen"] == 50_00)
    rig.ask("dispute", "mother", holder=CHILD[0], key=KEY, entry=entry, why="not me")
    with rig.site.people.writing():
        answer(rig.site.people, 1, "refund", "商户已退", "王芳", rig.now.unix_ms)
    assert told(rig)[:4] == ["answer", "finding", "lost", "deposit"]
    lost = rig.ask("messages", "mother", holder=CHILD[0])["rows"][2]
    assert "Lin" in lost["en"]
    assert rig.ask("home", "mother", holder=CHILD[0])["unread"] == len(told(rig))
    rig.ask("messages/read", "mother", holder=CHILD[0], upto_ms=rig.now.unix_ms)
    assert rig.ask("home", "mother", holder=CHILD[0])["unread"] == 0
    assert rig.ask("home", "father", holder=CHILD[0])["unread"] > 0
    rig.ask("messages/read", "mother", holder=CHILD[0], upto_ms=0)
    assert rig.ask("home", "mother", holder=CHILD[0])["unread"] == 0


def test_pages_follow_each_other_without_a_gap_or_a_repeat(rig: Rig) -> None:
    card, ledger = card_of(rig), Ledger(rig.site.ledger)
    for n in range(40):
        ledger.deposit(card, 100 + n, f"k{n}", rig.now)
    seen: list[int] = []
    place = None
    while place != "":
        page = rig.ask("messages", "mother", holder=CHILD[0], **({"before": place} if place else {}))
        seen += [row["fen"] for row in page["rows"] if row["what"] == "deposit"]
        place = page["next"]
    assert sorted(seen) == [100 + n for n in range(40)]
    for wrong in ("1.2", "1.2.x", "-1.2.3", "9" * 70, "1.2.3.4", "²³.1.1"):
        assert rig.ask("messages", "mother", holder=CHILD[0], before=wrong) == "argument"


def test_payments_are_told_from_the_sum_on_that_he_wants(rig: Rig) -> None:
    assert rig.ask("messages/above", "mother", holder=CHILD[0], fen=20_00)["above_fen"] == 20_00
    assert rig.ask("messages", "father", holder=CHILD[0])["above_fen"] == 0
    assert rig.ask("messages/above", "mother", holder="2026999", fen=1) == "not-yours"


def test_a_low_balance_is_told_to_who_wants_it(rig: Rig) -> None:
    assert rig.ask("messages/below", "mother", holder=CHILD[0], fen=20_00)["below_fen"] == 20_00
    rig.later(5)
    rig.ask("messages/below", "mother", holder=CHILD[0], fen=20_00)  # the same wish counts from its first word on
    with rig.site.people.reading():
        assert told_below(rig.site.people, 1, CHILD[0]) == (20_00, rig.now.unix_ms - 5000)
    assert rig.ask("messages", "father", holder=CHILD[0])["below_fen"] == 0
    assert rig.ask("messages/below", "mother", holder="2026999", fen=1) == "not-yours"


def test_a_new_device_is_told_to_its_owner_and_of_a_minor_to_guardians_behind_a_consent(rig: Rig) -> None:
    add_child(rig, 1)
    assert "signed-in" not in told(rig)  # the first one of each
    with rig.site.people.writing():
        rig.later(1)
        for person in (1, 3):
            for agent in ("a phone", "another 1.0", "another 2.0"):
                open_session(rig.site.people, person, "10.0.0.9", agent, rig.now.unix_ms, way=Way.CODE)
    assert told(rig).count("signed-in") == 1
    assert told(rig, "father").count("signed-in") == 0
    assert told(rig).count("child-signed-in") == 0
    rig.ask("consent", "father", holder=CHILD[0], given=True)
    assert (told(rig).count("child-signed-in"), told(rig, "father").count("child-signed-in")) == (1, 1)
    assert told(rig, "child").count("signed-in") == 1
    assert "signed-in" not in [row["what"] for row in rig.ask("messages", "mother", holder=GROWN[0])["rows"]]


def test_another_pin_is_told_once_however_often_a_desk_says_so(rig: Rig, tmp_path: Path) -> None:
    card, kept = card_of(rig), open_database(str(tmp_path / PEOPLE_FILE))
    for _ in range(2):
        keep_pin_deed(tmp_path, b"order", card, "pin-reload", rig.now.unix_ms)
    with kept.reading():
        assert pin_deeds(kept, card, 9) == [(rig.now.unix_ms, "pin-reload")]
    kept.close()
    keep_pin_deed(tmp_path / "no wallet", b"order", card, "pin-reload", 1)
    with rig.site.people.writing():
        rig.site.people.insert("pin_deed", "id, card, deed, at_ms", [(b"x", card, "pin-unblock", rig.now.unix_ms)])
    assert told(rig).count("pin-unblock") == 1


def test_consent_is_wanted_until_it_is_given(rig: Rig) -> None:
    assert "privacy" in [one["page"] for one in rig.ask("messages", "mother", holder=CHILD[0])["wanted"]]
    rig.ask("consent", "mother", holder=CHILD[0], given=True)
    assert "privacy" not in [one["page"] for one in rig.ask("messages", "mother", holder=CHILD[0])["wanted"]]


def test_a_loss_is_texted_to_holder_and_guardians_once_but_not_to_who_reports_it(rig: Rig) -> None:
    for _ in range(2):
        assert rig.ask("lost/report", "mother", holder=CHILD[0], key=KEY) == {}
    with rig.site.people.writing():
        send_code(rig.site.people, "sign-in", MOTHER, rig.now.unix_ms, really=True)
        waits = unsent(rig.site.people, rig.now.unix_ms)
    assert [one.phone for one in waits] == [MOTHER, FATHER]  # a code goes first: it is over sooner
    assert CHILD[1] in waits[1].text
    rig.later(DAY_S)
    assert rig.ask("lost/report", "mother", holder=GROWN[0], key="22" * 16) == {}  # of age from today on
    with rig.site.people.writing():
        assert unsent(rig.site.people, rig.now.unix_ms) == []
