"""What the desk says of a card: one line per fact. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from edge.desk.reading.agreement import LOADS, Agreement, Owed, agree
from edge.desk.reading.examine import PurseSaid
from shared.clocks.clock import ClockError, seconds_of_bcd
from shared.input.sheet import Cell, yuan_cell
from shared.money import yuan
from shared.purse.crypto import TYPE_OVERDRAFT, TYPE_UNLOAD
from shared.purse.files import LogRecord, PublicData, is_enabled
from shared.wire.desk.calls import CardBooks, CardState
from shared.words.voice import Text

CLASSES = {1: Text("学生卡", "student"), 2: Text("教工卡", "staff"), 3: Text("临时卡", "visitor")}
"""Card classes of the campus; another one is shown by its number."""
STATES = {
    CardState.NORMAL: Text("正常", "normal"),
    CardState.LOST: Text("已挂失", "reported lost"),
    CardState.REPLACED: Text("已换卡，旧卡作废", "replaced; this one is void"),
}
LOG_LINES = 10


def class_words(number: int) -> Text:
    """A card class in words."""
    return CLASSES.get(number, Text(f"第 {number} 类卡", f"class {number}"))


def purse_lines(said: PurseSaid, today_bcd: bytes) -> Iterator[Text]:
    """What the card alone says."""
    public = said.public
    zh, en = said.profile.title
    yield Text(f"应用：{zh}", f"application: {en}")
    yield _holder_line(said)
    dates, passed = dates_of(public), _dates_word(said, today_bcd)
    valid = Text(f"有效期：{dates}", f"valid: {dates}")
    yield Text(f"{valid.zh}　{passed.zh}", f"{valid.en}  {passed.en}") if passed else valid
    is_on = is_enabled(said.profile.form, public)
    yield Text("启用：是", "enabled: yes") if is_on else Text("启用：否，未领卡激活", "enabled: no, not activated")
    if said.balance_fen is not None:
        yield Text(f"卡内余额：¥{yuan(said.balance_fen)}", f"purse balance: ¥{yuan(said.balance_fen)}")
    if said.offline is not None and said.online is not None:
        offline, online = said.offline, said.online
        yield Text(f"交易序号：脱机 {offline}，联机 {online}", f"counters: offline {offline}, online {online}")
    yield Text("口令：剩余次数须核对一次才知（pin-verify）", "PIN: its tries left are only learnt by one (pin-verify)")
    if said.balance_fen is None:
        yield Text("卡不报余额", "the card does not tell its balance")


def dates_of(public: PublicData) -> str:
    """From when and until when it is valid."""
    return f"{_date(public.start)} – {_date(public.expiry)}"


def _holder_line(said: PurseSaid) -> Text:
    card, kind = said.card.hex(), class_words(said.public.card_type)
    line = Text(f"卡号：{card}　类别：{kind.zh}", f"card: {card}  class: {kind.en}")
    return Text(f"{line.zh}　持卡人：{said.holder}", f"{line.en}  holder: {said.holder}") if said.holder else line


def book_lines(said: PurseSaid, books: CardBooks) -> Iterator[Text]:
    """What the ledger says, and whether both agree."""
    state = STATES[books.state]
    hot = Text("在黑名单", "on the hotlist") if books.hotlisted else Text("不在黑名单", "not on the hotlist")
    yield Text(
        f"账本：卡面号 {books.label} · {state.zh} · {hot.zh}", f"ledger: label {books.label} · {state.en} · {hot.en}"
    )
    if books.successor:
        yield Text(f"替换为：{books.successor}", f"replaced by: {books.successor}")
    if books.card_class != said.public.card_type:
        kind = class_words(books.card_class)
        yield Text(f"类别不符：账本为{kind.zh}", f"the card's class differs from the ledger's: {kind.en}")
    purse, online, transit = yuan(books.purse_fen), yuan(books.online_fen), yuan(books.transit_fen)
    yield Text(
        f"账面卡内余额 ¥{purse} · 电子账户 ¥{online} · 圈存在途 ¥{transit}",
        f"expected on the card ¥{purse} · online account ¥{online} · in transit ¥{transit}",
    )
    yield from _waiting_lines(books)
    if said.balance_fen is not None:
        yield from agreement_lines(agree(said.profile, said.balance_fen, said.log, books))


def _waiting_lines(books: CardBooks) -> Iterator[Text]:
    pending, back, subsidy = yuan(books.pending_fen), yuan(books.given_back_fen), yuan(books.subsidy_fen)
    if books.pending_fen:
        yield Text(f"过渡余额，可领款：¥{pending}", f"pending load, can be claimed: ¥{pending}")
    if books.given_back_fen:
        yield Text(f"待回补助，暂不能领回卡内：¥{back}", f"subsidy given back, not to be claimed yet: ¥{back}")
    if books.subsidy_fen:
        yield Text(f"账面补助余额：¥{subsidy}", f"expected in the subsidy purse: ¥{subsidy}")


def subsidy_line(card_fen: int, books_fen: int) -> Text:
    """Whether the subsidy purse holds what the ledger says; a record that is still at its till makes them differ."""
    if card_fen == books_fen:
        return Text("核对：补助余额相符", "check: the subsidy balance agrees")
    return _apart(
        Text("核对：补助余额不符，或有记录未到账", "check: the subsidy balance differs, or a record is late"),
        card_fen - books_fen,
    )


def agreement_lines(found: Agreement) -> Iterator[Text]:
    """The verdict and, where something is owed, by whom."""
    match = found.match.value
    verdict = Text(f"核对：{match.zh}", f"check: {match.en}")
    yield _apart(verdict, found.difference_fen) if found.difference_fen else verdict
    for matter in found.open:
        name, fen = Text("圈存", "load") if matter.kind == "load" else Text("圈提", "unload"), yuan(matter.fen)
        yield Text(
            f"  未了：{name.zh} ¥{fen}，联机序号 {matter.counter}",
            f"  undecided: {name.en} ¥{fen}, online counter {matter.counter}",
        )
    for owed in found.owed:
        words = _owed_words(owed)
        yield Text(f"  未到账：{words.zh}", f"  owed: {words.en}")


def _apart(said: Text, fen: int) -> Text:
    return Text(f"{said.zh}　卡减账 ¥{yuan(fen)}", f"{said.en}  card − ledger ¥{yuan(fen)}")


def log_lines(log: tuple[LogRecord, ...], places: dict[bytes, str]) -> Iterator[Text]:
    """The card's own log, newest first."""
    for record in log[:LOG_LINES]:
        words = log_words(record, places.get(record.terminal_id, ""))
        yield Text(f"  {words.zh}", f"  {words.en}")


