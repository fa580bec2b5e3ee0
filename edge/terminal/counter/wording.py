"""What a counter by hand says in words: this terminal's state, and what to type when a card must come again. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from edge.terminal.counter.commands import Command, Verb
from edge.terminal.store.voids import ShiftSale
from edge.terminal.taps.display import Bar, bar_words
from edge.terminal.taps.steps import End, Result
from shared.clocks.clock import time_text
from shared.inventory import DeviceKind
from shared.money import yuan
from shared.purse.reasons import Reason

_KINDS = {
    DeviceKind.POS: "消费机 POS",
    DeviceKind.VALIDATOR: "车载机 validator",
    DeviceKind.LOAD_MACHINE: "圈存机 load machine",
    DeviceKind.DESK: "卡务台 card desk",
}
SALES_SHOWN = 20
_LINE = {
    "no-wire": "无网络 no network",
    "hello": "正在接入 joining",
    "auth": "正在接入 joining",
    "joined": "在线 online",
}


def status_lines(said: Mapping[str, Any]) -> list[str]:
    """The STATUS values of a terminal as a person reads them."""
    why = " / ".join(bar_words(Bar(said["why"]))) if said["why"] else ""
    selling = f"停止消费 not selling: {why}" if why else "可消费 selling"
    kind = _KINDS[DeviceKind(said["kind"])]
    return [
        f"  {said['name']} · {kind} · {_LINE[said['state']]} · {selling}",
        f"  开机以来 since power-on: {_shown(said, '')}",
        f"  累计 since its first day: {_shown(said, 'total_')}",
        f"  未成功 not done: 拒绝 declined {said['declined']} · 中断 torn {said['torn']} · 停售时 not selling "
        f"{said['not_selling']}",
        f"  流水 records: 第 {said['epoch']} 纪元 epoch · 最新 newest {said['last']} · 未入账 not posted "
        f"{said['unsettled']} · 未上传 not sent {said['unsent']} · 余位 free {said['ring_free']}",
        f"  待同一张卡再放 cards to come again: {said['waiting_slots']}，其中未登记 not noted yet {said['open_slots']}",
        f"  每笔耗时 a tap takes: p50 {said['latency_ms']['p50']} ms · p99 {said['latency_ms']['p99']} ms",
    ]


def sale_lines(sales: Sequence[ShiftSale]) -> list[str]:
    """The sales of this shift as a cashier reads them, the newest first."""
    if not sales:
        return ["本班没有消费 / no sales in this shift"]
    lines = [
        f"  流水 {sale.seq:>6}  {time_text(sale.time_s)}  ¥{yuan(sale.fen)}  卡尾号 card …{sale.card[-2:].hex()}"
        + ("  已撤销 void" if sale.is_void else "")
        for sale in sales[:SALES_SHOWN]
    ]
    more = len(sales) - SALES_SHOWN
    return [*lines, *([f"  … 另有 {more} 笔 more"] if more > 0 else [])]


def again_line(command: Command, result: Result) -> str:
    """What to type, now that only the same card can tell; empty when nothing waits for it."""
    if result.end is not End.UNKNOWN or result.reason is Reason.MAC2_WRONG:
        return ""
    typed = {Verb.LOAD: f"load {yuan(command.amount_fen)}", Verb.CLAIM: "claim"}.get(command.verb, "again")
    enter = "（或直接回车）/ or just Enter" if typed == "again" else ""
    return f"  → 同一张卡再放：键入 / the same card again, type: {typed}{enter}"


def _shown(said: Mapping[str, Any], run: str) -> str:
    sold = f"消费 sales {said[run + 'taps']} ¥{yuan(said['total_fen' if run else 'shown_fen'])}"
    loads = f"圈存 loads {said[run + 'loads']} ¥{yuan(said[run + 'loads_fen'])}"
    voids = f"撤销 voids {said[run + 'voids']} ¥{yuan(said[run + 'voided_fen'])}"
    return f"{sold} · {loads} · {voids}"
