"""A terminal's settings: one frozen value from DATA/terminals/NAME/terminal.json (0600). A wrong key stops the start.

Refuses unknown and missing keys, wrong types, values out of bounds. The terminal's key never appears in a repr.
Bytes are hexadecimal; provisioning writes:

    {"format": 1, "name": "pos-01", "kind": "pos", "campus": 1, "demo": true, "box": "canteen-1",
     "device": 6 B, "key": 16 B, "key_version": 1, "profile": "campus",
     "link": {"name": "can0", "kind": "can", "bitrate": 125000}, "address": 1, "merchant": "…", "place": "…",
     "hotlist": {"version": 1, "cards": [10 B, …]},
     "parameters": {"version": 1, "caps": null or {"single_fen": …, …, all optional},
                    "meals": [{"meal": 1, "name": "早餐", "from_s": 0}, …], "day_start_s": 0 (optional)},
     "ring_slots": 4096 (optional; counts when the flash is formatted)}

Beside it stand psam.bin (a body without one uses its device id as PSAM id), flash.bin and shown.log.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge.link.port import LAST_TERMINAL
from edge.terminal.flash_layout import RING_MAX, RING_MIN
from edge.terminal.hotlist import Hotlist
from edge.terminal.parameters import Meal, Parameters
from shared.errors import ConfigFault
from shared.ids import DeviceId, card_id, device_id
from shared.inventory import DeviceKind
from shared.purse.caps import Caps
from shared.purse.profiles import PROFILES, CardProfile

FORMAT = 1
RING_SLOTS = 4096
"""A busy counter's five days."""
_CAPS = ("single_fen", "meal_fen", "meal_count", "day_fen", "day_count")
_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Settings:
    """All of it. key: K_term, 16 bytes; address: on a bus, 0 on TCP; bitrate: bit/s of CAN or RS-485, 0 on TCP."""

    name: str
    kind: DeviceKind
    campus: int
    demo: bool
    device: DeviceId
    key: bytes = field(repr=False)
    key_version: int
    profile: CardProfile
    bitrate: int
    address: int
    merchant: str
    place: str
    hotlist: Hotlist
    parameters: Parameters
    ring_slots: int


def load(file: Path) -> Settings:
    """The settings in `file`; ConfigFault naming the key when anything is wrong with them."""
    try:
        raw = json.loads(file.read_text(encoding="utf-8"))
    except OSError as fault:
        raise ConfigFault(f"{file}: 无法读取 / cannot be read: {fault.strerror}") from fault
    except ValueError as fault:
        raise ConfigFault(f"{file}: 不是 JSON / not JSON") from fault
    return parse(raw)


def parse(raw: object) -> Settings:
    """Settings of a JSON object; ConfigFault naming the key."""
    top = _Section(raw, "")
    if top.take("format", int) != FORMAT:
        raise ConfigFault(f"format: 只认识 / only {FORMAT} is known")
    top.take("box", str)
    settings = Settings(
        name=top.take("name", str),
        kind=_kind(top),
        campus=top.within("campus", 0, 0xFFFF),
        demo=top.take("demo", bool),
        device=device_id(top.key("device", 6)),
        key=top.key("key", 16),
        key_version=top.within("key_version", 0, 255),
        profile=_profile(top),
        bitrate=_bitrate(top.section("link")),
        address=top.within("address", 0, LAST_TERMINAL, 0),
        merchant=top.take("merchant", str),
        place=top.take("place", str),
        hotlist=_hotlist(top.section("hotlist")),
        parameters=_parameters(top.section("parameters")),
        ring_slots=top.within("ring_slots", RING_MIN, RING_MAX, RING_SLOTS),
    )
    top.done()
    return settings