CSV_HEAD = (
    Text("卡号", "card"), Text("时间", "time"), Text("类型", "type"), Text("金额（元）", "yuan"),
    Text("序号", "number"), Text("终端", "terminal"), Text("地点", "place"),
)  # fmt: skip


def csv_row(card: bytes, record: LogRecord, places: dict[bytes, str]) -> list[Cell]:
    """One log record as cells."""
    fen = record.amount_fen if record.kind in LOADS else -record.amount_fen
    return [
        card.hex(), when_words(record), str(kind_words(record.kind)), yuan_cell(fen), record.number,
        record.terminal_id.hex(), places.get(record.terminal_id, ""),
    ]  # fmt: skip


def log_words(record: LogRecord, place: str) -> Text:
    """One log record."""
    sign = "+" if record.kind in LOADS else "-"
    terminal, kind = record.terminal_id.hex(), kind_words(record.kind)
    where = Text(place, place) if place else Text(f"终端 {terminal}", f"terminal {terminal}")
    when, amount = when_words(record), f"{sign}¥{yuan(record.amount_fen)}  #{record.number}"
    return Text(f"{when}  {kind.zh}  {amount}  {where.zh}", f"{when}  {kind.en}  {amount}  {where.en}")


def kind_words(kind: int) -> Text:
    """A transaction type."""
    if kind in LOADS:
        return Text("圈存", "load")
    if kind == TYPE_UNLOAD:
        return Text("圈提", "unload")
    return Text("透支额度", "overdraft limit") if kind == TYPE_OVERDRAFT else Text("消费", "purchase")


def when_words(record: LogRecord) -> str:
    """Date and time, or the bare digits where they are none."""
    stamp = record.date_time.hex()
    try:
        seconds_of_bcd(record.date_time)
    except ClockError:
        return stamp
    return f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]} {stamp[8:10]}:{stamp[10:12]}:{stamp[12:]}"


def _owed_words(owed: Owed) -> Text:
    lane = Text("联机", "online") if owed.is_online else Text("脱机", "offline")
    gone = Text("卡内明细已无此笔", "no longer in the card's log")
    what = gone if owed.log is None else log_words(owed.log, owed.place)
    return Text(f"{lane.zh} #{owed.counter}：{what.zh}", f"{lane.en} #{owed.counter}: {what.en}")


def _date(bcd: bytes) -> str:
    text = bcd.hex()
    return f"{text[:4]}-{text[4:6]}-{text[6:]}"


def _dates_word(said: PurseSaid, today_bcd: bytes) -> Text | None:
    if today_bcd < said.public.start:
        return Text("未到启用日期", "not valid yet")
    return Text("已过期", "expired") if today_bcd > said.public.expiry else None
