"""Phones' certificates in the books: before they are signed, one phone a card, bounded, ended, told to terminals."""

import pytest

from cloud.fleet.making import Maker
from cloud.ledger.checks.verify import verify
from cloud.ledger.desk.replacing import Wish, report_lost
from cloud.ledger.fleet.documents.door import DocumentLedger
from cloud.ledger.funds.offline.certificates import CARD_MAX, RENEW_S
from cloud.ledger.funds.offline.document import wallets_now
from cloud.ledger.funds.offline.rules import CodeRuleRefused
from cloud.ledger.funds.offline.terms import Against, CodeRule, EndWhy, OfflineRefused
from cloud.ledger.journal.readers import OFFLINE
from cloud.ledger.ledger import Ledger
from cloud.ledger.records.values import Now
from cloud.payments.offline.door import OfflineDoor
from shared.errors import KeyFault
from shared.fleet.document import DocumentKind
from shared.fleet.wallets import Wallets, read_wallets
from shared.keys.offline_code import VALID_MAX_S, decode_certificate, is_certified_phone
from tests.cloud.fleet.documents import Signer
from tests.cloud.ledger import campus as c
from tests.cloud.ledger import phones as p
from tests.cloud.ledger.campus import later

CARD, POOR = c.card(1), c.card(2)
ONE, TWO = p.public(p.phone(1)), p.public(p.phone(2))


@pytest.fixture
def keys() -> p.Keys:
    return p.Keys()


@pytest.fixture
def door(ledger: Ledger, keys: p.Keys) -> OfflineDoor:
    made = p.door_of(ledger, keys)
    made.set_rule(p.RULE, "李", "试行", c.NOW)
    ledger.deposit(CARD, 200_00, "d1", c.NOW)
    return made


def told(ledger: Ledger, now: Now = c.NOW) -> Wallets | None:
    with ledger.database.reading():
        return wallets_now(ledger.database, now.campus_s)


def against(door: OfflineDoor, *asked: object, now: Now = c.NOW) -> Against:
    with pytest.raises(OfflineRefused) as refused:
        door.certify(*asked, now)  # type: ignore[arg-type]  # card, public, key
    return refused.value.why


def test_a_certificate_is_what_a_terminal_believes_and_a_repeat_is_the_same(door: OfflineDoor, keys: p.Keys) -> None:
    first = door.certify(CARD, ONE, "k1", c.NOW)
    found = decode_certificate(first.certificate)
    assert is_certified_phone(found, p.SIGNER.public_key().public_bytes_raw())
    assert (found.phone.card, found.phone.public, found.phone.uses, found.phone.one_fen) == (CARD, ONE, 2, 30_00)
    assert first.is_living(c.NOW.campus_s)
    assert door.certify(CARD, ONE, "k1", c.NOW) == first._replace(again=True)
    assert door.certify(CARD, ONE, "k2", c.NOW) == first._replace(again=True), "the same phone's own is good enough"
    assert keys.signed == 1
    assert against(door, CARD, TWO, "k1") is Against.KEY_REUSED


def test_it_stands_in_the_books_before_anybody_signs_it(door: OfflineDoor, keys: p.Keys, ledger: Ledger) -> None:
    keys.is_away = True
    with pytest.raises(KeyFault):
        door.certify(CARD, ONE, "k1", c.NOW)
    (unsigned,) = door.of_card(CARD, c.NOW)
    assert (unsigned.certificate, unsigned.is_living(c.NOW.campus_s)) == (b"", False)
    keys.is_away = False
    signed = door.certify(CARD, ONE, "k1", c.NOW)
    assert (signed.number, signed.is_living(c.NOW.campus_s)) == (unsigned.number, True)
    assert verify(ledger, c.check_tac).first_broken == ""


def test_whoever_may_not_has_none(ledger: Ledger, keys: p.Keys) -> None:
    door = p.door_of(ledger, keys)
    assert against(door, CARD, ONE, "k") is Against.OFF
    door.set_rule(p.RULE, "李", "", c.NOW)
    assert against(door, c.card(99), ONE, "k") is Against.NO_CARD
    assert against(door, POOR, ONE, "k") is Against.NO_FUNDS
    assert against(door, POOR, b"\2" + b"\xff" * 32, "k") is Against.WRONG_KEY
    assert against(OfflineDoor(ledger.opened, None, bytes), CARD, ONE, "k") is Against.NOT_HERE
    ledger.deposit(POOR, 60_00, "d", c.NOW)
    ledger.set_hotlisted(POOR, True, c.NOW)
    assert against(door, POOR, ONE, "k") is Against.HOTLISTED
    assert (door.of_card(POOR, c.NOW), keys.signed) == ([], 0)


def test_the_newest_phone_takes_over(door: OfflineDoor, ledger: Ledger) -> None:
    old = door.certify(CARD, ONE, "k1", c.NOW)
    new = door.certify(CARD, TWO, "k2", later(seconds=1))
    assert [(one.number, one.ended) for one in door.of_card(CARD, later(seconds=2))] == [
        (new.number, None), (old.number, EndWhy.NEWER_PHONE),
    ]  # fmt: skip
    assert told(ledger) == Wallets(2, 30_00, 500_00, frozenset({old.number}))


