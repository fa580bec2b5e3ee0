"""A school's own plan from two tables that people keep in a spreadsheet: its bodies, and its cards. Pure.

A row of the first is a terminal, on a line of a box; what is said of a box or a line is said in its first row and need
not be said again. Nothing is guessed: each wrong row is named with its reason, WRONG_MAX of them, and no plan is made.
On RS-485 a body without an address gets the next free one of its line, in the rows' order.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from provisioning.plan.demo import CAN_BITRATE, RS485_BAUD
from provisioning.plan.plan import ADDRESS_MAX, BOXES_MAX, CARDS_MAX, TERMINALS_MAX, LinkKind
from shared.errors import ConfigFault, WireFault
from shared.input.amount import parse_yuan
from shared.input.functions import WHOLE, Preset
from shared.input.table import Row, parse_label, read_table
from shared.inventory import DeviceKind
from shared.words.voice import Text

WRONG_MAX = 20
"""Wrong rows that are named; of more their number is said."""
BODIES = {
    "网关": "box", "box": "box", "地点": "site", "site": "site", "线路": "link", "link": "link",
    "线路类型": "link_kind", "link kind": "link_kind", "速率": "rate", "rate": "rate", "终端": "terminal",
    "terminal": "terminal", "类型": "kind", "kind": "kind", "地址": "address", "address": "address",
    "商户": "merchant", "merchant": "merchant", "点位": "place", "place": "place",
}  # fmt: skip
CARDS = {
    "卡面号": "label", "label": "label", "班级": "class", "class": "class", "开卡余额": "opening",
    "opening": "opening", "补助": "subsidy", "subsidy": "subsidy",
}  # fmt: skip
KINDS = {
    "消费机": DeviceKind.POS, "pos": DeviceKind.POS, "车载机": DeviceKind.VALIDATOR,
    "validator": DeviceKind.VALIDATOR, "圈存机": DeviceKind.LOAD_MACHINE, "load": DeviceKind.LOAD_MACHINE,
    "卡务台": DeviceKind.DESK, "desk": DeviceKind.DESK,
}  # fmt: skip
SPARES = {"备用消费机": DeviceKind.POS, "spare pos": DeviceKind.POS, "备用车载机": DeviceKind.VALIDATOR,
          "spare validator": DeviceKind.VALIDATOR}  # fmt: skip
LINKS = {"can": LinkKind.CAN, "485": LinkKind.RS485, "rs485": LinkKind.RS485, "rs-485": LinkKind.RS485,
         "tcp": LinkKind.TCP, "网线": LinkKind.TCP}  # fmt: skip
_RATES = {LinkKind.CAN: ("bitrate", CAN_BITRATE), LinkKind.RS485: ("baud", RS485_BAUD)}


class _Wrong(Exception):
    """Why a row is wrong."""


def plan_of(campus: int, name: str, bodies: bytes, cards: bytes | None, preset: Preset = WHOLE) -> dict[str, Any]:
    """A PLAN.json value, for parse_plan to judge. ConfigFault names each wrong row."""
    plan = {
        "campus": campus, "name": name, "demo": False, "boxes": boxes_of(bodies),
        "cards": cards_of(cards) if cards is not None else [], "caps": None, "hotlist": [],
    }  # fmt: skip
    return plan | ({} if preset is WHOLE else {"preset": preset.name})


def boxes_of(raw: bytes) -> list[dict[str, Any]]:
    """Boxes with lines and bodies, in the rows' order."""
    what = str(Text("终端表", "the table of terminals"))
    table = read_table(raw, BODIES, ("box", "terminal", "kind"), TERMINALS_MAX, what)
    boxes: dict[str, dict[str, Any]] = {}
    _each(table.rows, lambda cells: _put_body(boxes, cells), what)
    if len(boxes) > BOXES_MAX:
        raise ConfigFault(Text(f"{what}: 网关超过 {BOXES_MAX} 台", f"{what}: more than {BOXES_MAX} boxes"))
    for box in boxes.values():
        _number(box)
    return list(boxes.values())


def cards_of(raw: bytes) -> list[dict[str, Any]]:
    """Cards, in the rows' order."""
    what = str(Text("卡表", "the table of cards"))
    table = read_table(raw, CARDS, ("label",), CARDS_MAX, what)
    found: list[dict[str, Any]] = []
    _each(table.rows, lambda cells: found.append(_card(cells)), what)
    return found


def _each(rows: Iterable[Row], take: Any, what: str) -> None:  # noqa: ANN401  # what it gives back is not looked at
    wrong = list(_wrong(rows, take))
    if wrong:
        shown = "\n".join(f"{what}: {number}: {why}" for number, why in wrong[:WRONG_MAX])
        more = len(wrong) - WRONG_MAX
        raise ConfigFault(f"{shown}\n{Text(f'另有 {more} 行有误', f'{more} more are wrong')}" if more > 0 else shown)


