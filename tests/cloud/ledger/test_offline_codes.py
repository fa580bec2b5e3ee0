"""Offline codes in the books: each posted once, to a merchant whole; the holder pays as far as he has money."""

from contextlib import suppress
from random import Random

import pytest

from cloud.ledger.books.chart import CODE_LOSS, code_loss
from cloud.ledger.checks.verify import verify
from cloud.ledger.desk.replacing import Wish, report_lost
from cloud.ledger.funds.bounds import set_bound
from cloud.ledger.funds.offline.bound import Bound, bound
from cloud.ledger.funds.offline.certificates import end_above
from cloud.ledger.funds.offline.taking import uses_where
from cloud.ledger.funds.offline.terms import Against, Beyond, CodeRule, EndWhy, OfflineRefused
from cloud.ledger.journal.readers import OFFLINE
from cloud.ledger.ledger import Ledger
from cloud.ledger.read.told.news import FIRST, news
from cloud.ledger.records.judge import Reason
from cloud.ledger.records.values import Now, Verdict
from cloud.payments.offline.door import Issued, OfflineDoor
from shared.inventory import DeviceKind, DeviceRow, PsamRow
from shared.keys.offline_code import VALID_MAX_S
from shared.online import PaymentResult
from tests.cloud.ledger import campus as c
from tests.cloud.ledger import phones as p
from tests.cloud.ledger.campus import later

CARD, OTHER = c.card(1), c.card(2)
PHONE, THIEF = p.phone(1), p.phone(2)


@pytest.fixture
def door(ledger: Ledger) -> OfflineDoor:
    made = p.door_of(ledger)
    made.set_rule(p.RULE, "李", "", c.NOW)
    ledger.deposit(CARD, 60_00, "d1", c.NOW)
    return made


@pytest.fixture
def issued(door: OfflineDoor) -> Issued:
    return door.certify(CARD, p.public(PHONE), "k1", c.NOW)


def code(seq: int, issued: Issued, use: int = 1, fen: int = 12_00, **changed: object) -> bytes:
    return p.code(seq, issued.number, CARD, PHONE, use, fen, **changed)  # type: ignore[arg-type]


def online(ledger: Ledger) -> int:
    return -c.balances(ledger).get(f"online:{CARD.hex()}", 0)


def lost(ledger: Ledger, account: str = CODE_LOSS.code) -> int:
    return c.balances(ledger).get(account, 0)


def against(ledger: Ledger) -> list[int]:
    with ledger.database.reading():
        return [one.against for one in uses_where(ledger.database, "entry IS NOT NULL")]


def require_true(ledger: Ledger) -> None:
    report = verify(ledger, c.check_tac)
    assert report.ok, report.first_broken


def test_a_code_is_paid_by_its_holders_account_once(ledger: Ledger, issued: Issued, box: c.Box) -> None:
    box.send(code(1, issued))
    box.again()
    assert c.verdicts(ledger) == [(Verdict.POSTED, Reason.NONE)]
    assert (online(ledger), c.merchant(ledger), lost(ledger)) == (48_00, 12_00, 0)
    assert c.purse(ledger, CARD) == c.OPENING, "a card's purse is no account"
    assert c.rows(ledger, "SELECT MAX(least) FROM schema_reader") == [(OFFLINE,)]
    with ledger.database.reading():
        told = [(one.what, one.fen, one.place) for one in news(ledger.database, CARD, FIRST, 5, 10_00)]
    assert told == [("paid", 12_00, "一楼大伙"), ("deposit", 60_00, "")]
    require_true(ledger)


def test_uses_that_the_centre_has_heard_of_are_told_to_the_wallet(
    ledger: Ledger, door: OfflineDoor, issued: Issued, box: c.Box
) -> None:  # fmt: skip
    box.send(code(1, issued, use=2))
    assert door.of_card(CARD, c.NOW)[0].taken == (2,)
    assert door.certify(CARD, p.public(PHONE), "k2", c.NOW).number == issued.number, "one use is left"
    box.send(code(2, issued, use=1))
    ledger.deposit(CARD, 60_00, "d2", c.NOW)
    assert door.certify(CARD, p.public(PHONE), "k3", c.NOW).number != issued.number


def test_what_the_account_has_not_is_the_schools(ledger: Ledger, issued: Issued, box: c.Box) -> None:
    box.send(c.meal(9, "20260001"))  # waits, and moves nothing
    c.pay(ledger, 1, 50_00)
    assert online(ledger) == 10_00
    box.send(code(1, issued, 1, 12_00), code(2, issued, 2, 5_00))
    assert (online(ledger), c.merchant(ledger), lost(ledger)) == (0, 50_00 + 17_00, 7_00)
    assert [one["fen"] for one in c.facts(ledger, "offline-code-short")] == [2_00]
    assert against(ledger) == [Beyond.NOTHING, Beyond.NOTHING]
    require_true(ledger)