class _Section:
    """One JSON object; every key is taken exactly once, what is left over is unknown."""

    def __init__(self, raw: object, where: str) -> None:
        if not isinstance(raw, dict):
            raise ConfigFault(f"{where or 'terminal.json'}: 应为对象 / must be an object")
        self._left = dict(raw)
        self._where = where

    def name(self, key: str) -> str:
        return f"{self._where}.{key}" if self._where else key

    def take(self, key: str, form: type, default: object = None) -> Any:  # noqa: ANN401  # `form` is its type
        value = self._left.pop(key, default)
        if value is None:
            raise ConfigFault(f"{self.name(key)}: 缺少 / is missing")
        if not isinstance(value, form) or (isinstance(value, bool) and form is int):
            raise ConfigFault(f"{self.name(key)}: 类型应为 / must be {form.__name__}")
        return value

    def within(self, key: str, low: int, high: int, default: int | None = None) -> int:
        value: int = self.take(key, int, default)
        if not low <= value <= high:
            raise ConfigFault(f"{self.name(key)}: 应在 / must be in {low}..{high}")
        return value

    def key(self, key: str, size: int) -> bytes:
        return _bytes(self.take(key, str), size, self.name(key))

    def optional_section(self, key: str) -> "_Section | None":
        raw = self._left.pop(key, None)
        return None if raw is None else _Section(raw, self.name(key))

    def section(self, key: str) -> "_Section":
        return _Section(self._left.pop(key, None), self.name(key))

    def rows(self, key: str) -> list["_Section"]:
        rows: list[object] = self.take(key, list)
        return [_Section(row, f"{self.name(key)}[{n}]") for n, row in enumerate(rows)]

    def optional_number(self, key: str) -> int | None:
        if self._left.get(key) is None:
            self._left.pop(key, None)
            return None
        return self.within(key, 0, 0xFFFF_FFFF)

    def done(self) -> None:
        for key in self._left:
            raise ConfigFault(f"{self.name(str(key))}: 未知的配置项 / unknown key")


def _bytes(text: object, size: int, where: str) -> bytes:
    try:
        value = bytes.fromhex(text) if isinstance(text, str) else b""
    except ValueError as fault:
        raise ConfigFault(f"{where}: 不是十六进制 / not hexadecimal") from fault
    if len(value) != size:
        raise ConfigFault(f"{where}: 应为 {size} 字节 / must have {size} bytes")
    return value


def _kind(top: _Section) -> DeviceKind:
    text = top.take("kind", str)
    if text not in list(DeviceKind):
        raise ConfigFault(f"kind: 应为 / must be one of {', '.join(DeviceKind)}")
    return DeviceKind(text)


def _profile(top: _Section) -> CardProfile:
    name = top.take("profile", str)
    if name not in PROFILES:
        raise ConfigFault(f"profile: 应为 / must be one of {', '.join(PROFILES)}")
    return PROFILES[name]


def _bitrate(row: _Section) -> int:
    row.take("name", str)
    rate = {"can": "bitrate", "rs485": "baud"}.get(row.take("kind", str))
    bitrate = row.within(rate, 1_200, 1_000_000) if rate else 0
    row.done()
    return bitrate


def _hotlist(row: _Section) -> Hotlist:
    version = row.within("version", 0, 0xFFFF_FFFF)
    cards = [card_id(_bytes(text, 10, row.name("cards"))) for text in row.take("cards", list)]
    row.done()
    return Hotlist(version, cards)


def _parameters(row: _Section) -> Parameters:
    caps = row.optional_section("caps")
    parameters = Parameters(
        version=row.within("version", 0, 0xFFFF_FFFF),
        caps=None if caps is None else Caps(**{name: caps.optional_number(name) for name in _CAPS}),
        meals=tuple(_meal(meal) for meal in row.rows("meals")),
        day_start_s=row.within("day_start_s", 0, _DAY_S - 1, 0),
    )
    row.done()
    if caps is not None:
        caps.done()
    starts = [(meal.from_s - parameters.day_start_s) % _DAY_S for meal in parameters.meals]
    if starts != sorted(set(starts)):
        raise ConfigFault("parameters.meals: 时间须递增 / their times must rise within the business day")
    return parameters


def _meal(row: _Section) -> Meal:
    meal = Meal(row.within("meal", 1, 255), row.take("name", str), row.within("from_s", 0, _DAY_S - 1))
    row.done()
    return meal
