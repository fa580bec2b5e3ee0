"""Receipts 收据 and what a cashier is told of an outcome, Chinese first. Pure."""

from __future__ import annotations

from shared.clocks.clock import date_time_bcd
from shared.desk import No, ReceiptSaid
from shared.money import yuan
from shared.purse.desk_outcomes import DoneAtCard, NotKnown, Refused, Unloaded, UnloadRefused, UnloadUnknown
from shared.purse.reasons import REASON_TEXT, Reason

AWAY = (
    "账本无应答，结果未知：请执行 settle 查明，勿重复收付 / "
    "no answer from the ledger: run `desk settle`, take or pay nothing twice"
)


def receipt_line(what: tuple[str, str], said: ReceiptSaid) -> str:
    """One receipt; a repeated one says so."""
    stamp = date_time_bcd(said.at_s).hex()
    when = f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]} {stamp[8:10]}:{stamp[10:12]}:{stamp[12:]}"
    again = "（重打 reprint）" if said.again else ""
    return (
        f"收据 receipt {said.cashier}-{said.number:06d}{again} · {when} · {what[0]} {what[1]} ¥{yuan(said.fen)} · "
        f"电子账户 online account ¥{yuan(said.online_fen)}"
    )


def no_line(no: No) -> str:
    """The ledger refuses."""
    return f"账本不同意 / the ledger refuses: {no.zh} / {no.en}"


def reason_words(reason: Reason, sw: int | None, why: tuple[str, str] | None = None) -> str:
    """Why, by the centre's words where it gave some."""
    zh, en = why or REASON_TEXT[reason]
    return f"{zh} / {en}" + (f" ({sw:04X})" if sw is not None else "")


def card_line(outcome: DoneAtCard | Refused | NotKnown, done: tuple[str, str]) -> str:
    """What became of an operation on a card."""
    match outcome:
        case DoneAtCard():
            return f"{done[0]} / {done[1]}"
        case Refused(reason, sw, why):
            return f"未办理 / not done: {reason_words(reason, sw, why)}"
        case NotKnown(reason, remedy, sw):
            return f"结果未知 / not known: {reason_words(reason, sw)}；{remedy.value[0]} / {remedy.value[1]}"


def known_line(outcome: Unloaded | UnloadRefused | UnloadUnknown) -> str:
    """What the ledger knew of an unload without its card. The balance is the card's, which has gone on since."""
    if isinstance(outcome, Unloaded):
        fen = yuan(outcome.unload.auth.amount_fen)
        return f"账本已结清：圈提 ¥{fen} 已入网上账户 / settled in the ledger: the unload is in the account"
    return "账本已结清：未圈提，卡未扣款 / settled in the ledger: not unloaded, the card was not debited"


def unload_line(outcome: Unloaded | UnloadRefused | UnloadUnknown) -> str:
    """What became of an unload."""
    match outcome:
        case Unloaded(pending):
            after = yuan(pending.balance_after_fen)
            return f"已圈提 / unloaded ¥{yuan(pending.auth.amount_fen)}，卡内余额 balance ¥{after}"
        case UnloadRefused(reason, sw, why):
            return f"未圈提，卡未扣款 / not unloaded, the card was not debited: {reason_words(reason, sw, why)}"
        case UnloadUnknown(_, reason, remedy, sw):
            return f"未确认，勿付款 / not proven, pay nothing: {reason_words(reason, sw)}；{' / '.join(remedy.value)}"
