"""`edge swap`: one person at the box puts a spare body in a broken one's place. The running box takes it up.

Needs no cloud, and says what follows. Refuses bodies that are not of this box, kinds that differ, and a spare or a
broken body that stands in another order.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from edge.process.swap_file import changing, read_orders, write_orders
from edge.settings import BoxSettings, SpareSetting, SwapOrder, TerminalSetting, load
from shared.clocks.campus_clock import CampusClock
from shared.errors import ConfigFault
from shared.inventory import LOADERS
from shared.wire.messages import WHO_MAX
from shared.words.voice import Text

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
    """Lines for the person, in the language that is spoken. ConfigFault; then nothing was changed."""
    settings = load(data / "boxes" / wish.box / "edge.json")
    if not wish.broken:
        return _listed(settings, read_orders(settings.folder))
    with changing(settings.folder) as orders:
        return _changed(settings, orders, wish, clock)


def _changed(settings: BoxSettings, orders: tuple[SwapOrder, ...], wish: Wish, clock: CampusClock) -> list[str]:
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
        kind = broken.kind.value
        raise ConfigFault(
            Text(
                f"{spare.name} 不能顶替 {broken.name}（{kind}）",
                f"{spare.name} cannot stand in for {broken.name} ({kind})",
            )
        )
    if any(one.spare == spare.device or one.broken == broken.device for one in orders):
        raise ConfigFault(
            Text(
                "其中一台已在另一换机单中，先用 --undo 撤回",
                "one of them stands in another swap order: --undo that first",
            )
        )


def _undone(settings: BoxSettings, orders: tuple[SwapOrder, ...], broken: TerminalSetting) -> list[str]:
    left = tuple(one for one in orders if one.broken != broken.device)
    if left == orders:
        raise ConfigFault(Text(f"{broken.name}: 没有换机单", f"{broken.name}: there is no swap order"))
    write_orders(settings.folder, left)
    said = Text(
        f"换机单已撤：{broken.name} 可重新营业，备用机停止营业；已售的照常上传、待核",
        f"Order taken back: {broken.name} may sell again, the spare stops; what it sold goes up and is held",
    )
    return [str(said)]


def _follows(spare: SpareSetting, broken: TerminalSetting) -> list[str]:
    adopt = f"./ykt terminal adopt --name {spare.name} --from {broken.name}"
    lines = (
        Text(f"换机单已记下：{spare.name} 顶替 {broken.name}", f"Noted: {spare.name} stands in for {broken.name}"),
        Text(
            f"  1. 把 PSAM 从坏机取出装入备用机，接同一线路、同一地址（演示：{adopt}）",
            "  1. Move the PSAM from the broken body into the spare, on the same line and address "
            f"(in the demonstration: {adopt})",
        ),
        Text(
            "  2. 备用机开机入网即可营业，不需要中心；坏机从此不能营业",
            "  2. Once it is on the line the spare sells, without the centre; the broken body sells no more",
        ),
        Text(
            "  3. 学生的钱照常入账；商户一侧一律待核，直到中心两人确认：./ykt cloud swap",
            "  3. What students pay posts as ever; the merchant's side is held until two persons at the centre "
            "confirm: ./ykt cloud swap",
        ),
        Text(
            "  4. 坏机里没有上传的记录仍在坏机里：修好接上即补传，丢弃前请先接上",
            "  4. Records that the broken body has not handed over are still in it: connect it before you discard it",
        ),
    )
    return [str(line) for line in lines]


def _listed(settings: BoxSettings, orders: tuple[SwapOrder, ...]) -> list[str]:
    names = {one.device: one.name for one in settings.terminals} | {one.device: one.name for one in settings.spares}
    spares = _joined(one.name for one in settings.spares)
    shown = [f"  {names.get(one.spare, '?')} ← {names.get(one.broken, '?')}  {one.who}" for one in orders]
    said = Text(f"备用机：{spares}\n换机单：{len(orders)}", f"spares: {spares}\nswap orders: {len(orders)}")
    return [*str(said).splitlines(), *shown]


def _named(bodies: tuple[_Body, ...], name: str, option: str) -> _Body:
    for body in bodies:
        if body.name == name:
            return body
    known, asked = _joined(body.name for body in bodies), f"{option} {name[:40]}"
    raise ConfigFault(Text(f"{asked}: 本网关没有，有：{known}", f"{asked}: not at this box, which has: {known}"))


def _joined(names: Iterable[str]) -> Text:
    found = tuple(names)
    return Text("、".join(found) or "无", ", ".join(found) or "none")


def _person(name: str) -> str:
    plain = " ".join(name.split())
    if not 0 < len(plain) <= WHO_MAX or not plain.isprintable():
        raise ConfigFault(Text(f"--who: 应为 1..{WHO_MAX} 个字", f"--who: must be 1..{WHO_MAX} characters"))
    return plain
