"""A validator driven by hand: the bus is called to its stops, a card taps on and off, is torn and taps again."""

import asyncio
import json

from shared.records.slot_file import render_initial
from tests.edge.terminal.rides import SERIAL, card_memory, ride
from tests.edge.terminal.test_process import Campus, Process, on_loop
from tests.patience import PATIENCE_S


def test_a_ride_by_hand(kit, school, tmp_path):
    campus = Campus(kit, school, tmp_path, kind="validator")
    settings = campus.folder / "terminal.json"
    settings.write_text(json.dumps({**json.loads(settings.read_text()), "ride": ride("both", 2, 1)}))
    (campus.data / "cards" / "00001.card").write_bytes(render_initial(card_memory(school, 5000).load()))
    index = campus.data / "cards" / "index.json"
    card = {"file": "00001.card", "card": (b"\x53\x03" + SERIAL).hex()}
    index.write_text(json.dumps({**json.loads(index.read_text()), "0001": card}))

    async def play():
        async with Process(campus, "--card", "0001", verb="interactive") as hand:

            await hand.until(lambda p: any("在线" in line for line in p.lines))
            await hand.types("ride", "成功 上车 ¥0.00 余额 ¥50.00", "请下车时刷卡", "零元，不入账")
            await hand.types("ride", "已刷卡，请勿重复")
            await hand.types("stop 3", "到站 3")
            await hand.types("pull after", "下次拔卡")
            await hand.types("ride", "请同一张卡重新放卡")
            await hand.types("ride", "成功 下车 ¥2.00 余额 ¥48.00")
            await hand.types("card 0002", "[0002]")
            await hand.types("ride", "本卡未开通乘车")
            hand.process.stdin.write(b"quit\n")
            async with asyncio.timeout(PATIENCE_S):
                assert await hand.process.wait() == 0

    on_loop(campus, play)
    assert [line["fen"] for line in map(json.loads, (campus.folder / "shown.log").read_text().splitlines())] == [0, 200]