def test_one_code_at_two_terminals_is_paid_twice_and_borne_once(ledger: Ledger, issued: Issued, box: c.Box) -> None:
    box.send(code(1, issued))
    box.send(code(1, issued, at=c.POS2, time=c.T0 + 30))
    assert (online(ledger), lost(ledger)) == (48_00, 12_00)
    assert (c.merchant(ledger), c.merchant(ledger, "面点")) == (12_00, 12_00)
    (told,) = c.facts(ledger, "offline-code-twice")
    assert (told["card"], told["stall"], told["use"], told["fen"]) == ("0001", "面点", 1, 12_00)
    assert c.codes(ledger)["offline-code-twice"] == "urgent"
    require_true(ledger)


def test_a_second_use_ends_its_certificate_and_none_is_given_for_three_days(
    ledger: Ledger, door: OfflineDoor, issued: Issued, box: c.Box
) -> None:
    ledger.deposit(CARD, 200_00, "d2", c.NOW)
    box.send(code(1, issued), code(2, issued))
    assert door.of_card(CARD, c.NOW)[0].ended is EndWhy.TWICE
    with pytest.raises(OfflineRefused) as refused:
        door.certify(CARD, p.public(THIEF), "k2", later(seconds=1))
    assert refused.value.why is Against.DOUBTED
    over = later(seconds=VALID_MAX_S)
    assert door.certify(CARD, p.public(PHONE), "k3", over).is_living(over.campus_s)
    require_true(ledger)


def test_what_can_be_shown_stands_beside_what_is_at_risk(
    ledger: Ledger, door: OfflineDoor, issued: Issued, box: c.Box
) -> None:
    """Two uses of ¥30; one terminal has not been heard for an hour, and takes ¥40 a day."""
    assert risk(ledger, []) == Bound(1, 60_00)
    assert risk(ledger, [3600]) == Bound(1, 60_00 + 60_00)
    door.set_rule(p.RULE._replace(day_fen=30_00), "李", "", c.NOW)
    assert risk(ledger, [3600]) == Bound(1, 60_00 + 60_00), "a silent one may follow the rule of before"
    box.send(code(1, issued))
    assert risk(ledger, [3600, 3600]) == Bound(1, 30_00 + 2 * 30_00)
    door.end(CARD, issued.number, c.NOW)
    assert risk(ledger, [3600]) == Bound(0, 30_00), "it has not heard that it ended"
    assert risk(ledger, [], later(seconds=VALID_MAX_S)) == Bound(0, 0)
    assert risk(ledger, [3600], later(seconds=VALID_MAX_S + 7200)) == Bound(0, 0)


def risk(ledger: Ledger, silent: list[int], now: Now = c.NOW) -> Bound:
    with ledger.database.reading():
        return bound(ledger.database, [now.campus_s - one for one in silent], now.campus_s)


def test_a_terminal_that_takes_more_in_a_day_than_was_ever_allowed_is_told(
    ledger: Ledger, door: OfflineDoor, issued: Issued, box: c.Box
) -> None:
    """No honest one does: its merchant would live by the school's losses."""
    box.send(*(code(n, issued, fen=30_00) for n in range(1, 34)))
    assert "offline-code-day" not in c.codes(ledger)
    box.send(code(34, issued, fen=30_00))
    assert [(one["stall"], one["fen"]) for one in c.facts(ledger, "offline-code-day")] == [("一楼大伙", 1_020_00)]


def test_a_named_bearer_bears_it(ledger: Ledger, door: OfflineDoor, issued: Issued, box: c.Box) -> None:
    door.set_rule(p.RULE._replace(bearer="logistics"), "李", "后勤", c.NOW)
    box.send(code(1, issued), code(2, issued, at=c.POS))
    assert (lost(ledger), lost(ledger, code_loss("logistics").code)) == (0, 12_00)
    door.set_rule(CodeRule(), "李", "停用", c.NOW)
    box.send(code(3, issued))  # it was on its way
    assert (lost(ledger), lost(ledger, code_loss("logistics").code)) == (0, 24_00)
    require_true(ledger)


