"""python -m cloud holiday check: before the power goes, everyone who may still hold a record is named."""

import json
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from cloud.__main__ import main
from cloud.commands.opening import wall_now
from cloud.ledger.ledger import Ledger, open_ledger
from cloud.ledger.records.values import Now
from shared.ids import BoxId
from shared.wire.messages import BoxState, DeviceStatus, EpochStatus
from shared.words.voice import Language, speak
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import BOX, OTHER_BOX, POS, POS2, Box, purchase


@dataclass
class Office:
    """A campus whose boxes are online and empty, and one window that has sold once."""

    data: Path
    ledger: Ledger
    now: Now

    def box(self, name: str = BOX, *, online: bool = True, unsettled: int = 0, ago_s: int = 0) -> None:
        now_ms = self.now.unix_ms - ago_s * 1000
        state = BoxState(BoxId(name), c.STORE, now_ms, online, unsettled, 9, 0, 0, 0)
        self.ledger.store_state(BoxId(name), state, now_ms)

    def status(self, last: int, settled: int, open_slots: int = 0, ago_s: int = 0) -> None:
        row = EpochStatus(1, c.psam(1), 1, last, settled, open_slots)
        status = DeviceStatus(POS, (row,), 1, 1, 100, True, 0, 0)
        self.ledger.store_status(BOX, status, self.now.unix_ms - ago_s * 1000)


def run(capsys: pytest.CaptureFixture[str], data: Path, *words: str) -> tuple[int, str]:
    code = main(["holiday", "check", "--data", str(data), *words])
    return code, capsys.readouterr().out


@pytest.fixture
def office(early: Path):
    with closing(open_ledger(str(early / "cloud" / "ledger.db"))) as ledger:
        made = Office(early, ledger, wall_now())
        Box(ledger).send(c.stored(purchase(1, c.card(1), 0, 12_00, c.OPENING)), now=made.now)
        made.box()
        made.box(OTHER_BOX)
        made.status(1, 1)
        yield made


def test_a_drained_campus_may_go_dark(office: Office, capsys) -> None:
    assert run(capsys, office.data) == (0, "已收齐，可断电：4 台终端\n")
    assert json.loads(run(capsys, office.data, "--json")[1]) == {"drained": True, "holiday": None, "undrained": []}


def test_everyone_who_holds_something_or_may_is_named(office: Office, capsys) -> None:
    office.box(unsettled=3)
    office.box(OTHER_BOX, online=False)
    office.status(4, 1, open_slots=1)
    code, said = run(capsys, office.data)
    assert code == 1
    assert "未收齐 3 处" in said
    assert "网关 canteen-1  第一食堂：还有 3 笔流水" in said
    assert "网关 canteen-2  第二食堂：已 1 分钟 未联系" in said
    assert "终端 pos-01  1号窗口：还有 3 笔流水，1 笔未确认" in said
    speak(Language.EN)
    assert "terminal pos-01  1号窗口: 3 records to come, 1 not confirmed" in run(capsys, office.data)[1]


def test_who_was_silent_may_hold_anything(office: Office, capsys) -> None:
    office.status(1, 1, ago_s=7200)
    code, said = run(capsys, office.data)
    assert (code, "终端 pos-01  1号窗口：已 2 小时 未联系" in said) == (1, True)


def test_who_was_never_heard_and_was_given_an_epoch_is_named(office: Office, capsys) -> None:
    Box(office.ledger, row=1).send(c.stored(purchase(1, c.card(2), 0, 5_00, c.OPENING, at=POS2), POS2), now=office.now)
    told = json.loads(run(capsys, office.data, "--json")[1])["undrained"]
    assert [(one["name"], one["silent_ms"]) for one in told] == [("pos-02", None)]