def _wrong(rows: Iterable[Row], take: Any) -> Iterator[tuple[int, str]]:  # noqa: ANN401  # as above
    for row in rows:
        try:
            if row.fault:
                raise _Wrong(row.fault)
            take(row.cells)
        except (_Wrong, WireFault) as fault:
            yield row.number, str(fault)


def _put_body(boxes: dict[str, dict[str, Any]], cells: dict[str, str]) -> None:
    box = _box(boxes, cells)
    spare = SPARES.get(cells["kind"].lower())
    if spare is not None:
        box.setdefault("spares", []).append({"name": cells["terminal"], "kind": spare.value})
        return
    kind = KINDS.get(cells["kind"].lower())
    if kind is None:
        known = " / ".join([*KINDS, *SPARES])
        raise _Wrong(Text(f"类型 {cells['kind']!r} 应为 {known}", f"kind {cells['kind']!r} should be one of {known}"))
    link = _link(box, cells)
    box["terminals"].append({
        "name": cells["terminal"], "kind": kind.value, "link": link["name"],
        "address": _address(cells.get("address", "")),
        "merchant": cells.get("merchant", ""), "place": cells.get("place", ""),
    })  # fmt: skip


def _box(boxes: dict[str, dict[str, Any]], cells: dict[str, str]) -> dict[str, Any]:
    box, site = cells["box"], cells.get("site", "")
    if box not in boxes:
        if not site:
            raise _Wrong(Text(f"网关 {box} 第一次出现，须写地点", f"box {box} is named first here: say its site"))
        boxes[box] = {"box": box, "name": site, "links": [], "terminals": []}
    elif site and site != boxes[box]["name"]:
        known = boxes[box]["name"]
        raise _Wrong(Text(f"网关 {box} 的地点先前是 {known}", f"box {box} was at {known} above"))
    return boxes[box]


def _link(box: dict[str, Any], cells: dict[str, str]) -> dict[str, Any]:
    name, kind_text, rate = cells.get("link", ""), cells.get("link_kind", "").lower(), cells.get("rate", "")
    if not name:
        raise _Wrong(Text("缺少线路", "its link is missing"))
    known = next((one for one in box["links"] if one["name"] == name), None)
    if known is None:
        known = _new_link(name, kind_text, rate)
        box["links"].append(known)
    elif (kind_text and LINKS.get(kind_text) != known["kind"]) or (rate and _rate(rate) not in known.values()):
        raise _Wrong(Text(f"线路 {name} 与先前写的不同", f"link {name} was told otherwise above"))
    return known


def _new_link(name: str, kind_text: str, rate: str) -> dict[str, Any]:
    kind = LINKS.get(kind_text)
    if kind is None:
        said = " / ".join(LINKS)
        raise _Wrong(
            Text(
                f"线路 {name} 第一次出现，类型应为 {said}", f"link {name} is named first here: its kind, one of {said}"
            )
        )
    if kind not in _RATES:
        return {"name": name, "kind": kind.value}
    word, usual = _RATES[kind]
    return {"name": name, "kind": kind.value, word: _rate(rate) if rate else usual}


def _rate(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise _Wrong(Text(f"速率 {text!r} 应为数字，如 125000", f"rate {text!r} should be a number, as 125000"))
    return int(text)


def _address(text: str) -> int:
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= ADDRESS_MAX):
        raise _Wrong(Text(f"地址 {text!r} 应为 1–{ADDRESS_MAX}", f"address {text!r} should be 1 to {ADDRESS_MAX}"))
    return int(text)


def _number(box: dict[str, Any]) -> None:
    """Bodies on RS-485 that were given no address."""
    lines = {one["name"] for one in box["links"] if one["kind"] == LinkKind.RS485.value}
    for line in lines:
        mine = [one for one in box["terminals"] if one["link"] == line]
        taken = {one["address"] for one in mine}
        free = (number for number in range(1, ADDRESS_MAX + 1) if number not in taken)
        for one in mine:
            one["address"] = one["address"] or next(free, 0)


def _card(cells: dict[str, str]) -> dict[str, Any]:
    card: dict[str, Any] = {"label": parse_label(cells["label"], Text("卡面号", "label"))}
    card["opening_fen"] = int(parse_yuan(cells["opening"])) if cells.get("opening") else 0
    if cells.get("subsidy"):
        card["subsidy_fen"] = int(parse_yuan(cells["subsidy"]))
    if cells.get("class"):
        card["class"] = cells["class"]
    return card