def test_a_holders_own_bound_of_a_day_holds_for_codes_too(
    ledger: Ledger, door: OfflineDoor, issued: Issued, box: c.Box
) -> None:  # fmt: skip
    box.send(code(1, issued))
    with ledger.opened.writing(c.NOW) as writing:
        set_bound(writing, "a", CARD, 20_00, "wallet:1")
        assert end_above(writing, CARD, 60_00, "wallet:1") == 0
        assert end_above(writing, CARD, 20_00, "wallet:1") == 1
    assert door.of_card(CARD, c.NOW)[0].ended is EndWhy.HOLDER
    assert c.pay(ledger, 1, 8_01).result is PaymentResult.OVER_LIMIT, "12.00 of 20.00 were paid by a code"
    assert c.pay(ledger, 2, 8_00).result is PaymentResult.APPROVED
    ledger.deposit(CARD, 60_00, "d2", c.NOW)
    with pytest.raises(OfflineRefused) as refused:
        door.certify(CARD, p.public(PHONE), "k2", c.NOW)
    assert refused.value.why is Against.BOUND
    require_true(ledger)


@pytest.mark.parametrize("campus_dsn", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"use": 3}, Beyond.USES),
        ({"fen": 30_01}, Beyond.SUM),
        ({"time": c.T0 - 121}, Beyond.TIME),
        ({"time": c.T0 - 120 + VALID_MAX_S}, Beyond.TIME),
        ({"time": c.T0 - 121 + VALID_MAX_S}, Beyond.NOTHING),
        ({"fen": 30_00}, Beyond.NOTHING),
    ],
)
def test_what_goes_beyond_its_certificate_is_borne_whole(
    ledger: Ledger, issued: Issued, box: c.Box, changed: dict[str, int], why: Beyond
) -> None:
    box.send(code(1, issued, **changed), now=later(seconds=VALID_MAX_S))
    fen = changed.get("fen", 12_00)
    assert against(ledger) == [why]
    assert (c.merchant(ledger), lost(ledger)) == (fen, fen if why else 0)
    assert [one["why"] for one in c.facts(ledger, "offline-code-beyond")] == ([why.word] if why else [])
    require_true(ledger)


def test_what_was_on_its_way_when_it_ended_is_the_holders(
    ledger: Ledger, door: OfflineDoor, issued: Issued, box: c.Box
) -> None:  # fmt: skip
    with ledger.opened.writing(later(seconds=100)) as writing:
        report_lost(writing, Wish(b"w" * 16, "李", "0001", "丢了"))
    assert door.of_card(CARD, later(seconds=100))[0].ended is EndWhy.LOST
    box.send(code(1, issued, time=c.T0 + 99), now=later(seconds=200))
    box.send(code(2, issued, use=2, time=c.T0 + 100), now=later(seconds=200))
    assert (online(ledger), lost(ledger), against(ledger)) == (48_00, 12_00, [Beyond.NOTHING, Beyond.ENDED])
    require_true(ledger)


def test_a_card_that_was_listed_then_pays_nothing(ledger: Ledger, issued: Issued, box: c.Box) -> None:
    ledger.set_hotlisted(CARD, True, later(seconds=100))
    box.send(code(1, issued, time=c.T0 + 99), code(2, issued, use=2, time=c.T0 + 100), now=later(seconds=200))
    assert (online(ledger), against(ledger)) == (48_00, [Beyond.NOTHING, Beyond.LISTED])
    ledger.set_hotlisted(CARD, False, later(seconds=300))
    require_true(ledger)


def test_a_card_that_was_exchanged_meanwhile_pays_by_the_new_ones_account(
    ledger: Ledger, issued: Issued, box: c.Box
) -> None:
    ledger.deposit(OTHER, 20_00, "d2", c.NOW)
    with ledger.opened.writing(later(seconds=100)) as writing:
        life = [(CARD, 2, OTHER, None, later(seconds=100).unix_ms)]
        writing.db.upsert("card_life", "card, state, successor, card_class, since_ms", "card", life)
    box.send(code(1, issued), now=later(seconds=200))
    assert (online(ledger), c.balances(ledger)[f"online:{OTHER.hex()}"], lost(ledger)) == (60_00, -8_00, 0)
    require_true(ledger)


def test_what_proves_nothing_is_told_and_moves_nothing(ledger: Ledger, issued: Issued, box: c.Box) -> None:
    box.send(
        code(1, issued, signed_by=c.POS2),
        p.code(2, issued.number, CARD, THIEF),
        p.code(3, issued.number, OTHER, PHONE),
        p.code(4, 4711, CARD, PHONE),
    )
    quarantined = [Reason.CODE_MAC, Reason.CODE_SIGNATURE, Reason.CODE_UNKNOWN, Reason.CODE_UNKNOWN]
    assert c.verdicts(ledger) == [(Verdict.QUARANTINED, reason) for reason in quarantined]
    (told,) = c.facts(ledger, "offline-code-unproven")
    assert (told["reason"], told["times"]) == ("code-signature", 3)
    assert (c.merchant(ledger), online(ledger)) == (0, 60_00)
    require_true(ledger)


