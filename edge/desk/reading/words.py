"""What the desk says of a card, Chinese first, English second: one line per fact. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from edge.desk.reading.agreement import LOADS, Agreement, Owed, agree
from edge.desk.reading.examine import PurseSaid
from shared.clocks.clock import ClockError, seconds_of_bcd
from shared.desk import CardBooks, CardState
from shared.input.sheet import Cell, yuan_cell
from shared.money import yuan
from shared.purse.crypto import TYPE_OVERDRAFT, TYPE_UNLOAD
from shared.purse.files import LogRecord, is_enabled

CLASSES = {1: ("学生卡", "student"), 2: ("教工卡", "staff"), 3: ("临时卡", "visitor")}
"""Card classes of the campus; another one is shown by its number."""
STATES = {
    CardState.NORMAL: ("正常", "normal"),
    CardState.LOST: ("已挂失", "reported lost"),
    CardState.REPLACED: ("已换卡，旧卡作废", "replaced; this one is void"),
}
LOG_LINES = 10


def class_words(number: int) -> tuple[str, str]:
    """A card class in words."""
    return CLASSES.get(number, (f"第 {number} 类卡", f"class {number}"))


def purse_lines(said: PurseSaid, today_bcd: bytes) -> Iterator[str]:
    """What the card alone says."""
    public = said.public
    zh, en = class_words(public.card_type)
    yield f"应用 application: {said.profile.title[0]} / {said.profile.title[1]}"
    holder = f"　持卡人 holder: {said.holder}" if said.holder else ""
    yield f"卡号 card: {said.card.hex()}　类别 class: {zh} {en}{holder}"
    yield f"有效期 valid: {_date(public.start)} – {_date(public.expiry)}{_dates_word(said, today_bcd)}"
    yield f"启用 enabled: {'是 yes' if is_enabled(said.profile.form, public) else '否，未领卡激活 no, not activated'}"
    if said.balance_fen is not None:
        yield f"卡内余额 purse balance: ¥{yuan(said.balance_fen)}"
    if said.offline is not None and said.online is not None:
        yield f"交易序号 counters: 脱机 offline {said.offline}, 联机 online {said.online}"
    yield "口令 PIN: 剩余次数须核对一次才知 tries are only learnt by one (pin-verify)"
    if said.balance_fen is None:
        yield "卡不报余额 / the card does not tell its balance"


def book_lines(said: PurseSaid, books: CardBooks) -> Iterator[str]:
    """What the ledger says, and whether both agree."""
    zh, en = STATES[books.state]
    hot = "在黑名单 on the hotlist" if books.hotlisted else "不在黑名单 not on the hotlist"
    yield f"账本 ledger: 卡面号 label {books.label} · {zh} {en} · {hot}"
    if books.successor:
        yield f"替换为 replaced by: {books.successor}"
    if books.card_class != said.public.card_type:
        yield f"类别不符：账本为 {' '.join(class_words(books.card_class))} / the card's class differs from the ledger's"
    yield (
        f"账面卡余额 expected on the card ¥{yuan(books.purse_fen)} · "
        f"电子账户 online account ¥{yuan(books.online_fen)} · 圈存在途 in transit ¥{yuan(books.transit_fen)}"
    )
    if books.pending_fen:
        yield f"过渡余额，可领款 pending load, can be claimed: ¥{yuan(books.pending_fen)}"
    if books.given_back_fen:
        yield f"待回补助，暂不能领回卡内 subsidy given back, not to be claimed yet: ¥{yuan(books.given_back_fen)}"
    if books.subsidy_fen:
        yield f"账面补助余额 expected in the subsidy purse: ¥{yuan(books.subsidy_fen)}"
    if said.balance_fen is not None:
        yield from agreement_lines(agree(said.profile, said.balance_fen, said.log, books))


def subsidy_line(card_fen: int, books_fen: int) -> str:
    """Whether the subsidy purse holds what the ledger says; a record that is still at its till makes them differ."""
    if card_fen == books_fen:
        return "核对 check: 补助余额相符 / the subsidy balance agrees"
    apart = f"卡减账 card − ledger ¥{yuan(card_fen - books_fen)}"
    return f"核对 check: 补助余额不符，或有记录未到账 / the subsidy balance differs, or a record is late　{apart}"


def agreement_lines(found: Agreement) -> Iterator[str]:
    """The verdict and, where something is owed, by whom."""
    yield f"核对 check: {found.match.value[0]} / {found.match.value[1]}" + (
        f"　卡减账 card − ledger ¥{yuan(found.difference_fen)}" if found.difference_fen else ""
    )
    for matter in found.open:
        name = "圈存 load" if matter.kind == "load" else "圈提 unload"
        yield f"  未了 undecided: {name} ¥{yuan(matter.fen)}，联机序号 online counter {matter.counter}"
    for owed in found.owed:
        yield f"  未到账 owed: {_owed_words(owed)}"


def log_lines(log: tuple[LogRecord, ...], places: dict[bytes, str]) -> Iterator[str]:
    """The card's own log, newest first."""
    for record in log[:LOG_LINES]:
        yield "  " + log_words(record, places.get(record.terminal_id, ""))


CSV_HEAD = ["卡号 card", "时间 time", "类型 type", "金额 yuan", "序号 number", "终端 terminal", "地点 place"]


def csv_row(card: bytes, record: LogRecord, places: dict[bytes, str]) -> list[Cell]:
    """One log record as cells."""
    fen = record.amount_fen if record.kind in LOADS else -record.amount_fen
    return [
        card.hex(), when_words(record), kind_words(record.kind), yuan_cell(fen), record.number,
        record.terminal_id.hex(), places.get(record.terminal_id, ""),
    ]  # fmt: skip


def log_words(record: LogRecord, place: str) -> str:
    """One log record."""
    sign = "+" if record.kind in LOADS else "-"
    where = place or f"终端 terminal {record.terminal_id.hex()}"
    amount = f"{sign}¥{yuan(record.amount_fen)}"
    return f"{when_words(record)}  {kind_words(record.kind)}  {amount}  #{record.number}  {where}"


def kind_words(kind: int) -> str:
    """A transaction type."""
    if kind in LOADS:
        return "圈存 load"
    return {TYPE_UNLOAD: "圈提 unload", TYPE_OVERDRAFT: "透支额度 overdraft limit"}.get(kind, "消费 purchase")


def when_words(record: LogRecord) -> str:
    """Date and time, or the bare digits where they are none."""
    stamp = record.date_time.hex()
    try:
        seconds_of_bcd(record.date_time)
    except ClockError:
        return stamp
    return f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]} {stamp[8:10]}:{stamp[10:12]}:{stamp[12:]}"


def _owed_words(owed: Owed) -> str:
    lane = "联机 online" if owed.is_online else "脱机 offline"
    if owed.log is None:
        return f"{lane} #{owed.counter}，卡内明细已无此笔 / no longer in the card's log"
    return f"{lane} #{owed.counter}: {log_words(owed.log, owed.place)}"


def _date(bcd: bytes) -> str:
    text = bcd.hex()
    return f"{text[:4]}-{text[4:6]}-{text[6:]}"


def _dates_word(said: PurseSaid, today_bcd: bytes) -> str:
    if today_bcd < said.public.start:
        return "　未到启用日期 not valid yet"
    return "　已过期 expired" if today_bcd > said.public.expiry else ""
