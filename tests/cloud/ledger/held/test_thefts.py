"""A stolen PSAM in the books: the card side always posts, the merchant side waits from the last settled record on."""

import pytest

from cloud.ledger.checks.verify import verify
from cloud.ledger.held.thefts import Report, TheftRefused
from cloud.ledger.ledger import Ledger, open_ledger
from cloud.ledger.read.reader import Reader
from shared.errors import RuleBroken
from shared.online import LoadResult
from shared.records import Kind
from shared.wire.messages import BoxState, EpochRequest, Revocations, revocations_mark
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import Box

REPORT = Report(c.psam(1), body=False, since_s=c.T0 - 3600, who="王五", reason="窗口被撬")
BODY = REPORT._replace(body=True)
HELD, STOLEN, POSTED = 2, 6, 1


def buy(ledger: Ledger, box: Box, *seqs: int, at: bytes = c.POS, time: int = c.T0, chip: bytes | None = None) -> None:
    """Record n is of card n's purchase n over n yuan."""
    records = [
        c.purchase(n, c.card(n), 1, 100 * n, c.OPENING, at=at, time=time, chip=chip or c.psam(at[-1])) for n in seqs
    ]
    box.send(*(c.stored(record, at=at, chip=chip or c.psam(at[-1])) for record in records))


def theft(ledger: Ledger):
    (view,) = Reader(ledger.database).theft_views(c.psam(1))
    return view


def ok(ledger: Ledger) -> None:
    assert verify(ledger, c.check_tac).first_broken == ""


def test_later_records_post_their_card_side_and_hold_the_merchant_side(ledger: Ledger, box: Box) -> None:
    buy(ledger, box, 1, 2)
    assert ledger.psam_stolen(REPORT, c.NOW) == (1, False)
    buy(ledger, box, 3, 4)
    assert c.verdicts(ledger) == [(POSTED, 0)] * 2 + [(HELD, STOLEN)] * 2
    assert (c.merchant(ledger), c.held(ledger)) == (300, 700)
    assert [c.purse(ledger, c.card(n)) for n in (1, 3)] == [c.OPENING - 100, c.OPENING - 300]
    assert c.codes(ledger)["stolen-used"] == "urgent"
    ok(ledger)


def test_a_late_record_below_a_gap_is_held_though_others_above_are_settled(ledger: Ledger, box: Box) -> None:
    buy(ledger, box, 1, 3)
    ledger.psam_stolen(REPORT, c.NOW)
    buy(ledger, box, 2)
    assert c.verdicts(ledger)[-1] == (HELD, STOLEN)
    assert theft(ledger).settled[0].mark == (1, ((3, 3),))


def test_a_time_before_the_theft_is_the_word_of_whoever_has_the_body(ledger: Ledger, box: Box) -> None:
    ledger.psam_stolen(REPORT, c.NOW)
    buy(ledger, box, 1, time=REPORT.since_s - 1)
    assert c.verdicts(ledger) == [(HELD, STOLEN)]


def test_what_was_settled_comes_again_and_stays(ledger: Ledger, box: Box) -> None:
    buy(ledger, box, 1, 2)
    ledger.psam_stolen(REPORT, c.NOW)
    box.again()
    assert c.merchant(ledger) == 300
    assert c.held(ledger) == 0
    ok(ledger)


def test_the_psam_in_another_body_and_the_body_with_another_psam(ledger: Ledger, box: Box) -> None:
    ledger.psam_stolen(REPORT, c.NOW)
    buy(ledger, box, 1, at=c.POS2, chip=c.psam(1))
    buy(ledger, box, 2, at=c.POS, chip=c.psam(2))
    assert c.verdicts(ledger) == [(HELD, STOLEN), (HELD, 4)], "with another PSAM it is merely moved"
    ledger.psam_stolen(BODY, c.NOW)
    buy(ledger, box, 3, at=c.POS, chip=c.psam(2))
    assert c.verdicts(ledger)[-1] == (HELD, STOLEN)
    ok(ledger)


def test_others_sell_on(ledger: Ledger, box: Box) -> None:
    ledger.psam_stolen(BODY, c.NOW)
    buy(ledger, box, 1, at=c.POS2)
    assert c.verdicts(ledger) == [(POSTED, 0)]


