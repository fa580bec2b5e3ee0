"""What a card says of itself without a tap: its balance and its own log, in words."""

from contextlib import suppress

from edge.terminal.counter.commands import Verb
from edge.terminal.taps.body import Body
from shared.clocks.clock import ClockError, seconds_of_bcd
from shared.money import yuan
from shared.purse.apdu import CardChannel
from shared.purse.effects import drive
from shared.purse.files import LogRecord
from shared.purse.flows.till import identify, read_balance, read_log
from shared.purse.outcomes import Rejected
from shared.words.voice import Text


def said_by(card: CardChannel, body: Body, verb: Verb) -> list[Text]:
    """LOG: its rows; else its balance; or why it cannot be read. CardLost."""
    identity = drive(identify(body.settings.profile, body.time(), body.agreed), card=card)
    if isinstance(identity, Rejected):
        why = identity.reason.name
        return [Text(f"读卡失败：{why}", f"the card cannot be read: {why}")]
    if verb is Verb.LOG:
        empty = Text("卡内无明细", "the log is empty")
        return [_log_line(record) for record in drive(read_log(), card=card)] or [empty]
    balance = drive(read_balance(), card=card)
    if isinstance(balance, Rejected):
        return [Text("余额读取失败", "the balance cannot be read")]
    return [Text(f"余额 ¥{yuan(balance)}", f"balance ¥{yuan(balance)}")]


def _log_line(record: LogRecord) -> Text:
    with suppress(ClockError):
        day = seconds_of_bcd(record.date_time)
        stamp = record.date_time.hex()
        when = f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]} {stamp[8:10]}:{stamp[10:12]}:{stamp[12:]}" if day else stamp
        kind = Text("圈存", "load") if record.kind in (1, 2) else Text("消费", "purchase")
        rest = f"¥{yuan(record.amount_fen)}  #{record.number}  @{record.terminal_id.hex()}"
        return Text(f"  {when}  {kind.zh}  {rest}", f"  {when}  {kind.en}  {rest}")
    raw = record.encode().hex()
    return Text(f"  {raw}", f"  {raw}")
