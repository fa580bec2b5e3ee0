"""Every point of every tap, cut in every way: nothing unexplained, nobody charged twice. And the cutter does cut."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sim.world import Violation
from tests.torn.cut import Action, Cut
from tests.torn.play import SCENARIOS, Aftermath, Play, count_points

ROOT = Path(__file__).parents[2]
RUN_MAX_S = 900
"""Far above the minute that it takes: only for a machine that hangs."""
SALE = SCENARIOS[0]


@pytest.mark.process
def test_every_point_of_every_tap():
    done = subprocess.run(
        [sys.executable, "-m", "tests.torn"], cwd=ROOT, capture_output=True, text=True, timeout=RUN_MAX_S, check=False
    )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-5_000:]
    total = re.search(r"total: (\d+) 处 points, (\d+) 次 runs, 不符 broken 0", done.stdout)
    assert total is not None, done.stdout
    assert int(total[1]) > 140
    assert int(total[2]) == int(total[1]) * len(Action) * len(Aftermath)


def test_the_points_are_those_of_a_purchase():
    names = count_points(SALE)
    for one in ("card 80500302", "PSAM 80700000", "card 80DC21B8", "card 80540100", "PSAM 80720000", "shown log"):
        assert names.count(f"before {one}") == names.count(f"after {one}") == 1
    assert names.index("flash") < names.index("before card 80540100") < names.index("before the card's write")


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


def test_a_card_whose_debit_nobody_wrote_down_is_noticed():
    play = Play(SALE, Cut(named="after the card's write", action=Action.BOTH), Aftermath.NEVER)
    play._open_greys = lambda: 0
    with pytest.raises(Violation, match="I3: 1250 fen debited and not posted"):
        play.run()