def test_a_psam_of_no_body_can_be_stolen_from_the_stock(ledger: Ledger, box: Box) -> None:
    ledger.psam_stolen(REPORT._replace(psam=c.psam(77)), c.NOW)
    buy(ledger, box, 1, chip=c.psam(77))
    assert c.verdicts(ledger) == [(HELD, STOLEN)]
    (view,) = Reader(ledger.database).theft_views(c.psam(77))
    assert (view.body, view.held) == (b"", (1, 100))


def test_the_same_report_again_is_success_and_changes_nothing(ledger: Ledger) -> None:
    assert ledger.psam_stolen(REPORT, c.NOW) == (1, False)
    assert ledger.psam_stolen(REPORT._replace(who="赵六", since_s=1), c.NOW) == (1, True)
    assert len(Reader(ledger.database).thefts()) == 1
    assert ledger.psam_stolen(BODY, c.NOW) == (2, False), "and the body, too, is news"
    assert ledger.psam_stolen(BODY, c.NOW) == ledger.psam_stolen(REPORT, c.NOW) == (2, True)
    assert Reader(ledger.database).revocations() == Revocations(2, (c.psam(1),), (c.POS,))


@pytest.mark.parametrize("wrong", [{"who": " "}, {"reason": ""}, {"who": "x" * 65}, {"reason": "x" * 201}])
def test_a_report_is_signed_and_says_why(ledger: Ledger, wrong: dict[str, str]) -> None:
    with pytest.raises(TheftRefused):
        ledger.psam_stolen(REPORT._replace(**wrong), c.NOW)
    assert Reader(ledger.database).thefts() == []


def test_found_again_it_sells_and_what_is_held_stays_held(ledger: Ledger, box: Box) -> None:
    ledger.psam_stolen(REPORT, c.NOW)
    buy(ledger, box, 1)
    assert ledger.psam_found(c.psam(1), "王五", "在抽屉里", c.NOW) == (2, False)
    assert ledger.psam_found(c.psam(1), "王五", "在抽屉里", c.NOW) == (2, True)
    buy(ledger, box, 2)
    assert c.verdicts(ledger) == [(HELD, STOLEN), (POSTED, 0)]
    assert (c.merchant(ledger), c.held(ledger)) == (200, 100)
    assert theft(ledger).held == (1, 100)
    assert Reader(ledger.database).revocations() == Revocations(2)
    ok(ledger)


def test_stolen_again_after_it_was_found(ledger: Ledger, box: Box) -> None:
    ledger.psam_stolen(REPORT, c.NOW)
    buy(ledger, box, 1)
    ledger.psam_found(c.psam(1), "王五", "在抽屉里", c.NOW)
    buy(ledger, box, 2)
    assert ledger.psam_stolen(REPORT, c.NOW) == (3, False)
    buy(ledger, box, 3)
    assert [verdict for verdict, _ in c.verdicts(ledger)] == [HELD, POSTED, HELD]
    newest, oldest = Reader(ledger.database).theft_views(c.psam(1))
    assert (newest.held, oldest.held) == ((1, 300), (1, 100))
    ok(ledger)


def test_nothing_is_found_that_was_not_stolen(ledger: Ledger) -> None:
    with pytest.raises(TheftRefused):
        ledger.psam_found(c.psam(1), "王五", "在抽屉里", c.NOW)


def test_a_grey_record_that_evidence_decides_after_the_theft_is_held(ledger: Ledger, box: Box) -> None:
    grey = c.purchase(1, c.card(1), 1, 250, c.OPENING, kind=Kind.UNPROVEN)
    ledger.psam_stolen(REPORT, c.NOW)
    box.send(c.stored(grey))
    box.send(c.stored(c.purchase(1, c.card(1), 2, 100, c.OPENING - 250, at=c.POS2), at=c.POS2))
    assert (c.merchant(ledger), c.held(ledger), c.merchant(ledger, "面点")) == (0, 250, 100)
    assert theft(ledger).held == (1, 250)
    ok(ledger)


