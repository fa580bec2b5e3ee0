"""A terminal's settings: one frozen value from DATA/terminals/NAME/terminal.json (0600). A wrong key stops the start.

Refuses unknown and missing keys, wrong types, values out of bounds. The terminal's key never appears in a repr.
Bytes are hexadecimal; provisioning writes:

    {"format": 1, "name": "pos-01", "kind": "pos", "campus": 1, "demo": true, "box": "canteen-1",
     "device": 6 B, "key": 16 B, "key_version": 1, "profile": "campus",
     "link": {"name": "can0", "kind": "can", "bitrate": 125000}, or of TCP
             {"name": "tcp", "kind": "tcp", "plain": false (without it true, as in release 0.1),
              "tls": "certificate" (optional: instead of the pre-shared key)},
     "address": 1 (0 or none: on TCP, and on a CAN bus where the edge gives it), "merchant": "…", "place": "…",
     "hotlist": {"version": 1, "cards": [10 B, …]},
     "parameters": {"version": 1, "caps": null or {"single_fen": …, …, all optional},
                    "meals": [{"meal": 1, "name": "早餐", "from_s": 0}, …], "day_start_s": 0 (optional)},
     "ring_slots": 4096 (optional; counts when the flash is formatted),
     "agreed": [{"profile": "bank-ep", "issuer": 8 B}, …] (optional, of a POS: cards of others that it takes, by the
                    issuer that their file 0015 begins with: 2 B city form, 8 B bank and toll form),
     "campus_key": 32 B (optional: the campus key's public half; without it no document of the fleet counts here),
     "operators": [10 B, …] (optional, of a POS: the operator cards 主管卡 that void sales here, until their document
                    has come),
     "withdrawn": [10 B, …] (optional, of a POS: those that void nothing any more, whatever "operators" says),
     "subsidy": true (optional: a counter that takes the subsidy purse 补助 first; false when left out),
     "ride": {"door": "in", "line": 2, "stop": 1, "direction": 0, "fares": {…}} (optional; of a validator)}

Beside it stand psam.bin (a body without one uses its device id as PSAM id), flash.bin and shown.log; address.bin
where the edge gives the address.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from edge.link.port import LAST_TERMINAL
from edge.terminal.settings.hotlist import Hotlist
from edge.terminal.settings.rides import RideSettings, parse_ride_settings
from edge.terminal.store.layout import RING_MAX, RING_MIN
from edge.terminal.store.parameters import Meal, Parameters
from shared.errors import ConfigFault
from shared.ids import CardId, DeviceId, card_id, device_id
from shared.input.section import Section, from_json, octets
from shared.inventory import DeviceKind
from shared.purse.caps import Caps
from shared.purse.profiles import APPLICATION_MAIN, ISSUER_SIZE, PROFILES, Agreed, CardProfile
from shared.words.refused import why_not
from shared.words.voice import Text

FORMAT = 1
HOTLIST_MAX = 1_000_000
AGREED_MAX = 32
"""Issuers whose cards a counter takes; each select more is a card's time."""
OPERATORS_MAX = 256
"""Supervisors whose cards a counter knows."""
WITHDRAWN_MAX = 4096
"""Of their cards that count no more."""
RING_SLOTS = 4096
"""A busy counter's five days."""
_CAPS = ("single_fen", "meal_fen", "meal_count", "day_fen", "day_count")
_DAY_S = 86_400


class TlsWay(StrEnum):
    """How a terminal proves itself to TLS: by the pre-shared key where its program can, or by a certificate."""

    PSK = "psk"
    CERTIFICATE = "certificate"


@dataclass(frozen=True, slots=True)
class BodySettings:
    """All of it. key: K_term, 16 bytes; address: on a bus, 0 on TCP, and on CAN where the edge gives it; bitrate:
    bit/s of CAN or RS-485, 0 on TCP.

    tls: how it calls its box on TCP, None: in plain.
    """

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
    ride: RideSettings | None = None
    subsidy: bool = False
    campus_key: bytes = b""
    agreed: tuple[Agreed, ...] = ()
    operators: frozenset[CardId] = frozenset()
    tls: TlsWay | None = None


def load(file: Path) -> BodySettings:
    """The settings in `file`; ConfigFault naming the key when anything is wrong with them."""
    try:
        raw = file.read_bytes()
    except OSError as fault:
        why = why_not(fault)
        raise ConfigFault(Text(f"{file}: 无法读取：{why}", f"{file}: cannot be read: {why}")) from fault
    return parse(from_json(raw, str(file)))


