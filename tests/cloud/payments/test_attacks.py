"""What an attacker, or a careless provider, sends: each is refused as a whole, told, and moves nothing."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from cloud.emulators.providers.mood import Mood
from cloud.emulators.providers.trades import Callback
from cloud.payments.providers.interface import Answer, FileFault, ProviderFault
from cloud.payments.providers.wechat_files import read_bill
from tests.cloud.ledger import campus as c
from tests.cloud.payments.rig import MCHID, Rig, in_memory

CARD = c.card(1)
YEAR_S = 366 * 86_400
HOOK = '"alipay_trade_query_response":'


@pytest.fixture(params=["wechat", "alipay"])
def rig(request: pytest.FixtureRequest, campus_file: Path, tmp_path: Path) -> Iterator[Rig]:
    made = Rig(in_memory(campus_file), request.param, Mood(silent=True), tmp_path)
    yield made
    made.opened.close()


def sent(rig: Rig) -> str:
    number = rig.deposits.order("k", CARD, 50_00, rig.provider).number
    rig.deposits.turn()
    return number


def called(rig: Rig, number: str) -> tuple[dict[str, str], bytes]:
    head, body = rig.emulator.callback(Callback(rig.now_s, 1, number), rig.now_s)
    return {name.lower(): value for name, value in head.items()}, body


def test_a_callback_is_refused_after_a_year_for_another_merchant_and_with_a_name_twice(rig: Rig) -> None:
    number = sent(rig)
    head, body = called(rig, number)
    rig.now_s += YEAR_S
    assert not rig.deposits.wake(rig.provider, head, body)
    rig.now_s -= YEAR_S
    if rig.provider == "alipay":
        assert not rig.deposits.wake(rig.provider, head, b"out_trade_no=Y666&" + body)
        rig.emulator._app_id = "2021000000000666"
    else:
        rig.emulator._mchid = "1900000666"
    assert not rig.deposits.wake(rig.provider, *called(rig, number)), "signed, and for somebody else"
    assert not rig.deposits.wake(rig.provider, head, b"[" * 60_000)
    assert (rig.facts().count("deposit-forged"), rig.online_fen(CARD)) == (1, 0)


def test_what_is_verified_is_what_is_read(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """A genuine answer, whose signature holds, with a lie before it, behind it or around it."""
    number = sent(rig)
    said = rig.emulator.handle
    lie = {"code": "10000", "out_trade_no": number, "trade_status": "TRADE_SUCCESS", "trade_no": "LIE",
           "total_amount": "999.99", "send_pay_date": "2026-11-27 12:00:00"}  # fmt: skip
    text = json.dumps(lie)
    turns: list[Callable[[str], str]] = [
        lambda true: f'{{{HOOK}{text},{true[1:]}',
        lambda true: f'{true[:-1]},{HOOK}{text}}}',
        lambda true: f'{{"x":{{{true[1:-1].rpartition(",")[0]}}},{HOOK}{text},"sign":{true.rpartition(":")[2]}',
    ]  # fmt: skip
    for turned in turns:

        def handle(*asked: object, turned: Callable[[str], str] = turned) -> tuple[int, dict[str, str], bytes]:
            status, head, body = said(*asked)
            return status, head, turned(body.decode()).encode()

        monkeypatch.setattr(rig.emulator, "handle", handle)
        rig.now_s += 3_600
        with suppress(ProviderFault):
            assert rig.door.query(number).txn != "LIE"
        rig.deposits.turn()
    assert rig.online_fen(CARD) == 0


def test_a_file_that_is_wrong_is_used_in_no_part_and_told_once(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    number = sent(rig)
    rig.trades.pay(number, rig.now_s)
    true = rig.emulator.bill_of
    for n, turned in enumerate((
        lambda raw: raw[: len(raw) // 2],
        lambda raw: b"\xef\xbb\xbf\xff\xfe" + raw,
        lambda raw: raw.decode("gbk" if rig.provider == "alipay" else "utf-8-sig").encode("utf-16"),
        lambda raw: b"",
        lambda raw: raw.replace(b"50.00", b"5O.00"),
    )):  # fmt: skip
        monkeypatch.setattr(rig.emulator, "bill_of", lambda day, turned=turned: turned(true(day)))
        for _ in range(2):
            with pytest.raises(FileFault):
                rig.deposits.bill(rig.provider, rig.day, "王芳")
        assert (rig.provider_fen(), n) == (0, n)
    told = [code for code in rig.facts() if code == "deposit-bill-broken"]
    assert 1 <= len(told) <= 5
    monkeypatch.setattr(rig.emulator, "bill_of", true)
    assert rig.deposits.bill(rig.provider, rig.day, "王芳").posted == 1


def test_a_packed_file_that_is_cut_is_a_fault_and_no_crash(rig: Rig) -> None:
    number = sent(rig)
    rig.trades.pay(number, rig.now_s)
    said, name = io.BytesIO(), "1_业务明细.csv"
    with zipfile.ZipFile(said, "w", zipfile.ZIP_DEFLATED) as pack:
        pack.writestr(name, bytes(4_000) + rig.emulator.bill_of(rig.day))
    raw = said.getvalue()
    for body in (raw[:-30], raw[:80] + bytes(8) + raw[88:], b"PK", b"\x1f\x8b\x08\x00", b""):
        with pytest.raises(FileFault):
            rig.door._adapter.bill_read(Answer(200, {}, body), "00", rig.day)


def test_a_day_without_any_movement_has_no_file_and_is_a_bill_of_nothing(rig: Rig) -> None:
    assert rig.deposits.bill(rig.provider, rig.day, "").lines == 0
    assert rig.deposits.bill(rig.provider, rig.day, "").again
    assert rig.deposits.settlement(rig.provider, rig.day, "").settled_fen == 0
    assert "deposit-bill-broken" not in rig.facts()


def test_a_bill_with_heads_and_no_line_is_a_bill_of_nothing(rig: Rig) -> None:
    if rig.provider == "wechat":
        assert read_bill(rig.emulator.bill_of("2026-11-01"), MCHID).lines == ()


def test_a_sum_that_is_none_is_no_answer(rig: Rig) -> None:
    number = sent(rig)
    rig.trades.pay(number, rig.now_s)
    for fen in (-5, 10**12):
        rig.trades.all[number].paid_fen = fen
        with pytest.raises(ProviderFault):
            rig.door.query(number)