def test_a_terminal_that_nobody_knows_waits_until_it_is_registered(ledger: Ledger, issued: Issued, box: c.Box) -> None:
    new = c.device(5)
    box.send(code(1, issued, at=new))
    assert c.verdicts(ledger) == [(Verdict.SUSPENSE, Reason.DEVICE_UNKNOWN)]
    assert (online(ledger), "offline-code-waits" in c.codes(ledger)) == (60_00, True)
    require_true(ledger)
    known = c.inventory()
    row = DeviceRow(new, DeviceKind.POS, c.BOX, "pos-05", "5号窗口", "面点")
    chips = (*known.psams, PsamRow(c.psam(5), new, c.ISSUED))
    ledger.import_inventory(c.inventory(number=2, devices=(*known.devices, row), psams=chips), c.NOW)
    ledger.find_differences(c.NOW)
    assert (c.merchant(ledger, "面点"), online(ledger), against(ledger)) == (12_00, 48_00, [Beyond.NOTHING])
    require_true(ledger)


def test_codes_that_wait_for_ever_keep_none_behind_them(
    ledger: Ledger, issued: Issued, box: c.Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cloud.ledger.funds.offline.taking.WAITING_MAX", 1)
    strange, new = c.device(6), c.device(5)
    box.send(code(1, issued, at=strange), code(1, issued, use=2, at=new))
    known = c.inventory()
    row = DeviceRow(new, DeviceKind.POS, c.BOX, "pos-05", "5号窗口", "面点")
    chips = (*known.psams, PsamRow(c.psam(5), new, c.ISSUED))
    ledger.import_inventory(c.inventory(number=2, devices=(*known.devices, row), psams=chips), c.NOW)
    for fen in (0, 12_00):
        ledger.find_differences(c.NOW)
        assert c.merchant(ledger, "面点") == fen
    require_true(ledger)


EDITS: dict[str, str] = {
    "a sum": "UPDATE code_use SET fen = fen + 1 WHERE id = 1",
    "who bore it": "UPDATE code_use SET borne_fen = 0 WHERE id = 2",
    "why": "UPDATE code_use SET against = 5 WHERE id = 2",
    "a use": "UPDATE code_use SET use = 2 WHERE id = 1",
    "gone": "DELETE FROM code_use WHERE id = 1",
    "its certificate": "UPDATE phone_certificate SET one_fen = 1 WHERE number = 77",
    "its end": "UPDATE phone_certificate SET ended_why = 2, ended_s = 1 WHERE number = 77",
    "its phone": "UPDATE phone_certificate SET public = card WHERE number = 77",
}


@pytest.mark.parametrize("campus_dsn", ["sqlite"], indirect=True)
@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
def test_an_edited_row_is_named(ledger: Ledger, issued: Issued, box: c.Box, edit: str) -> None:
    box.send(code(1, issued), code(2, issued))
    require_true(ledger)
    with ledger.database.writing():
        ledger.database.run(edit)
    report = verify(ledger, c.check_tac)
    assert report.first_broken.startswith(("offline-codes", "keys", "meals")), report.first_broken


def test_any_order_of_codes_charges_each_use_once(ledger: Ledger, door: OfflineDoor) -> None:
    random = Random(17)
    for turn in range(30):
        if random.random() < 0.3:
            ledger.deposit(CARD, random.randrange(1, 70_00), f"r{turn}", later(seconds=turn))
        key = p.phone(random.randrange(3))
        found = [one for one in door.of_card(CARD, later(seconds=turn)) if one.public == p.public(key)]
        if not found and online(ledger) >= 60_00:
            with suppress(OfflineRefused):
                door.certify(CARD, p.public(key), f"k{turn}", later(seconds=turn))
        if found:
            use, at = random.randrange(1, 4), random.choice([c.POS, c.POS2])
            raw = p.code(
                turn + 1, found[0].number, CARD, key, use, random.randrange(1, 31_00), at=at, time=c.T0 + turn
            )
            c.Box(ledger, row=turn * 10, sent=[]).send(raw, now=later(seconds=turn + 1))
    with ledger.database.reading():
        uses = uses_where(ledger.database, "id > 0")
    paid = [(one.certificate, one.use) for one in uses if not one.against]
    assert len(paid) == len(set(paid))
    assert online(ledger) >= 0
    assert lost(ledger) == sum(one.borne_fen for one in uses)
    require_true(ledger)
