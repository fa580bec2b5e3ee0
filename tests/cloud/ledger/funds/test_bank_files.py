"""A bank's own file: its form is detected, wrong lines are named, and what does not add up is refused."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.ledger.funds.bank_files import camt053, detail, mt940
from cloud.ledger.funds.bank_files.reading import PLAIN, read_bank_file
from shared.clocks.clock import DAY_S, day_number, day_text, parse_time, time_text
from shared.errors import ConfigFault

DAY = day_number(parse_time("2026-11-27"))
HEAD = "交易日期,交易时间,凭证号,借方发生额（元）,贷方发生额（元）,余额（元）,对方户名,摘要"
EXPORT = f"""账号：,7100001234567,户名：,演示大学一卡通专户
币种：,人民币,起止日期：,20261126-20261128
{HEAD}
20261126,09:00:01,001,,"100,000.00","100,000.00",家长会,充值
20261127,10:30:00,002,"1,250.50",,"98,749.50",食堂,结算
20261127,18:05:59,003,--,20.00,"98,769.50",微信,充值
20261128,08:00:00,004,769.50,0.00,"98,000.00",食堂,结算
合计,,,"2,020.00","100,020.00",,,
"""
STATEMENT = """{1:F01BKCHCNBJA300}{4:
:20:ST1127
:25:7100001234567
:28C:331/1
:60F:C261126CNY100000,00
:61:2611271127D1250,50NTRFNONREF
:86:食堂结算
:61:2611271127C20,00NMSCNONREF
:62F:C261127CNY98769,50
-}
"""
CAMT = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><GrpHdr><MsgId>1</MsgId></GrpHdr><Stmt>
<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="CNY">100000.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>
 <Dt><Dt>2026-11-26</Dt></Dt></Bal>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="CNY">98769.5</Amt><CdtDbtInd>CRDT</CdtDbtInd>
 <Dt><Dt>2026-11-27</Dt></Dt></Bal>
<Ntry><Amt Ccy="CNY">1250.50</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
 <NtryDtls><TxDtls><Amt Ccy="CNY">1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd></TxDtls></NtryDtls></Ntry>
<Ntry><Amt Ccy="CNY">20.00000</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts></Ntry>
<Ntry><Amt Ccy="CNY">7.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>PDNG</Sts></Ntry>
</Stmt></BkToCstmrStmt></Document>
"""


def told(raw: bytes | str, day: int = DAY) -> int:
    return read_bank_file(raw.encode() if isinstance(raw, str) else raw, day, "bank").fen


def newest_first() -> str:
    lines = EXPORT.splitlines()
    return "\n".join([*lines[:3], *reversed(lines[3:-1])])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("text", [EXPORT, newest_first()], ids=["oldest-first", "newest-first"])
def test_an_export_says_what_was_there_at_the_end_of_a_day(text: str, encoding: str) -> None:
    found = read_bank_file(text.encode(encoding), DAY, "bank.csv")
    assert (found.fen, found.form, found.lines) == (98_769_50, detail.FORM, 4)
    assert told(text, DAY - 1) == 100_000_00


def test_a_day_without_a_line_has_what_the_one_before_left() -> None:
    quiet = EXPORT.replace("20261127", "20261126")
    assert told(quiet, DAY) == 98_769_50


def test_a_statement_of_mt940_says_it_too() -> None:
    found = read_bank_file(STATEMENT.encode(), DAY, "bank.sta")
    assert (found.fen, found.form, found.lines) == (98_769_50, mt940.FORM, 2)


def test_pages_of_a_statement_follow_each_other() -> None:
    pages = STATEMENT.replace(":62F:", ":62M:") + STATEMENT.replace("60F:C261126CNY100000,00", "60M:C261127CNY98769,50")
    pages = pages.replace("62F:C261127CNY98769,50", "62F:C261127CNY97539,00")
    assert told(pages) == 97_539_00
    with pytest.raises(ConfigFault, match=r"第 15 行：余额 ¥98769\.51 不是前一笔加减所得的 ¥98769\.50"):
        told(pages.replace("60M:C261127CNY98769,50", "60M:C261127CNY98769,51"))


def test_a_statement_of_camt_053_says_it_and_what_is_announced_does_not_count() -> None:
    found = read_bank_file(CAMT.encode(), DAY, "bank.xml")
    assert (found.fen, found.form, found.lines) == (98_769_50, camt053.FORM, 2)
    assert read_bank_file(CAMT.replace("UTF-8", "GB18030").encode("gb18030"), DAY, "bank.xml") == found
    two = CAMT[CAMT.index("<Stmt>") : CAMT.index("</BkTo")].replace("2026-11-27", "2026-11-28")
    with pytest.raises(ConfigFault, match=r"余额 ¥100000\.00 不是前一笔加减所得的 ¥98769\.50"):
        told(CAMT.replace("</BkTo", f"{two}</BkTo"), DAY + 1)


