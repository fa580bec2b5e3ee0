"""Seeds of the small world of offline codes hold, what should happen does, and planted mistakes are seen."""

from pathlib import Path
from typing import Any

import pytest

from cloud.ledger.funds.offline import taking
from cloud.ledger.funds.offline.terms import Beyond
from edge.terminal.store.book import Book, Row
from edge.terminal.store.codes import CodesHere
from edge.terminal.taps import offline_code
from shared.errors import YktError
from shared.records import Kind
from tests.sim.offline_codes import CodeWorld
from tests.sim.small import mistakes_are_seen, play
from tests.sim.world import Violation

SEEDS, DEFECT_SEEDS = 8, 40
HAPPENS = {
    "taken", "dark", "twice", "late", "ended", "own", "borne", "short", "refused: no-funds", "refused: doubted",
    "not taken: the code is too old, show a new one", "not taken: the code was used, show a new one",
    "not taken: this phone's offline codes have been ended",
}  # fmt: skip


def test_seeds_hold_and_everything_happens(tmp_path: Path, whole: bool) -> None:
    happened: set[str] = set()
    for world in play(CodeWorld, SEEDS * (20 if whole else 1), tmp_path):
        happened |= world.happened
    assert happened >= HAPPENS, HAPPENS - happened


def forgets_with_the_power(patch: pytest.MonkeyPatch) -> None:
    """A till that knows what it has taken until its power goes."""
    patch.setattr(CodesHere, "_found", lambda _: iter(()))


def shown_before_written(patch: pytest.MonkeyPatch) -> None:
    """A till that shows what it has not written."""

    def hasty(self: Book, code: Any, fen: int, now: Any) -> Row:
        card = code.certificate.phone.card
        return Row(self._flash.epochs[-1].epoch, self._flash.next_seq(), Kind.CODE, card, 0, fen, now.seconds)

    patch.setattr(Book, "code", hasty)


def hears_of_no_end(patch: pytest.MonkeyPatch) -> None:
    """A till that takes what its document calls ended."""
    true = offline_code._refused
    patch.setattr(
        offline_code, "_refused",
        lambda code, phone, at: true(code, phone, at._replace(limits=offline_code.Wallets(2, 30_00, 70_00))),
    )  # fmt: skip


def any_age(patch: pytest.MonkeyPatch) -> None:
    """A till for which no code is too old."""
    patch.setattr(offline_code, "CODE_AGE_MAX_S", 86_400)


def any_sum_a_day(patch: pytest.MonkeyPatch) -> None:
    """A till that adds nothing up."""
    patch.setattr(CodesHere, "fen_of", lambda *_: 0)


def pays_each_time(patch: pytest.MonkeyPatch) -> None:
    """A ledger by which the holder pays what a thief has shown once more."""
    true = taking.beyond

    def kind(writing: Any, row: Any, made: Any) -> Beyond:
        found = true(writing, row, made)
        return Beyond.NOTHING if found is Beyond.TWICE else found

    patch.setattr(taking, "beyond", kind)


def bears_everything(patch: pytest.MonkeyPatch) -> None:
    """A ledger by which the school bears what holders should pay."""
    patch.setattr(taking, "beyond", lambda *_: Beyond.TWICE)


def below_zero(patch: pytest.MonkeyPatch) -> None:
    """A ledger that takes from an account what is not there."""
    patch.setattr(taking, "balance_now", lambda *_: 1_000_000)


def nothing_for_a_second(patch: pytest.MonkeyPatch) -> None:
    """A ledger by which a merchant has nothing of a second record."""
    true, seen = taking.take_codes, set[tuple[int, int]]()

    def strict(writing: Any, shown: Any) -> None:
        uses = [(one, (taking.code_of(one.arrival).certificate, taking.code_of(one.arrival).use)) for one in shown]
        true(writing, [one for one, use in uses if use not in seen])
        seen.update(use for _, use in uses)

    patch.setattr("cloud.ledger.receive.receive.take_codes", strict)


def late_is_not_late(patch: pytest.MonkeyPatch) -> None:
    """A ledger that lets the holder pay what was taken behind his report."""
    true = taking.beyond_certificate
    patch.setattr(taking, "beyond_certificate", lambda row, made: true(row._replace(ended_why=0), made))


DEFECTS = (
    forgets_with_the_power, shown_before_written, hears_of_no_end, any_age, any_sum_a_day, pays_each_time,
    bears_everything, below_zero, nothing_for_a_second, late_is_not_late,
)  # fmt: skip

test_a_planted_mistake_is_seen = mistakes_are_seen(DEFECTS, CodeWorld, DEFECT_SEEDS, (Violation, YktError))
