"""The cutter does cut, and sees planted mistakes; that nothing is unexplained at any point is test_points.py's."""

from dataclasses import replace

import pytest

from cloud.ledger.books.entry import EntryKind
from cloud.ledger.loads import cases as load_cases
from cloud.ledger.receive import authorise
from edge.terminal.store.voids import Voids
from edge.terminal.taps.gate import Gate
from tests.sim.world import Violation
from tests.torn import bank, behind, mixed, rides
from tests.torn.__main__ import _sample
from tests.torn.cut import Action, Cut
from tests.torn.outage import MACHINE, At, Fault, Outage, OutagePlay, outages
from tests.torn.play import BY_NAME, SCENARIOS, WRITTEN, Aftermath, Play, count_points

SALE = SCENARIOS[0]


def test_a_sample_has_some_of_each_scenario_and_nothing_that_the_whole_has_not():
    names = [f"before {n}" for n in range(23)]
    whole, part = _sample(names, 1), _sample(names, 6)
    assert list(whole) == [*range(1, 24)]
    assert len(part) == 4
    assert part.items() <= whole.items()
    assert len(_sample(names[:2], 6)) == 1


def test_the_points_are_those_of_a_purchase():
    names = count_points(SALE)
    for one in ("card 80500302", "PSAM 80700000", "card 80DC21B8", "card 80540100", "PSAM 80720000", "shown log"):
        assert names.count(f"before {one}") == names.count(f"after {one}") == 1
    assert names.index("flash") < names.index("before card 80540100") < names.index("before the card's write")


def test_a_torn_bank_card_is_settled_in_its_own_form():
    """805A of type 06, found by its issuer: no 0017, no 8050 03."""
    names = count_points(bank.BY_NAME["purchase-bank-again"])
    asked = [name.removeprefix("before card ") for name in names if name.startswith("before card ")]
    assert asked == ["00A40400", "80500102", "00B201C4", "00B202C4", "805A0006"]


def test_a_counter_without_the_agreement_takes_nothing_from_a_bank_card():
    play = bank.BY_NAME["purchase-bank"].play(Cut(), Aftermath.NEVER)
    play.terminal.settings = replace(play.terminal.settings, agreed=())
    play.run()
    assert play.card.history == []
    assert play.card.balance_fen == play.card.openings_fen[0]


def test_a_point_that_does_not_exist_cuts_nothing():
    names = Play(SALE, Cut(999, Action.BOTH), Aftermath.NEVER).run()
    assert names == count_points(SALE)


def test_a_terminal_that_forgets_what_it_had_not_told_charges_twice():
    play = Play(SALE, Cut(named="before shown log", action=Action.KILL), Aftermath.RESALE)
    boot = play.terminal._boot

    def forgetful(*, clock_set):
        boot(clock_set=clock_set)
        play.terminal.firmware.body.untold.forget()

    play.terminal._boot = forgetful
    with pytest.raises(Violation, match="twice: 2 × 1250"):
        play.run()


def test_a_validator_that_does_not_know_the_torn_ride_charges_it_twice(monkeypatch):
    monkeypatch.setattr(Gate, "_is_this_ride", lambda *tap: False)
    with pytest.raises(Violation, match="twice: 400 fen for a ride of 200"):
        rides.BY_NAME["ride-flat"].play(Cut(named=WRITTEN, action=Action.PULL), Aftermath.HERE).run()


def test_a_terminal_that_keeps_half_of_a_torn_pair_is_noticed(monkeypatch):
    monkeypatch.setattr(Voids, "pay_back", lambda *_: [])
    play = mixed.BY_NAME["mixed"].play(Cut(mixed.second_write() - 1, Action.BOTH), Aftermath.NEVER)
    with pytest.raises(Violation, match=rf"twice: \d+ fen of a sale over {mixed.SALE_FEN} are kept"):
        play.run()


def test_a_cashier_who_may_void_twice_is_noticed(monkeypatch):
    monkeypatch.setattr(Voids, "_is_void", lambda *_: False)
    play = mixed.BY_NAME["void"].play(Cut(named="before shown log", action=Action.KILL), Aftermath.HERE)
    with pytest.raises(Violation, match=r"void"):
        play.run()


def test_a_card_whose_debit_nobody_wrote_down_is_noticed():
    play = Play(SALE, Cut(named="after the card's write", action=Action.BOTH), Aftermath.NEVER)
    play._open_greys = lambda: 0
    with pytest.raises(Violation, match="I3: 1250 fen debited and not posted"):
        play.run()


def test_the_points_behind_a_sale_are_those_of_a_question_and_a_load():
    names = count_points(behind.BY_NAME["sale-load-behind"])
    asked = [name.removeprefix("before card ") for name in names if name.startswith("before card ")]
    assert asked == ["00A40400", "80500002", "80500002", "80520000"]


def test_a_ledger_that_grants_a_second_try_twice_is_noticed(monkeypatch):
    monkeypatch.setattr(authorise, "set_retry", lambda *_: None)
    cut = Cut(named=WRITTEN, action=Action.PULL)
    with pytest.raises(Violation, match=r"once: .* a second try of 5000 fen granted 1 times too often"):
        behind.BY_NAME["sale-load-behind"].play(cut, Aftermath.HERE).run()


def test_every_step_of_a_load_can_fail():
    found = outages(MACHINE.name)
    assert {at for at, _, _ in found} == set(At)
    assert {fault for _, fault, _ in found} == set(Fault)
    assert len([one for one in found if one[0] is At.COMMIT]) >= 6


def entry_kinds(play):
    """Run it; the kinds of entries that its load made."""
    kinds = []
    check = play._check

    def look(told):
        check(told)
        kinds.extend(kind for (kind,) in play.campus.ingest.database.execute("SELECT kind FROM entry WHERE kind > 3"))

    play._check = look
    play.run()
    return kinds


def test_a_load_whose_answer_is_lost_for_good_is_given_back_when_the_card_comes_again():
    play = OutagePlay(MACHINE, Outage(At.ANSWER, Fault.GONE), Aftermath.HERE)
    assert EntryKind.LOAD_REVERSED in entry_kinds(play)
    assert play.outage.passed > 1  # the terminal has repeated its question


def test_a_load_that_nobody_settles_is_noticed(monkeypatch):
    for module in (authorise, load_cases):
        monkeypatch.setattr(module, "settle_pending", lambda *told: None)
    with pytest.raises(Violation, match=r"I1|transit"):
        OutagePlay(MACHINE, Outage(At.ANSWER, Fault.GONE), Aftermath.HERE).run()


def test_a_load_whose_body_is_gone_with_its_record_is_proven_by_the_card():
    play = Play(BY_NAME["load"], Cut(named="after the card's write", action=Action.KILL), Aftermath.REPLACED)
    assert EntryKind.LOAD_CONFIRMED_BY_COUNTER in entry_kinds(play)