def test_statements_of_two_accounts_are_of_none() -> None:
    """However well their sums follow each other."""
    of = "<Stmt>\n<Acct><Id>{}</Id><Ccy>CNY</Ccy></Acct>"
    one = CAMT.replace("<Stmt>", of.format("<Othr><Id>7100001234567</Id></Othr>"))
    assert told(one) == told(one.replace("<Othr><Id>7100001234567</Id></Othr>", "<IBAN>X1</IBAN>")) == 98_769_50
    quiet = "".join(
        f'<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp><Amt Ccy="CNY">98769.50</Amt><CdtDbtInd>CRDT</CdtDbtInd>'
        "<Dt><Dt>2026-11-28</Dt></Dt></Bal>"
        for kind in ("OPBD", "CLBD")
    )
    for name in ("<Othr><Id>7100001234567</Id></Othr>", "<Othr><Id>7100007654321</Id></Othr>", ""):
        text = one.replace("</BkTo", f"{of.format(name)}{quiet}</Stmt></BkTo")
        if "1234567" in name:
            assert told(text, DAY + 1) == 98_769_50
        else:
            with pytest.raises(ConfigFault, match=r"含 2 个账户（.*7100001234567.*），应只有一个"):
                told(text, DAY + 1)
    page = ":25:7100007654321\n:60F:C261128CNY98769,50\n:62F:C261128CNY98769,50\n"
    assert told(STATEMENT + page.replace("7654321", "1234567"), DAY + 1) == 98_769_50
    with pytest.raises(ConfigFault, match="含 2 个账户（7100001234567, 7100007654321）"):
        told(STATEMENT + page, DAY + 1)


def test_a_plain_table_is_read_as_before() -> None:
    assert read_bank_file("日期,余额\n2026-11-27,5.00\n".encode(), DAY, "bank").form is PLAIN


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (EXPORT.replace('"98,769.50"', '"98,769.51"'), "第 6 行：余额 ¥98769.51 不是前一笔加减所得的 ¥98769.50"),
        (EXPORT.replace('"1,250.50"', "many"), "第 5 行：银行数不是金额"),
        (EXPORT.replace('"1,250.50"', "1,250.50"), "第 5 行：列数多于表头"),
        (EXPORT.replace("20261127,10", "gestern,10"), "第 5 行：日期应如"),
        (EXPORT.replace("20261127,10", "20261141,10"), "第 5 行：日期应如"),
        (EXPORT.replace("20261127,10", "20261129,10"), "第 6 行：日期乱序"),
        (STATEMENT.replace("D1250,50", "D1250,51"), "第 9 行：余额 ¥98769.50 不是前一笔加减所得的 ¥98769.49"),
        (STATEMENT.replace("CNY", "USD"), "币种 USD"),
        (STATEMENT.replace("D1250,50", "X1250,50"), "第 6 行：:61: 看不懂"),
        (STATEMENT.replace("C261127CNY", "C261341CNY"), ":62F: 看不懂"),
        (CAMT.replace("1250.50", "1250.51"), "第 5 行：余额 ¥98769.50 不是前一笔加减所得的 ¥98769.49"),
        (CAMT.replace("CNY", "EUR"), "第 3 行：币种 EUR"),
        (CAMT.replace("1250.50", "1250.505"), "第 7 行：银行数不是金额"),
        (CAMT.replace("DBIT", "OUT"), "第 7 行：CdtDbtInd 看不懂"),
        (CAMT.replace("2026-11-27", "2026-13-27"), "第 5 行：日期应如"),
        (CAMT.replace("CLBD", "ITAV"), "Bal OPBD, CLBD 看不懂"),
        (CAMT[:-20], "XML 看不懂"),
        (CAMT.replace("<Document", "<!DOCTYPE x [<!ENTITY a 'b'>]><Document", 1), "第 2 行：DOCTYPE 看不懂"),
        (CAMT.replace("<MsgId>", "<a>" * 40), "第 2 行：a 看不懂"),
        ("\x00\x01\x02", "缺少列"),
        ("", "缺少列"),
    ],
)  # fmt: skip
def test_what_is_no_sum_is_refused_with_its_line(text: str, why: str) -> None:
    with pytest.raises(ConfigFault, match=why):
        told(text)


@pytest.mark.parametrize("day", [DAY - 2, DAY + 2])
def test_a_day_that_the_file_does_not_reach_is_refused(day: int) -> None:
    with pytest.raises(ConfigFault, match="不含那一天"):
        told(EXPORT, day)
    for statement in (STATEMENT, CAMT):
        with pytest.raises(ConfigFault, match="没有那一天的期末余额"):
            told(statement, day)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 30), st.booleans())
def test_any_history_is_read_and_one_wrong_fen_is_named(seed: int, count: int, newest: bool) -> None:
    chance, balance, lines = Random(seed), 1_000_000, []
    for n in range(count):
        fen = chance.choice((-1, 1)) * chance.randrange(1, 20_000)
        balance += fen
        day = time_text((DAY - 3 + 3 * n // count) * DAY_S)[:10]
        lines.append([day, f"{max(0, -fen) / 100:.2f}", f"{max(0, fen) / 100:.2f}", balance])
    lines.append([day_text(DAY), "", "1.00", balance + 100])
    assert told(_table(lines, newest)) == balance + 100
    wrong = chance.randrange(len(lines))
    lines[wrong][3] += chance.choice((-1, 1))
    with pytest.raises(ConfigFault, match="不是前一笔加减所得"):
        told(_table(lines, newest))


def _table(lines: list[list], newest: bool) -> str:
    rows = [f"{day},{went},{came},{balance / 100:.2f}" for day, went, came, balance in lines]
    return "\n".join(["日期,借方,贷方,余额", *(reversed(rows) if newest else rows)])