def test_what_evidence_held_and_a_proof_withdrew_is_counted_once(ledger: Ledger, box: Box) -> None:
    ledger.psam_stolen(REPORT, c.NOW)
    box.send(c.stored(c.purchase(1, c.card(1), 1, 250, c.OPENING, kind=Kind.UNPROVEN)))
    box.send(c.stored(c.purchase(1, c.card(1), 2, 100, c.OPENING - 250, at=c.POS2), at=c.POS2))
    box.send(c.stored(c.purchase(2, c.card(1), 1, 250, c.OPENING, kind=Kind.RECOVERED, linked=1, ttn=1)))
    assert 5 in c.entry_kinds(ledger), "evidence was withdrawn"
    assert (c.held(ledger), theft(ledger).held) == (250, (1, 250))
    ok(ledger)


def test_a_grey_record_that_was_settled_before_stays_with_the_merchant(ledger: Ledger, box: Box) -> None:
    box.send(c.stored(c.purchase(1, c.card(1), 1, 250, c.OPENING, kind=Kind.UNPROVEN)))
    ledger.psam_stolen(REPORT, c.NOW)
    box.send(c.stored(c.purchase(1, c.card(1), 2, 100, c.OPENING - 250, at=c.POS2), at=c.POS2))
    assert (c.merchant(ledger), c.held(ledger)) == (250, 0)
    ok(ledger)


def test_a_quarantined_record_of_before_is_posted_to_the_merchant_when_its_card_is_known(
    ledger: Ledger, box: Box
) -> None:
    buy(ledger, box, 9)
    ledger.psam_stolen(REPORT, c.NOW)
    buy(ledger, box, 10)
    ledger.import_inventory(c.inventory(cards=10, number=2), c.NOW)
    assert ledger.rejudge(c.check_tac, c.NOW).posted == 2
    assert (c.merchant(ledger), c.held(ledger)) == (900, 1000)
    assert theft(ledger).held == (1, 1000)
    ok(ledger)


def test_it_gets_no_epoch_and_no_load(ledger: Ledger) -> None:
    ledger.deposit(c.card(1), 5000, "d", c.NOW)
    asked = EpochRequest(1, c.LOADER, b"storage1", c.psam(9), 0)  # type: ignore[arg-type]
    assert ledger.assign_epoch(c.BOX, asked, c.NOW).epoch == 1
    request, load = c.load_request(c.card(1), 1, 500, c.OPENING, request=1)
    ledger.psam_stolen(REPORT._replace(psam=c.psam(9)), c.NOW)
    answer = ledger.assign_epoch(c.BOX, asked, c.NOW)
    assert (answer.epoch, answer.reason) == (0, "revoked")
    decision = ledger.load_authorise(c.BOX, request, load, True, c.NOW)
    assert decision.result is LoadResult.WRONG_DEVICE


def test_a_load_that_was_granted_before_posts_after(ledger: Ledger, box: Box) -> None:
    ledger.deposit(c.card(1), 5000, "d", c.NOW)
    request, load = c.load_request(c.card(1), 1, 500, c.OPENING, request=1)
    assert ledger.load_authorise(c.BOX, request, load, True, c.NOW).result is LoadResult.GRANTED
    ledger.psam_stolen(REPORT._replace(psam=c.psam(9)), c.NOW)
    box.send(c.stored(c.load(1, c.card(1), 1, 500, c.OPENING, request=1)))
    assert c.purse(ledger, c.card(1)) == c.OPENING + 500
    ok(ledger)


def test_another_ledger_over_the_same_database_knows_it(ledger: Ledger, box: Box, campus_dsn: str) -> None:
    other = open_ledger(campus_dsn)
    other.psam_stolen(REPORT, c.NOW)
    other.close()
    buy(ledger, box, 1)
    assert c.verdicts(ledger) == [(HELD, STOLEN)]


