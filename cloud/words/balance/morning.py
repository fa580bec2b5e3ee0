"""Card and ledger against the bank 晨间核对, as text and as JSON, in both languages. Pure."""

from collections.abc import Iterator
from typing import Any

from cloud.ledger.books.chart import AccountKind
from cloud.ledger.funds.bank_figures import BankFigure
from cloud.ledger.funds.bank_files.reading import BankRead
from cloud.ledger.read.shown.balance import HOLDERS, BalanceView, Mark
from cloud.words.both import halves
from shared.clocks.campus_clock import WALL
from shared.clocks.clock import day_text, time_text
from shared.money import yuan
from shared.words.voice import Text

NAMED = 8
"""Most terminals of a line; a program gets all."""
MARKS = {
    Mark.EVEN: Text("相符", "even"), Mark.APART: Text("不符", "apart"), Mark.UNKNOWN: Text("未知", "unknown")
}  # fmt: skip
KINDS = {
    AccountKind.PURSE: Text("卡内余额", "purse balances"),
    AccountKind.SUBSIDY: Text("补助余额", "subsidy balances"),
    AccountKind.TRANSIT: Text("圈存在途", "loads in transit"),
    AccountKind.ONLINE: Text("电子账户", "online accounts"),
    AccountKind.PENDING: Text("过渡余额，未领", "pending loads, not claimed"),
    AccountKind.PENDING_SUBSIDY: Text("待回补助，未领", "subsidies given back, not claimed"),
    AccountKind.RESERVED: Text("预授权，未请款", "reserved, not captured"),
    AccountKind.MERCHANT: Text("商户应付", "owed to merchants"),
    AccountKind.HELD: Text("待核", "held"),
    AccountKind.CASH: Text("现金在钱箱", "cash in drawers"),
    AccountKind.FUND: Text("补助基金", "subsidy fund"),
    AccountKind.OVER_SHORT: Text("长款、短款", "over and short"),
    AccountKind.LOSS: Text("挂失后损失", "losses after reports"),
    AccountKind.LOSS_PROVISION: Text("挂失损失准备", "provided for losses"),
    AccountKind.MEAL_DEBT: Text("应急餐欠款", "meal debts"),
    AccountKind.DISCOUNT: Text("折扣承担", "discounts borne"),
    AccountKind.PROVIDER: Text("渠道待结算", "clearing"),
    AccountKind.UNCLEAR: Text("渠道待查款", "unclear at providers"),
    AccountKind.REFUNDING: Text("退款在途", "refunds on their way"),
    AccountKind.PROVIDER_FEE: Text("渠道手续费", "fees of providers"),
    AccountKind.SPARE_DEPOSIT: Text("备用卡押金", "deposits for spare cards"),
    AccountKind.SPARE_KEPT: Text("备用卡没收押金", "deposits kept of lost spares"),
    AccountKind.MEAL_LOSS: Text("应急餐损失", "losses by emergency meals"),
    AccountKind.CODE_LOSS: Text("脱机付款码损失", "losses by offline codes"),
}


def form_text(read: BankRead) -> Text:
    """As what a bank's file was read."""
    return Text(f"文件格式：{read.form.zh}，{read.lines} 笔", f"the file is {read.form.en}, {read.lines} movements")


def balance_lines(view: BalanceView) -> Iterator[str]:
    """Holders, the other named accounts, the bank by the books, the bank by its statement, what is apart and why."""
    yield str(mark_text(view))
    for kind in HOLDERS:
        yield f"    {_line(KINDS[kind], view.kinds[kind])}"
    yield f"  = {_line(Text('持卡人合计', 'holders in all'), view.holders_fen)}"
    for kind, fen in view.others.items():
        yield f"    {_line(KINDS[kind], fen)}"
    yield f"  = {_line(Text('账面专户', 'the bank by the books'), view.books_fen)}"
    if not view.is_balanced:
        yield f"  {Text('账本不平：立即 cloud verify', 'the books are not in balance: run cloud verify at once')}"
    if view.figure is not None:
        yield from (f"  {line}" for line in figure_lines(view.figure))
    yield from (f"  {line}" for line in unknown_lines(view))


