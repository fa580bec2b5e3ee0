"""The demonstration campus of `./ykt up` as a PLAN.json value: one canteen, one bus, two hundred cards.

Everything in it is invented; it says 演示. Caps are null: an endless run must never meet one.
"""

from typing import Any

CAN_BITRATE = 125_000
RS485_BAUD = 115_200
CARDS = 200
BY_HAND = "hand-"
"""Names that begin so are not started by the launcher."""
_FARES = {
    "version": 1, "discount_fen": 50, "window_s": 3_600,
    "lines": [
        {"line": 1, "name": "校区专线", "form": "stages", "fares_fen": [100, 100, 150, 200, 250, 300]},
        {"line": 2, "name": "环线", "form": "flat", "fares_fen": [150]},
    ],
}  # fmt: skip
"""Every further rule by its default, see docs/rides.md."""
CLASS_SIZE = 50
_CLASSES = ("高一1班", "高一2班", "高一3班", "高一4班")
_STALLS = ("一楼大伙", "一楼面食", "二楼风味", "清真餐厅")


def demo_plan(cards: int = CARDS) -> dict[str, Any]:
    """8 POS on CAN, 4 on RS-485, 1 POS and a load machine on TCP; a bus, on at its front and off at its back door.

    Beside them a counter, a load machine and a card desk that the launcher leaves to whoever wants to sell by hand,
    and a spare body that stands ready for a broken one.
    """
    return {
        "campus": 1,
        "name": "演示校园",
        "demo": True,
        "boxes": [_canteen(), _bus()],
        "cards": [_card(number) for number in range(1, cards + 1)],
        "caps": None,
        "hotlist": [],
        "operators": [{"label": "主管01"}, {"label": "主管02"}],
        "fares": _FARES,
    }


def _canteen() -> dict[str, Any]:
    links = [
        {"name": "can0", "kind": "can", "bitrate": CAN_BITRATE},
        {"name": "line0", "kind": "rs485", "baud": RS485_BAUD},
        {"name": "tcp", "kind": "tcp"},
    ]
    terminals = [_pos(n, "can0", n) for n in range(1, 9)]
    terminals += [_pos(n, "line0", n - 8) for n in range(9, 13)]
    terminals += [_pos(13, "tcp", 0), _body("load-01", "load", "tcp", 0, "", "一楼大厅")]
    terminals += [_body(f"{BY_HAND}pos", "pos", "tcp", 0, _STALLS[0], "体验柜台")]
    terminals += [_body(f"{BY_HAND}load", "load", "tcp", 0, "", "体验圈存机")]
    terminals += [_body(f"{BY_HAND}desk", "desk", "tcp", 0, "", "卡务中心")]
    spares = [{"name": "spare-01", "kind": "pos"}]
    return {"box": "canteen-1", "name": "第一食堂", "links": links, "terminals": terminals, "spares": spares}


def _bus() -> dict[str, Any]:
    doors: tuple[tuple[str, str, str], ...] = (("bus-01", "in", "校车前门"), ("bus-02", "out", "校车后门"))
    doors += ((f"{BY_HAND}bus", "both", "体验单门车"),)
    terminals = [_body(name, "validator", "tcp", 0, "校车", place) | _door(door) for name, door, place in doors]
    return {"box": "bus-1", "name": "校车一号线", "links": [{"name": "tcp", "kind": "tcp"}], "terminals": terminals}


def _door(door: str) -> dict[str, Any]:
    return {"door": door, "line": 1}


def _pos(number: int, link: str, address: int) -> dict[str, Any]:
    return _body(f"pos-{number:02d}", "pos", link, address, _STALLS[(number - 1) % len(_STALLS)], f"{number}号窗口")


def _body(name: str, kind: str, link: str, address: int, merchant: str, place: str) -> dict[str, Any]:
    return {"name": name, "kind": kind, "link": link, "address": address, "merchant": merchant, "place": place}


def _card(number: int) -> dict[str, Any]:
    """Three of four are students with a subsidy purse 补助; the fourth has the main purse alone."""
    group = _CLASSES[(number - 1) // CLASS_SIZE % len(_CLASSES)]
    card = {"label": f"{number:04d}", "opening_fen": _opening_fen(number), "class": group}
    return card | ({"subsidy_fen": _subsidy_fen(number)} if number % 4 else {})


def _subsidy_fen(number: int) -> int:
    """0 to 59.90 yuan, spread: empty, less than a meal, or several meals; nothing fills it again."""
    return number * 1_130 % 6_000 // 10 * 10


def _opening_fen(number: int) -> int:
    """0 to 99.90 yuan, spread, and the same at every run: some cards can pay at once, some must load first."""
    return number * 3_770 % 10_000 // 10 * 10
