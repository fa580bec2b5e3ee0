"""A canary goes back where it is worse than all that it can be compared with, and on where it is not."""

import pytest

from cloud.parameters.canary import GO_ON_S, GO_ON_TAPS, QUIET_S, TAPS_MIN, Rate, Word, judged

WELL, NONE = Rate(980, 20), Rate()


@pytest.mark.parametrize(
    ("canary", "own", "rest", "word"),
    [
        (Rate(80, 20), WELL, WELL, Word.BACK),
        (Rate(80, 20), WELL, NONE, Word.BACK),
        (Rate(80, 20), NONE, WELL, Word.BACK),
        (Rate(80, 20), WELL, Rate(80, 20), Word.ON),
        (Rate(80, 20), Rate(85, 15), WELL, Word.ON),
        (Rate(93, 7), WELL, WELL, Word.BACK),
        (Rate(94, 6), WELL, WELL, Word.ON),
        (Rate(TAPS_MIN - 6, 5), WELL, WELL, Word.WATCHED),
        (Rate(TAPS_MIN - 5, 5), WELL, WELL, Word.BACK),
        (Rate(TAPS_MIN, 4), WELL, WELL, Word.WATCHED),
        (Rate(80, 20), Rate(TAPS_MIN - 1, 0), NONE, Word.WATCHED),
        (Rate(GO_ON_TAPS - 1, 0), WELL, WELL, Word.WATCHED),
        (Rate(GO_ON_TAPS, 0), WELL, WELL, Word.ON),
    ],
)
def test_it_is_held_against_its_week_and_the_others(canary: Rate, own: Rate, rest: Rate, word: Word) -> None:
    assert judged(canary, own, rest, GO_ON_S) is word


def test_it_goes_back_at_once_and_on_only_after_a_meal() -> None:
    assert judged(Rate(80, 20), WELL, WELL, 0) is Word.BACK
    assert judged(Rate(GO_ON_TAPS, 0), WELL, WELL, GO_ON_S - 1) is Word.WATCHED


def test_without_taps_or_without_comparison_it_never_goes_on_and_says_which() -> None:
    assert judged(NONE, WELL, WELL, QUIET_S - 1) is Word.WATCHED
    assert judged(Rate(GO_ON_TAPS - 1, 0), WELL, WELL, QUIET_S) is Word.QUIET
    assert judged(Rate(80, 20), NONE, NONE, QUIET_S) is Word.ALONE
    assert judged(Rate(80, 20), NONE, NONE, QUIET_S - 1) is Word.WATCHED


def test_rates_add_up() -> None:
    assert Rate(80, 20) + Rate(1, 2) == Rate(81, 22)
    assert (Rate(80, 20).percent, NONE.percent) == (20, 0)
