"""A finding puts its card on the hotlist where persons have said so, and takes it off when it is explained."""

from cloud.ledger.cards.listing import Why, all_reasons
from cloud.ledger.checks.verify import verify
from cloud.ledger.findings.rows import Kind
from cloud.ledger.ledger import Ledger
from cloud.ledger.read.reader import Reader
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import NOW, Box
from tests.cloud.ledger.findings.test_look import CARD, LATER, looked, raw_keys

BOTH = {Kind.NEGATIVE, Kind.CHAIN}


def listed(ledger: Ledger) -> list[tuple[bytes, Why]]:
    with ledger.database.reading():
        return [(one.card, one.why) for one in all_reasons(ledger.database)]


def told(ledger: Ledger) -> list[str]:
    return [one.code for one in Reader(ledger.database).facts() if "hotlist" in one.code]


def test_without_a_policy_no_card_is_listed(ledger: Ledger, box: Box) -> None:
    raw_keys(box)
    looked(ledger)
    assert listed(ledger) == []


def test_a_finding_of_the_policy_lists_its_card_once(ledger: Ledger, box: Box) -> None:
    assert ledger.set_findings_policy({Kind.NEGATIVE}, "李明", NOW)
    assert not ledger.set_findings_policy({Kind.NEGATIVE, Kind.LOST}, "李明", NOW), "what is lost is listed already"
    raw_keys(box)
    for _ in range(2):
        looked(ledger)
    assert listed(ledger) == [(CARD, Why.FINDING)]
    assert told(ledger) == ["hotlisted", "hotlist-policy"]


def test_who_explains_the_last_of_them_takes_the_card_off(ledger: Ledger, box: Box) -> None:
    ledger.set_findings_policy(BOTH, "李明", NOW)
    raw_keys(box)
    looked(ledger)
    ledger.set_hotlisted(CARD, True, NOW)
    ledger.explain_difference(1, "王芳", "密钥外泄", LATER)
    assert (CARD, Why.FINDING) in listed(ledger)
    ledger.explain_difference(2, "王芳", "密钥外泄", LATER)
    assert listed(ledger) == [(CARD, Why.COMMAND)], "and nobody else's word"
    ledger.set_hotlisted(CARD, False, NOW)
    assert listed(ledger) == []
    assert verify(ledger, c.check_tac).first_broken == ""


def test_a_policy_counts_for_what_is_open_now(ledger: Ledger, box: Box) -> None:
    raw_keys(box)
    looked(ledger)
    ledger.set_findings_policy({Kind.CHAIN}, "李明", NOW)
    assert listed(ledger) == [(CARD, Why.FINDING)]
    ledger.set_findings_policy(set(), "李明", NOW)
    assert listed(ledger) == []
    assert Reader(ledger.database).findings_policy() == frozenset()
