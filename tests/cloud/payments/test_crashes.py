"""Killed at any point, before and after each request and each commit, the next process ends equal to the bill."""

from pathlib import Path

import pytest

from cloud.emulators.providers.mood import Mood
from cloud.ledger.checks.money.deposits import check_deposits
from tests.cloud.ledger import campus as c
from tests.cloud.payments.rig import Killed, Rig, crash_points, in_memory

CARD = c.card(1)


def play(campus_file: Path, folder: Path, crash_at: int) -> Rig:
    """One order, paid, with a callback; then its bill. Dies once."""
    opened = in_memory(campus_file)
    rig = Rig(opened, "wechat", Mood(repeat=1), folder, crash_at=crash_at)
    with crash_points(opened, rig):
        for _ in range(2):  # who ordered and heard nothing orders again, under the same key
            try:
                number = rig.deposits.order("k", CARD, 50_00, "wechat").number
                break
            except Killed:
                rig.born()
        rig.pass_time(60, 30)
        assert rig.trades.pay(number, rig.now_s)
        rig.pass_time(60, 30)
        rig.take_bill(rig.day)
    return rig


@pytest.fixture(scope="module")
def points(campus_file: Path, tmp_path_factory: pytest.TempPathFactory) -> int:
    rig = play(campus_file, tmp_path_factory.mktemp("c"), 0)
    rig.opened.close()
    return rig.points


def test_killed_at_every_point(points: int, campus_file: Path, tmp_path: Path) -> None:
    assert points > 20
    for at in range(1, points + 1):
        rig = play(campus_file, tmp_path, at)
        assert rig.online_fen(CARD) == rig.provider_fen() == 50_00, at
        with rig.opened.database.reading():
            assert check_deposits(rig.opened.database).broken == "", at
            assert rig.opened.database.run("SELECT COUNT(*) FROM deposit_order") == [(1,)], at
        rig.opened.close()
