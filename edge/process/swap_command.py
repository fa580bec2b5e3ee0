"""`edge swap`: one person at the box puts a spare body in a broken one's place. The running box takes it up.

Needs no cloud, and says what follows. Refuses bodies that are not of this box, kinds that differ, and a spare or a
broken body that stands in another order.
"""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from edge.process.swap_file import read_orders, write_orders
from edge.settings import Settings, SpareSetting, SwapOrder, TerminalSetting, load
from shared.clocks.campus_clock import CampusClock
from shared.errors import ConfigFault
from shared.inventory import LOADERS
from shared.wire.messages import WHO_MAX

_Body = TypeVar("_Body", TerminalSetting, SpareSetting)


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line said. broken empty: list the orders; undo: take the order for `broken` back."""

    box: str
    broken: str
    spare: str
    who: str
    undo: bool


def swap(data: Path, wish: Wish, clock: CampusClock) -> list[str]:
    """Lines for the person. ConfigFault; then nothing was changed."""
    settings = load(data / "boxes" / wish.box / "edge.json")
    orders = read_orders(settings.folder)
    if not wish.broken:
        return _listed(settings, orders)
    broken = _named(settings.terminals, wish.broken, "--broken")
    if wish.undo:
        return _undone(settings, orders, broken)
    spare = _named(settings.spares, wish.spare, "--spare")
    made = SwapOrder(spare.device, broken.device, _person(wish.who), int(clock.at(time.time())))
    again = next((one for one in orders if (one.spare, one.broken) == (made.spare, made.broken)), None)
    if again is None:
        _require_free(orders, spare, broken)
        write_orders(settings.folder, (*orders, made))
    return _follows(spare, broken)


def _require_free(orders: tuple[SwapOrder, ...], spare: SpareSetting, broken: TerminalSetting) -> None:
    if broken.kind in LOADERS or spare.kind is not broken.kind:
        raise ConfigFault(f"{spare.name} 不能顶替 {broken.name} / cannot stand in for it: {broken.kind.value}")
    if any(one.spare == spare.device or one.broken == broken.device for one in orders):
        raise ConfigFault("其中一台已在另一换机单中，先 --undo / one of them stands in another order: --undo it")


def _undone(settings: Settings, orders: tuple[SwapOrder, ...], broken: TerminalSetting) -> list[str]:
    left = tuple(one for one in orders if one.broken != broken.device)
    if left == orders:
        raise ConfigFault(f"{broken.name}: 没有换机单 / there is no order")
    write_orders(settings.folder, left)
    return [
        f"换机单已撤：{broken.name} 可重新营业，备用机停止营业；已售的照常上传、待核",
        f"The order is taken back: {broken.name} may sell again, the spare stops; what it sold goes up and is held",
    ]


def _follows(spare: SpareSetting, broken: TerminalSetting) -> list[str]:
    return [
        f"换机单已记下：{spare.name} 顶替 {broken.name}",
        "  1. 把 PSAM 从坏机取出装入备用机，接同一线路、同一地址（演练："
        f"./ykt terminal adopt --name {spare.name} --from {broken.name}）",
        "  2. 备用机开机入网即可营业，不需要中心；坏机从此不能营业",
        "  3. 学生的钱照常入账；商户一侧一律待核，直到中心两人确认：./ykt cloud swap",
        "  4. 坏机里没有上传的记录仍在坏机里：修好接上即补传，丢弃前请先接上",
        f"Noted: {spare.name} stands in for {broken.name}",
        "  1. Move the PSAM from the broken body into the spare, on the same line and address (in the demonstration: "
        f"./ykt terminal adopt --name {spare.name} --from {broken.name})",
        "  2. Once it is on the line the spare sells, without the centre; the broken body sells no more",
        "  3. What students pay posts as ever; the merchant's side is held until two persons at the centre confirm: "
        "./ykt cloud swap",
        "  4. Records that the broken body has not handed over are still in it: connect it before you throw it away",
    ]


def _listed(settings: Settings, orders: tuple[SwapOrder, ...]) -> list[str]:
    names = {one.device: one.name for one in settings.terminals} | {one.device: one.name for one in settings.spares}
    spares = ", ".join(one.name for one in settings.spares) or "无 none"
    shown = [f"  {names.get(one.spare, '?')} ← {names.get(one.broken, '?')}  {one.who}" for one in orders]
    return [f"备用机 spares: {spares}", f"换机单 orders: {len(orders)}", *shown]


def _named(bodies: tuple[_Body, ...], name: str, option: str) -> _Body:
    for body in bodies:
        if body.name == name:
            return body
    known = ", ".join(body.name for body in bodies) or "无 none"
    raise ConfigFault(f"{option} {name[:40]}: 本网关没有，有 / not at this box, which has: {known}")


def _person(name: str) -> str:
    plain = " ".join(name.split())
    if not 0 < len(plain) <= WHO_MAX or not plain.isprintable():
        raise ConfigFault(f"--who: 1..{WHO_MAX} 个字 / characters")
    return plain
