"""Payment codes at real processes: by hand, keyed with the amount or scanned behind it, and by a script's phones."""

import json

import pytest

from edge.terminal.play.phones import read_phones
from shared.errors import ConfigFault
from shared.online import code_of
from shared.records import Kind
from tests.edge.terminal.codes import CARD, OTHER, allow_in, phone_of
from tests.edge.terminal.conftest import NOON_S
from tests.edge.terminal.test_process import Campus, Process, on_loop


@pytest.fixture
def campus(kit, school, tmp_path):
    return Campus(kit, school, tmp_path)


def test_codes_by_hand_are_looked_at_before_anybody_is_asked(campus):
    phone = phone_of(allow_in(campus.folder))

    async def play():
        async with Process(campus, "--card", "0005", verb="interactive") as hand:
            await hand.until(lambda p: any("在线" in line for line in p.lines))
            await hand.types("code 12.50 134567890123456789", "不是本系统的付款码")
            await hand.types("code 12.50", "请扫付款码")
            await hand.types(code_of(7)[:-1] + "x", "不是本系统的付款码")
            await hand.types("付款码 12.50", "请扫付款码")
            wrong = code_of(7)[:-1] + str((int(code_of(7)[-1]) + 1) % 10)
            await hand.types(wrong, "付款码有误，请重扫")
            await hand.types("net off", "断网")
            await hand.types("code 12.50", "请扫付款码")
            digits = phone.shows(NOON_S)
            await hand.types(digits, "成功 付款码 ¥12.50", "流水 1/1")
            await hand.types(f"code 3 {digits}", "付款码已用过，请出示新码")
            await hand.types("status", "脱机付款码 1 ¥12.50")

    on_loop(campus, play)


@pytest.mark.parametrize(
    "changed", [{"key": "01"}, {"key": "x"}, {"key": 5}, {"certificate": "00"}, {"certificate": 1}, {"phone": 7}]
)
def test_what_is_no_phone_is_named(campus, changed):
    row = row_of(phone_of(allow_in(campus.folder)))
    file = campus.data / "phones.jsonl"
    file.write_text(json.dumps(row) + "\n" + json.dumps(row | changed))
    with pytest.raises(ConfigFault, match="第 2 行不是演示手机"):
        read_phones(file)


def row_of(phone, name="王"):
    return {"phone": name, "certificate": phone.certificate.encode().hex(), "key": f"{0x5EED:064x}"}


def test_people_of_the_demonstration_pay_by_phone(campus):
    """As long as their certificates have uses; the others come with cards."""
    centre = allow_in(campus.folder)
    phones = campus.data / "phones.jsonl"
    phones.write_text("\n".join(json.dumps(row_of(phone_of(centre, n), str(n))) for n in (1, 2)))

    async def play():
        async with Process(campus, "--customers", "--rate", "40", "--phones", str(phones), "--tear", "0") as till:
            await till.until(lambda p: p.status.get("codes", 0) == 4 and p.status["taps"])

    on_loop(campus, play)
    assert {(one.certificate, one.use) for one in campus.kept() if one.kind == Kind.CODE} == {
        (1, 1), (1, 2), (2, 1), (2, 2),
    }  # fmt: skip


def test_a_script_pays_by_phones(campus):
    centre = allow_in(campus.folder)
    phones, script = campus.data / "phones.jsonl", campus.data / "s.jsonl"
    phones.write_text(json.dumps(row_of(phone_of(centre))))
    lines = [{"phone": "王", "use": 1, "amount_fen": 800}, {"phone": "王", "use": 1, "amount_fen": 900},
             {"phone": "李", "use": 1, "amount_fen": 500}, {"phone": "王", "use": 2, "amount_fen": 700}]  # fmt: skip
    script.write_text("\n".join(map(json.dumps, lines)))

    async def play():
        async with Process(campus, "--script", str(script), "--phones", str(phones)) as till:
            await till.until(lambda p: p.status.get("script_done") and p.status["drained"])
            assert (till.status["codes"], till.status["codes_fen"], till.status["declined"]) == (2, 1500, 2)

    on_loop(campus, play)
    assert [(one.kind, one.card, one.use, one.amount_fen) for one in campus.kept()] == [
        (Kind.CODE, CARD, 1, 800), (Kind.CODE, CARD, 2, 700),
    ]  # fmt: skip
    assert OTHER not in [one.card for one in campus.kept()]
