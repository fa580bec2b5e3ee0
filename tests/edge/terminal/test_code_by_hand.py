"""A payment code at the counter by hand: keyed with the amount, or scanned behind it by a reader that is a keyboard."""

import pytest

from shared.online import code_of
from tests.edge.terminal.test_process import Campus, Process, on_loop


@pytest.fixture
def campus(kit, school, tmp_path):
    return Campus(kit, school, tmp_path)


def test_codes_by_hand_are_looked_at_before_anybody_is_asked(campus):
    async def play():
        async with Process(campus, "--card", "0005", verb="interactive") as hand:
            await hand.until(lambda p: any("在线" in line for line in p.lines))
            await hand.types("code 12.50 134567890123456789", "不是本系统的付款码")
            await hand.types("code 12.50", "请扫付款码")
            await hand.types(code_of(7)[:-1] + "x", "不是本系统的付款码")
            await hand.types("付款码 12.50", "请扫付款码")
            wrong = code_of(7)[:-1] + str((int(code_of(7)[-1]) + 1) % 10)
            await hand.types(wrong, "付款码有误，请重扫")

    on_loop(campus, play)
