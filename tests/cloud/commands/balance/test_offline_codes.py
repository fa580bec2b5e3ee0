"""python -m cloud offline-codes: off by default, on within bounds, a day and a card shown, a certificate ended."""

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cloud.commands.opening import wall_now
from cloud.ledger.ledger import open_ledger
from tests.cloud.commands.balance.test_meals import run
from tests.cloud.ledger import campus as c
from tests.cloud.ledger import phones as p

ON = ("offline-codes", "on", "--uses", 2, "--one", 30, "--day", 500, "--who", "李", "--reason", "试行")


def shown(capsys: pytest.CaptureFixture[str], data: Path, *words: object) -> dict[str, Any]:
    return dict(json.loads(run(capsys, data, "offline-codes", "list", "--json", *words)[1]))


def test_off_until_somebody_says_on_and_never_beyond_the_bounds(early: Path, capsys) -> None:
    assert shown(capsys, early)["rule"]["uses"] == 0
    assert run(capsys, early, *ON[:3], 3, *ON[4:])[0] == 2
    assert run(capsys, early, *ON[:4])[0] == 2
    said = "脱机付款码：每张凭证 2 次，每码至多 ¥30.00，每台终端每日至多 ¥500.00\n"
    assert run(capsys, early, *ON) == (0, said)
    assert shown(capsys, early)["rule"] == {"uses": 2, "one_fen": 30_00, "day_fen": 500_00, "bearer": ""}
    assert run(capsys, early, "offline-codes", "off", "--who", "李") == (0, "脱机付款码：未启用\n")


def test_a_campus_of_a_size_that_has_none_is_told_how(early: Path, capsys) -> None:
    assert run(capsys, early, "functions", "off", "offline-code")[0] == 0
    code, said = run(capsys, early, *ON)
    assert (code, "functions on offline-code" in said) == (2, True)


def test_certificates_of_a_card_and_codes_of_a_day(early: Path, capsys) -> None:
    run(capsys, early, *ON)
    with closing(open_ledger(str(early / "cloud" / "ledger.db"))) as ledger:
        now, card = wall_now(), c.card(1)
        ledger.deposit(card, 100_00, "d", now)
        number = p.door_of(ledger).certify(card, p.public(p.phone(1)), "k", now).number
        code = p.code(1, number, card, p.phone(1), time=now.campus_s)
        c.Box(ledger).send(code, p.code(2, number, card, p.phone(1), time=now.campus_s), now=now)
    said = shown(capsys, early)
    assert (said["showable"], said["ended"]) == (1, 1)
    assert [(one["fen"], one["borne_fen"], one["against"]) for one in said["codes"]] == [
        (12_00, 0, None), (12_00, 12_00, "twice"),
    ]  # fmt: skip
    (one,) = shown(capsys, early, "--card", "0001")["certificates"]
    assert (one["certificate"], one["ended"]) == (number, "twice")
    lines = run(capsys, early, "offline-codes", "--card", "0001")[1]
    assert "同一次用了两次" in lines
    assert "2 笔 ¥24.00，学校承担 ¥12.00" in lines
    assert run(capsys, early, "offline-codes", "end", "--card", "0001", "--certificate", number)[0] == 1
    assert "脱机付款码" in run(capsys, early, "card", "show", "0001")[1]