def mark_text(view: BalanceView) -> Text:
    """How it stands, in a word, and what is apart."""
    said, figure = MARKS[view.mark], view.figure
    if figure is None or not view.is_of_today:
        return Text(f"晨间核对：{said.zh}，今天没有银行数", f"morning check: {said.en}, no figure of the bank today")
    apart = sum_text(figure.unexplained_fen)
    return Text(f"晨间核对：{said.zh}，差 {apart}", f"morning check: {said.en}, apart {apart}")


def figure_lines(figure: BankFigure) -> Iterator[Text]:
    """What the bank says, who has told it, and every item by name."""
    when, who = time_text(WALL.at(figure.at_ms / 1000)), " ".join(x for x in (figure.who, figure.source) if x)
    bank, books, apart = (sum_text(fen) for fen in (figure.fen, figure.books_fen, figure.apart_fen))
    day = day_text(figure.day)
    yield Text(
        f"{day} 银行 {bank}，当时账面 {books}，差 {apart} · {who} {when}",
        f"of {day}: bank {bank}, books then {books}, apart {apart} · {who} {when}",
    )
    for item in figure.items:
        fen = sum_text(item.fen)
        yield Text(f"在途 {item.name} {fen}", f"on its way: {item.name} {fen}")
    left = sum_text(figure.unexplained_fen)
    yield Text(f"除去在途，差 {left}", f"apart but for these: {left}")


def unknown_lines(view: BalanceView) -> Iterator[Text]:
    """Why it is not known."""
    if view.figure is None or not view.is_of_today:
        last = view.figure
        when = day_text(last.day) if last else ""
        zh, en = halves(Text(f"，最近一次 {when}", f", the last was of {when}") if last else None)
        yield Text(f"未知：今天没有填银行数{zh}", f"unknown: nobody has told the bank's figure today{en}")
    if view.owing:
        names = _names(view.owing)
        yield Text(f"未知：欠流水，卡内余额未齐：{names}", f"unknown: records are owed, so are sums of cards: {names}")
    if view.silent:
        names = _names(view.silent)
        yield Text(f"未知：未联系，其后所售未知：{names}", f"unknown: not heard, what they sold since: {names}")
    if view.differences:
        count = view.differences
        yield Text(f"未知：卡账差异未说明 {count}", f"unknown: {count} differences of cards are unexplained")


def balance_json(view: BalanceView) -> dict[str, Any]:
    """Sums in fen, positive where what is owed grows."""
    figure = view.figure
    return {
        "mark": str(view.mark), "accounts": {str(kind): fen for kind, fen in view.kinds.items() if fen},
        "holders_fen": view.holders_fen, "books_fen": view.books_fen, "balanced": view.is_balanced,
        "owing": list(view.owing), "silent": list(view.silent), "differences": view.differences,
        "bank": {
            "fen": figure.fen, "books_fen": figure.books_fen, "apart_fen": figure.apart_fen, "day": figure.day,
            "items": [one._asdict() for one in figure.items], "unexplained_fen": figure.unexplained_fen,
            "who": figure.who, "source": figure.source, "at_ms": figure.at_ms, "of_today": view.is_of_today,
        } if figure else None,
    }  # fmt: skip


def sum_text(fen: int) -> str:
    """With its sign before the sum."""
    return f"{'-' if fen < 0 else ''}¥{yuan(abs(fen))}"


def _line(name: Text, fen: int) -> Text:
    said = sum_text(fen)
    return Text(f"{name.zh} {said}", f"{name.en} {said}")


def _names(names: tuple[str, ...]) -> str:
    return " ".join(names[:NAMED]) + (f" … ({len(names)})" if len(names) > NAMED else "")