def test_what_is_told_of_it(ledger: Ledger, box: Box) -> None:
    buy(ledger, box, 1, time=REPORT.since_s - 1)
    buy(ledger, box, 2, 3, time=REPORT.since_s)
    ledger.psam_stolen(BODY, c.NOW)
    buy(ledger, box, 4)
    box.send(c.stored(c.purchase(5, c.card(4), 2, 50, c.OPENING - 400, time=c.T0 + 60)))
    view = theft(ledger)
    assert (view.body, view.terminal, view.box, view.place, view.merchant) == (
        c.POS, "pos-01", c.BOX, "1号窗口", "一楼大伙",
    )  # fmt: skip
    assert [(row.terminal, row.epoch, row.mark) for row in view.settled] == [("pos-01", 1, (3, ()))]
    assert (view.doubtful, view.held) == ((2, 500), (2, 450))
    first = view.cards[0]
    assert (first.label, first.records, first.fen, first.held_records, first.held_fen) == ("0004", 2, 450, 2, 450)
    assert (first.first_s, first.last_s) == (c.T0, c.T0 + 60)
    assert [card.label for card in view.cards[1:]] == ["0003", "0002"]


def state(box: str = c.BOX, mark: tuple[int, int] = (0, 0), *, online: bool = True) -> BoxState:
    return BoxState(box, c.STORE, 77, online, 0, 1000, 0, 0, 0, (), mark)  # type: ignore[arg-type]


def words(ledger: Ledger) -> list[tuple[str, int, bool, bool]]:
    found = Reader(ledger.database).box_words()
    return [(word.box, word.version, word.confirmed, word.ahead) for word in found]


def test_a_box_has_confirmed_when_it_tells_that_it_holds_the_very_list(ledger: Ledger) -> None:
    ledger.psam_stolen(REPORT, c.NOW)
    mark = revocations_mark(ledger.revocations)
    assert words(ledger) == [(c.BOX, 0, False, False), (c.OTHER_BOX, 0, False, False)]
    ledger.store_state(c.BOX, state(mark=mark), 80)
    ledger.store_state(c.OTHER_BOX, state(c.OTHER_BOX, (mark[0], mark[1] ^ 1)), 80)
    assert words(ledger) == [(c.BOX, 1, True, False), (c.OTHER_BOX, 1, False, True)]
    assert c.codes(ledger)["revocations-behind"] == "urgent"


def test_the_last_will_of_a_box_takes_back_nothing(ledger: Ledger) -> None:
    ledger.psam_stolen(REPORT, c.NOW)
    mark = revocations_mark(ledger.revocations)
    ledger.store_state(c.BOX, state(mark=mark), 80)
    ledger.store_state(c.BOX, state(online=False), 81)
    assert words(ledger)[0] == (c.BOX, 1, True, False)
    ledger.store_state(c.BOX, state(mark=mark), 82)
    ledger.store_state(c.BOX, state(online=False)._replace(store=c.OTHER_STORE), 83)
    assert words(ledger)[0] == (c.BOX, 0, False, False), "another store has begun without it"


def test_a_ledger_that_was_put_back_numbers_its_list_above_what_boxes_hold(ledger: Ledger) -> None:
    ledger.store_state(c.BOX, state(mark=(7, 123)), 80)
    assert c.codes(ledger)["revocations-behind"] == "urgent"
    assert ledger.psam_stolen(REPORT, c.NOW) == (8, False)
    ledger.store_state(c.OTHER_BOX, state(c.OTHER_BOX, (8, 99)), 81)
    assert ledger.psam_stolen(REPORT, c.NOW) == (9, True), "said again, it goes above once more"
    assert Reader(ledger.database).revocations() == Revocations(9, (c.psam(1),))
    assert ledger.psam_stolen(REPORT, c.NOW) == (9, True)


def test_reports_are_never_edited(ledger: Ledger, box: Box) -> None:
    buy(ledger, box, 1)
    ledger.psam_stolen(REPORT, c.NOW)
    for sql in ("DELETE FROM revocation", "UPDATE revocation_mark SET cumulative = 99"):
        with pytest.raises(RuleBroken), ledger.database.writing():
            ledger.database.run(sql)


def test_verify_names_what_reached_a_merchant_after_the_theft(ledger: Ledger, box: Box) -> None:
    buy(ledger, box, 1)
    ledger.psam_stolen(REPORT, c.NOW)
    ledger.opened.picture.registry.stolen = type(ledger.opened.picture.registry.stolen)()  # somebody forgets to ask
    buy(ledger, box, 2)
    broken = [check.broken for check in verify(ledger, c.check_tac).checks if check.name == "thefts"]
    assert broken == ["entry 10: 000100000001/1/2 of a stolen PSAM has reached the merchant"]
