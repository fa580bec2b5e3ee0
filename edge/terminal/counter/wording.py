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
from shared.words.voice import Text

_KINDS = {
    DeviceKind.POS: Text("消费机", "POS"),
    DeviceKind.VALIDATOR: Text("车载机", "validator"),
    DeviceKind.LOAD_MACHINE: Text("圈存机", "load machine"),
    DeviceKind.DESK: Text("卡务台", "card desk"),
}
_WITHOUT_PURSE = {
    "payments": Text("账户支付", "account payments"),
    "codes": Text("脱机付款码", "offline codes"),
}
"""Named where there are some: beside the sales, which are of purses."""
SALES_SHOWN = 20
_JOINING = Text("正在接入", "joining")
_LINE = {
    "no-wire": Text("无网络", "no network"),
    "hello": _JOINING,
    "auth": _JOINING,
    "joined": Text("在线", "online"),
}


def status_lines(said: Mapping[str, Any]) -> list[str]:
    """The STATUS values of a terminal as a person reads them."""
    kind = _KINDS[DeviceKind(said["kind"])]
    selling = selling_words(Bar(said["why"]) if said["why"] else None)
    lines = (
        Text(f"开机以来：{_shown(said, '').zh}", f"since power-on: {_shown(said, '').en}"),
        Text(f"累计：{_shown(said, 'total_').zh}", f"since its first day: {_shown(said, 'total_').en}"),
        Text(
            f"未成功：拒绝 {said['declined']} · 中断 {said['torn']} · 停售时 {said['not_selling']}",
            f"not done: declined {said['declined']} · torn {said['torn']} · not selling {said['not_selling']}",
        ),
        Text(
            f"流水：存储代 {said['epoch']} · 最新 {said['last']} · 未入账 {said['unsettled']} · "
            f"未上传 {said['unsent']} · 余位 {said['ring_free']}",
            f"records: epoch {said['epoch']} · newest {said['last']} · not posted {said['unsettled']} · "
            f"not sent {said['unsent']} · free {said['ring_free']}",
        ),
        Text(
            f"待同一张卡再放：{said['waiting_slots']}，其中未登记 {said['open_slots']}",
            f"cards to come again: {said['waiting_slots']}, of which not noted yet: {said['open_slots']}",
        ),
        Text(f"每笔耗时：{_latency(said)}", f"a tap takes: {_latency(said)}"),
    )
    return [f"  {said['name']} · {kind} · {_LINE[said['state']]} · {selling}", *(f"  {line}" for line in lines)]


def selling_words(bar: Bar | None) -> Text:
    """Does this body sell, or why not?"""
    if bar is None:
        return Text("可消费", "selling")
    why = bar_words(bar)
    return Text(f"停止消费：{why.zh}", f"not selling: {why.en}")


def sale_lines(sales: Sequence[ShiftSale]) -> list[str]:
    """The sales of this shift as a cashier reads them, the newest first."""
    if not sales:
        return [str(Text("本班没有消费", "no sales in this shift"))]
    lines = [f"  {_sale_line(sale)}" for sale in sales[:SALES_SHOWN]]
    more = len(sales) - SALES_SHOWN
    return [*lines, *([str(Text(f"  … 另有 {more} 笔", f"  … {more} more"))] if more > 0 else [])]


def _sale_line(sale: ShiftSale) -> str:
    paid, card = f"{sale.seq:>6}  {time_text(sale.time_s)}  ¥{yuan(sale.fen)}", sale.card[-2:].hex()
    void = Text("  已撤销", "  void") if sale.is_void else ""
    return f"{Text(f'流水 {paid}  卡尾号 {card}', f'sale {paid}  card …{card}')}{void}"


def again_line(command: Command, result: Result) -> str:
    """What to type, now that only the same card can tell; empty when nothing waits for it."""
    if result.end is not End.UNKNOWN or result.reason is Reason.MAC2_WRONG:
        return ""
    typed = {Verb.LOAD: f"load {yuan(command.amount_fen)}", Verb.CLAIM: "claim"}.get(command.verb, "again")
    enter = Text("（或直接回车）", " (or just Enter)") if typed == "again" else ""
    return f"{Text('  → 同一张卡再放，请键入：', '  → the same card again, type: ')}{typed}{enter}"


def _shown(said: Mapping[str, Any], run: str) -> Text:
    sold = f"{said[run + 'taps']} ¥{yuan(said['total_fen' if run else 'shown_fen'])}"
    loads = f"{said[run + 'loads']} ¥{yuan(said[run + 'loads_fen'])}"
    voids = f"{said[run + 'voids']} ¥{yuan(said[run + 'voided_fen'])}"
    found = Text(f"消费 {sold} · 圈存 {loads} · 撤销 {voids}", f"sales {sold} · loads {loads} · voids {voids}")
    for name, words in _WITHOUT_PURSE.items():
        if said[run + name]:
            sums = f"{said[run + name]} ¥{yuan(said[f'{run}{name}_fen'])}"
            found = Text(f"{found.zh} · {words.zh} {sums}", f"{found.en} · {words.en} {sums}")
    return found


def _latency(said: Mapping[str, Any]) -> str:
    return f"p50 {said['latency_ms']['p50']} ms · p99 {said['latency_ms']['p99']} ms"