def test_a_phone_renews_its_own_and_no_card_has_more_than_the_bound(door: OfflineDoor, ledger: Ledger) -> None:
    first = door.certify(CARD, ONE, "k1", c.NOW)
    soon = later(seconds=VALID_MAX_S - RENEW_S)
    second = door.certify(CARD, ONE, "k2", soon)
    assert second.number != first.number
    assert told(ledger, soon) == Wallets(2, 30_00, 500_00), "a phone's own renewal ends nothing, and fills no list"
    numbers = {door.certify(CARD, p.public(p.phone(n)), f"p{n}", soon).number for n in range(CARD_MAX - 2)}
    assert len(numbers) == CARD_MAX - 2
    assert against(door, CARD, p.public(p.phone(9)), "k9", now=soon) is Against.TOO_MANY
    over = later(seconds=VALID_MAX_S * 2)
    assert door.certify(CARD, p.public(p.phone(9)), "k9", over).is_living(over.campus_s)


def test_a_loss_report_ends_them_and_says_so_to_terminals(door: OfflineDoor, ledger: Ledger) -> None:
    one = door.certify(CARD, ONE, "k1", c.NOW)
    with ledger.opened.writing(later(seconds=5)) as writing:
        report_lost(writing, Wish(b"w" * 16, "李", "0001", "丢了"))
    assert [found.ended for found in door.of_card(CARD, later(seconds=6))] == [EndWhy.LOST]
    assert told(ledger) == Wallets(2, 30_00, 500_00, frozenset({one.number}))
    over = later(seconds=VALID_MAX_S)
    assert told(ledger, over) == Wallets(2, 30_00, 500_00), "over by its time, it need not be named"
    assert verify(ledger, c.check_tac).first_broken == ""


def test_a_card_that_is_listed_for_whatever_reason_stands_there_while_it_is(door: OfflineDoor, ledger: Ledger) -> None:
    one = door.certify(CARD, ONE, "k1", c.NOW)
    ledger.set_hotlisted(CARD, True, c.NOW)
    assert told(ledger) == Wallets(2, 30_00, 500_00, frozenset({one.number}))
    ledger.set_hotlisted(CARD, False, c.NOW)
    assert told(ledger) == Wallets(2, 30_00, 500_00)


def test_a_holder_ends_his_own_and_nobody_elses(door: OfflineDoor) -> None:
    one = door.certify(CARD, ONE, "k1", c.NOW)
    assert [door.end(who, one.number, c.NOW) for who in (POOR, CARD, CARD)] == [False, True, False]
    assert not door.certify(CARD, ONE, "k1", c.NOW).is_living(c.NOW.campus_s), "the key of one that ended gives it back"
    assert door.certify(CARD, ONE, "k2", c.NOW).is_living(c.NOW.campus_s)


def test_a_school_that_never_said_anything_tells_terminals_nothing(ledger: Ledger) -> None:
    door = p.door_of(ledger)
    assert (told(ledger), door.rule().is_on) == (None, False)
    door.set_rule(p.RULE, "李", "", c.NOW)
    door.set_rule(p.RULE, "李", "", c.NOW)
    door.set_rule(CodeRule(), "李", "停", c.NOW)
    assert (told(ledger), door.rule()) == (Wallets(0, 0, 0), CodeRule())
    assert c.rows(ledger, "SELECT id, uses FROM offline_rule ORDER BY id") == [(1, 2), (2, 0)]
    assert c.rows(ledger, "SELECT MAX(least) FROM schema_reader") == [(OFFLINE,)]


def test_terminals_are_told_at_once_and_nothing_while_nothing_changes(door: OfflineDoor, ledger: Ledger) -> None:
    documents, signer = DocumentLedger(ledger.opened), Signer()
    maker = Maker(documents, signer)

    def made(now: Now) -> tuple[int, Wallets]:
        maker.look(documents.versions()[0], now)
        (one,) = [one for one in documents.wanted() if one.document.kind is DocumentKind.WALLETS]
        return one.document.generation, read_wallets(documents.body(one.document))

    assert made(c.NOW) == (1, Wallets(2, 30_00, 500_00))
    one = door.certify(CARD, ONE, "k1", c.NOW)
    assert made(later(seconds=1))[0] == 1, "a certificate that is given out is no news for terminals"
    with ledger.opened.writing(later(seconds=2)) as writing:
        report_lost(writing, Wish(b"w" * 16, "李", "0001", ""))
    assert made(later(seconds=2)) == (2, Wallets(2, 30_00, 500_00, frozenset({one.number})))
    door.set_rule(CodeRule(), "李", "", later(seconds=3))
    assert made(later(seconds=3)) == (3, Wallets(0, 0, 0))
    assert verify(ledger, c.check_tac).first_broken == ""


@pytest.mark.parametrize("campus_dsn", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "rule",
    [
        CodeRule(3, 30_00, 500_00), CodeRule(1, 30_01, 500_00), CodeRule(1, 0, 500_00), CodeRule(1, 30_00, 29_99),
        CodeRule(1, 30_00, 5_000_01), CodeRule(0, 30_00, 500_00), CodeRule(1, 30_00, 500_00, "A b"),
    ],
)  # fmt: skip
def test_no_rule_goes_beyond_what_any_campus_allows(ledger: Ledger, rule: CodeRule) -> None:
    with pytest.raises(CodeRuleRefused):
        p.door_of(ledger).set_rule(rule, "李", "", c.NOW)