def parse(raw: object) -> BodySettings:
    """Settings of a JSON object; ConfigFault naming the key."""
    top = Section(raw, file="terminal.json")
    if top.take("format", int) != FORMAT:
        raise ConfigFault(Text(f"format: 只认识 {FORMAT}", f"format: only {FORMAT} is known"))
    top.take("box", str)
    bitrate, tls = _link(top.section("link"))
    settings = BodySettings(
        name=top.take("name", str),
        kind=top.one_of("kind", DeviceKind),
        campus=top.within("campus", 0, 0xFFFF),
        demo=top.take("demo", bool),
        device=device_id(top.octets("device", 6)),
        key=top.octets("key", 16),
        key_version=top.within("key_version", 0, 255),
        campus_key=_campus_key(top),
        profile=_profile(top),
        bitrate=bitrate,
        tls=tls,
        address=top.within("address", 0, LAST_TERMINAL, 0),
        merchant=top.take("merchant", str),
        place=top.take("place", str),
        hotlist=_hotlist(top.section("hotlist")),
        parameters=_parameters(top.section("parameters")),
        ring_slots=top.within("ring_slots", RING_MIN, RING_MAX, RING_SLOTS),
        ride=_ride(top.optional_section("ride")),
        subsidy=top.take("subsidy", bool, False),
        agreed=tuple(_agreed(row) for row in top.rows("agreed", AGREED_MAX, [])),
        operators=_operators(top, "operators", OPERATORS_MAX) - _operators(top, "withdrawn", WITHDRAWN_MAX),
    )
    top.done()
    if settings.subsidy and settings.kind is not DeviceKind.POS:
        raise _of_a_pos("subsidy")
    if settings.agreed and settings.kind is not DeviceKind.POS:
        raise _of_a_pos("agreed")
    if settings.operators and settings.kind is not DeviceKind.POS:
        raise _of_a_pos("operators")
    if settings.ride is not None and settings.kind is not DeviceKind.VALIDATOR:
        raise ConfigFault(Text("ride: 只用于车载机", "ride: belongs to a validator"))
    return settings


def _of_a_pos(key: str) -> ConfigFault:
    return ConfigFault(Text(f"{key}: 只用于消费机", f"{key}: belongs to a POS"))


def _campus_key(top: Section) -> bytes:
    text = top.take("campus_key", str, "")
    return octets(text, 32, top.name("campus_key")) if text else b""


def _operators(top: Section, key: str, most: int) -> frozenset[CardId]:
    return frozenset(card_id(octets(text, 10, top.name(key))) for text in top.texts(key, most, ()))


def _ride(row: Section | None) -> RideSettings | None:
    return None if row is None else parse_ride_settings(row)


def _agreed(row: Section) -> Agreed:
    profile = _profile(row)
    if profile.application != APPLICATION_MAIN:
        key = row.name("profile")
        raise ConfigFault(Text(f"{key}: 应为主钱包", f"{key}: must be a main purse"))
    made = Agreed(profile, row.octets("issuer", ISSUER_SIZE[profile.form]))
    row.done()
    return made


def _profile(top: Section) -> CardProfile:
    name = top.take("profile", str)
    if name not in PROFILES:
        key = top.name("profile")
        raise ConfigFault(
            Text(f"{key}: 应为 {'、'.join(PROFILES)} 之一", f"{key}: must be one of {', '.join(PROFILES)}")
        )
    return PROFILES[name]


def _link(row: Section) -> tuple[int, TlsWay | None]:
    row.take("name", str)
    rate = {"can": "bitrate", "rs485": "baud"}.get(row.take("kind", str))
    bitrate = row.within(rate, 1_200, 1_000_000) if rate else 0
    tls = None if rate else _tls(row)
    row.take("latency_ms", int, 0)  # of an RS-485 line; the box's to heed
    row.done()
    return bitrate, tls


def _tls(row: Section) -> TlsWay | None:
    way = row.one_of("tls", TlsWay, TlsWay.PSK)
    return None if row.take("plain", bool, True) else way


def _hotlist(row: Section) -> Hotlist:
    version = row.within("version", 0, 0xFFFF_FFFF)
    cards = [card_id(octets(text, 10, row.name("cards"))) for text in row.texts("cards", HOTLIST_MAX)]
    row.done()
    return Hotlist(version, cards)


def _parameters(row: Section) -> Parameters:
    caps = row.optional_section("caps")
    parameters = Parameters(
        version=row.within("version", 0, 0xFFFF_FFFF),
        caps=None if caps is None else Caps(**{name: caps.optional(name, 0xFFFF_FFFF) for name in _CAPS}),
        meals=tuple(_meal(meal) for meal in row.rows("meals")),
        day_start_s=row.within("day_start_s", 0, _DAY_S - 1, 0),
        ceiling_fen=row.within("ceiling_fen", 0, 0xFFFF_FFFF, 0),
    )
    row.done()
    if caps is not None:
        caps.done()
    starts = [(meal.from_s - parameters.day_start_s) % _DAY_S for meal in parameters.meals]
    if starts != sorted(set(starts)):
        raise ConfigFault(
            Text(
                "parameters.meals: 时间须在营业日内递增",
                "parameters.meals: their times must rise within the business day",
            )
        )
    return parameters


def _meal(row: Section) -> Meal:
    meal = Meal(row.within("meal", 1, 255), row.take("name", str), row.within("from_s", 0, _DAY_S - 1))
    row.done()
    return meal
