"""Receipts 收据 and what a cashier is told of an outcome. Pure."""

from __future__ import annotations

from shared.clocks.clock import date_time_bcd
from shared.money import yuan
from shared.purse.desk_outcomes import DoneAtCard, NotKnown, Refused, Unloaded, UnloadRefused, UnloadUnknown
from shared.purse.reasons import REASON_TEXT, Reason
from shared.wire.desk.calls import No, ReceiptSaid
from shared.words.voice import Text

AWAY = Text(
    "账本无应答，结果未知：请执行 settle 查明，勿重复收付",
    "no answer from the ledger, nobody knows what it did: run `desk settle`, take or pay nothing twice",
)


def receipt_line(what: Text, said: ReceiptSaid) -> Text:
    """One receipt; a repeated one says so."""
    stamp = date_time_bcd(said.at_s).hex()
    when = f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]} {stamp[8:10]}:{stamp[10:12]}:{stamp[12:]}"
    number, fen, online = f"{said.cashier}-{said.number:06d}", yuan(said.fen), yuan(said.online_fen)
    line = Text(
        f"{when} · {what.zh} ¥{fen} · 电子账户 ¥{online}", f"{when} · {what.en} ¥{fen} · online account ¥{online}"
    )
    head = Text(f"收据 {number}", f"receipt {number}")
    if said.again:
        head = Text(f"{head.zh}（重打）", f"{head.en} (reprint)")
    return Text(f"{head.zh} · {line.zh}", f"{head.en} · {line.en}")


def no_line(no: No) -> Text:
    """The ledger refuses."""
    return Text(f"账本不同意：{no.zh}", f"the ledger refuses: {no.en}")


def reason_words(reason: Reason, sw: int | None, why: Text | None = None) -> Text:
    """Why, by the centre's words where it gave some."""
    text = why or REASON_TEXT[reason]
    return text if sw is None else Text(f"{text.zh}（{sw:04X}）", f"{text.en} ({sw:04X})")


def card_line(outcome: DoneAtCard | Refused | NotKnown, done: Text) -> Text:
    """What became of an operation on a card."""
    match outcome:
        case DoneAtCard():
            return done
        case Refused(reason, sw, why):
            return _because(Text("未办理", "not done"), reason_words(reason, sw, why))
        case NotKnown(reason, remedy, sw):
            return _so(_because(Text("结果未知", "not known"), reason_words(reason, sw)), remedy.value)


def known_line(outcome: Unloaded | UnloadRefused | UnloadUnknown) -> Text:
    """What the ledger knew of an unload without its card. The balance is the card's, which has gone on since."""
    if isinstance(outcome, Unloaded):
        fen = yuan(outcome.unload.auth.amount_fen)
        return Text(
            f"账本已结清：圈提 ¥{fen} 已入电子账户",
            f"settled in the ledger: the unload of ¥{fen} is in the online account",
        )
    return Text("账本已结清：未圈提，卡未扣款", "settled in the ledger: not unloaded, the card was not debited")


def unload_line(outcome: Unloaded | UnloadRefused | UnloadUnknown) -> Text:
    """What became of an unload."""
    match outcome:
        case Unloaded(pending):
            fen, after = yuan(pending.auth.amount_fen), yuan(pending.balance_after_fen)
            return Text(f"已圈提 ¥{fen}，卡内余额 ¥{after}", f"unloaded ¥{fen}, purse balance ¥{after}")
        case UnloadRefused(reason, sw, why):
            said = Text("未圈提，卡未扣款", "not unloaded, the card was not debited")
            return _because(said, reason_words(reason, sw, why))
        case UnloadUnknown(_, reason, remedy, sw):
            said = Text("未确认，勿付款", "not proven, pay nothing")
            return _so(_because(said, reason_words(reason, sw)), remedy.value)


def _because(said: Text, why: Text) -> Text:
    return Text(f"{said.zh}：{why.zh}", f"{said.en}: {why.en}")


def _so(said: Text, todo: Text) -> Text:
    return Text(f"{said.zh}；{todo.zh}", f"{said.en}; {todo.en}")
