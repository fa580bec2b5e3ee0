"""python -m cloud exposure: the worst case now, with its formula and its inputs."""

import json
from contextlib import closing
from pathlib import Path

import pytest

from cloud.__main__ import main
from cloud.commands.opening import wall_now
from cloud.ledger.ledger import open_ledger
from shared.wire.messages import DeviceStatus, EpochStatus
from shared.words.voice import Language, speak
from tests.cloud.ledger import campus as c


def run(capsys: pytest.CaptureFixture[str], data: Path, *words: str) -> str:
    assert main(["exposure", *words, "--data", str(data)]) == 0
    return capsys.readouterr().out


def test_it_is_told_in_words_and_as_json(early: Path, capsys) -> None:
    said = run(capsys, early)
    assert said.startswith("风险敞口 ¥0.00：欠交 ¥0.00，名单 ¥0.00")
    with closing(open_ledger(str(early / "cloud" / "ledger.db"))) as ledger:
        said = DeviceStatus(c.POS, (EpochStatus(1, c.psam(1), 1, 2, 0, 0),), 1, 1, 100, True, 1, 1)
        ledger.store_status(c.BOX, said, wall_now().unix_ms)
    said = run(capsys, early)
    assert "风险敞口 ¥200.00：欠交 ¥200.00" in said
    assert "，1 台有未知）" in said.partition("\n")[0], "no sum stands alone over what is not known"
    assert "输入：1 台终端，欠交 2 条，未完成 0 笔" in said
    assert "按终端（1）\n  pos-01 1号窗口 ¥200.00：欠交 2 × ¥100.00 = ¥200.00" in said
    told = json.loads(run(capsys, early, "--json"))
    assert (told["fen"], told["terminals"][0]["records"], told["boxes"][0]["fen"]) == (20_000, 2, 20_000)
    speak(Language.EN)
    assert "exposure ¥200.00: owed ¥200.00, hotlist ¥0.00" in run(capsys, early)
