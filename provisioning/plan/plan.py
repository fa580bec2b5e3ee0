"""PLAN.json as a value: which campus is to be made. Format: docs/formats.md.

Refuses unknown and missing keys, wrong types, names that cannot be folder or topic names, anything twice, a terminal
on a link that its box does not have. Optional keys: region (1..65535), issued and expires (YYYY-MM-DD, for cards and
PSAMs; a plan for an old trace needs them), ceiling_fen (highest balance of a card; 100,000 unless given), a card's
class (of its holder), hosts (of the broker and console, beside localhost), console (its public address, to which
messages link: https://HOST[:PORT]), meals, profile (of the cards: campus, or campus-sm4), subsidy (true:
counters take subsidy purses of cards that a batch will bring), operators (supervisors' cards, each with a label), fares
(shared/transit/fares.py); a validator's door and line: with them it takes rides by the fares, without them amounts; a
box's spares (name, kind): bodies that stand ready; a TCP link's plain (true: without TLS, and the box warns of it), an
RS-485 link's latency_ms (of a radio module in it), preset (which functions are off: shared/input/functions.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import pairwise

from provisioning.plan import names
from shared.errors import ConfigFault, WireFault
from shared.ids import BoxId, box_id
from shared.input.functions import WHOLE, Function, Preset, preset_of
from shared.input.section import Section
from shared.input.web_address import web_address
from shared.inventory import LOADERS, DeviceKind
from shared.purse.caps import Caps
from shared.purse.cos.images import CEILING_FEN
from shared.purse.profiles import CAMPUS, CAMPUS_CARDS, CardProfile
from shared.transit.door import Door, check_door
from shared.transit.fares import FareTable, parse_table
from shared.wire.topics import INGEST_USER, WATCH_USER
from shared.words.voice import Text

CARDS_MAX = 1_000_000
BOXES_MAX = 1_000
TERMINALS_MAX = 10_000
OPERATORS_MAX = 256
"""Supervisors with an operator card; their ids stand in every counter's settings."""
LATENCY_MAX_MS = 2_000
"""Of a radio module in an RS-485 line, each way."""
SPARES_MAX = 64
"""Spare bodies of a box."""
TEXT_MAX = 60
ADDRESS_MAX = 0xDF
"""Highest node address of a terminal on a bus; 0 = has none, on TCP."""
DAY_S = 86_400
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9.:-]{0,252}")


class LinkKind(StrEnum):
    """What a link runs on."""

    CAN = "can"
    RS485 = "rs485"
    TCP = "tcp"


@dataclass(frozen=True, slots=True)
class LinkPlan:
    """A line of a box. rate: bit/s on CAN, baud on RS-485, 0 on TCP. latency_ms: of a radio module in an RS-485 line,
    each way. is_plain: a TCP link without TLS."""

    name: str
    kind: LinkKind
    rate: int
    latency_ms: int = 0
    is_plain: bool = False

    def to_json(self) -> dict[str, object]:
        """As in PLAN.json, edge.json and terminal.json."""
        named = {"name": self.name, "kind": self.kind.value}
        if self.kind is LinkKind.TCP:
            return {**named, "plain": self.is_plain}
        rate = "bitrate" if self.kind is LinkKind.CAN else "baud"
        return {**named, rate: self.rate} | ({"latency_ms": self.latency_ms} if self.latency_ms else {})


@dataclass(frozen=True, slots=True)
class TerminalPlan:
    """A body. address: 1..223 on a bus, 0 on TCP. door, line: of a validator that takes rides, else None and 0."""

    name: str
    kind: DeviceKind
    link: str
    address: int
    merchant: str
    place: str
    door: Door | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class SparePlan:
    """A spare body 备用机: it takes the place of a broken one of its kind, where that was wired."""

    name: str
    kind: DeviceKind


@dataclass(frozen=True, slots=True)
class BoxPlan:
    """An edge box with its lines and bodies."""

    box: BoxId
    name: str
    links: tuple[LinkPlan, ...]
    terminals: tuple[TerminalPlan, ...]
    spares: tuple[SparePlan, ...] = ()

    def link_of(self, terminal: TerminalPlan) -> LinkPlan:
        """The line that a terminal of this box hangs on; the plan's check made sure that there is one."""
        return next(link for link in self.links if link.name == terminal.link)


@dataclass(frozen=True, slots=True)
class CardPlan:
    """A card: the text printed on it, and what its purse holds at issue. subsidy_fen None: it has no subsidy purse.
    group: its holder's class, '' unknown."""

    label: str
    opening_fen: int
    subsidy_fen: int | None = None
    group: str = ""


@dataclass(frozen=True, slots=True)
class Meal:
    """A meal period 餐次: its number (rising within the day), name, first second of the day."""

    meal: int
    name: str
    from_s: int


MEALS = tuple(Meal(n, *one) for n, one in enumerate(zip(names.MEALS, (0, 36_000, 55_800, 73_800), strict=True), 1))
"""Open all day: every second belongs to a meal."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole campus. issued and expires None: the day of making, and that day five years on.

    subsidy_expires None: the subsidy purses 补助 are valid as long as their cards. operators: what is printed on the
    supervisors' cards 主管卡.
    """

    campus: int
    name: str
    demo: bool
    boxes: tuple[BoxPlan, ...]
    cards: tuple[CardPlan, ...]
    caps: Caps | None
    hotlist: tuple[str, ...]
    region: int = 1
    issued: date | None = None
    expires: date | None = None
    ceiling_fen: int = CEILING_FEN
    hosts: tuple[str, ...] = ()
    meals: tuple[Meal, ...] = MEALS
    subsidy_expires: date | None = None
    profile: CardProfile = CAMPUS
    fares: FareTable | None = None
    subsidy: bool = False
    operators: tuple[str, ...] = ()
    console: str = ""
    preset: Preset = WHOLE

    @property
    def takes_subsidies(self) -> bool:
        """Whether a card has, or will have, a subsidy purse 补助."""
        return self.subsidy or any(card.subsidy_fen is not None for card in self.cards)

    def terminals(self) -> Iterator[tuple[BoxPlan, TerminalPlan]]:
        """Every body with its box, in the order that numbers them."""
        return ((box, terminal) for box in self.boxes for terminal in box.terminals)

    def spares(self) -> Iterator[tuple[BoxPlan, SparePlan]]:
        """Every spare body with its box, in the order that numbers them."""
        return ((box, spare) for box in self.boxes for spare in box.spares)


def parse_plan(raw: object) -> Plan:
    """The plan in a JSON value; ConfigFault naming the key when anything is wrong with it."""
    top = Section(raw, file="PLAN.json")
    ceiling_fen = top.within("ceiling_fen", 1, 0xFFFF_FFFF, CEILING_FEN)
    plan = Plan(
        campus=top.within("campus", 1, 0xFFFF),
        name=_text(top, "name"),
        demo=top.take("demo", bool),
        boxes=tuple(_box(row) for row in top.rows("boxes", BOXES_MAX)),
        cards=tuple(_card(row, ceiling_fen) for row in top.rows("cards", CARDS_MAX)),
        caps=_caps(top.optional_section("caps")),
        hotlist=top.texts("hotlist", CARDS_MAX),
        region=top.within("region", 1, 0xFFFF, 1),
        issued=_date(top, "issued"),
        expires=_date(top, "expires"),
        ceiling_fen=ceiling_fen,
        hosts=_hosts(top),
        meals=tuple(_meal(row) for row in top.rows("meals", 100, [])) or MEALS,
        subsidy_expires=_date(top, "subsidy_expires"),
        profile=_profile(top),
        fares=_fares(top.optional_section("fares")),
        subsidy=top.take("subsidy", bool, False),
        operators=tuple(_operator(row) for row in top.rows("operators", OPERATORS_MAX, [])),
        console=web_address(top.take("console", str, ""), top.name("console")),
        preset=preset_of(top.take("preset", str, WHOLE.name)),
    )
    top.done()
    _check(plan)
    return plan


_PROFILES = {profile.name: profile for profile in CAMPUS_CARDS}


def _profile(top: Section) -> CardProfile:
    name = top.take("profile", str, CAMPUS.name)
    if name not in _PROFILES:
        raise ConfigFault(
            Text(f"profile: 应为其中之一：{', '.join(_PROFILES)}", f"profile: must be one of {', '.join(_PROFILES)}")
        )
    return _PROFILES[name]


def _box(row: Section) -> BoxPlan:
    box = BoxPlan(
        _box_id(row),
        _text(row, "name"),
        tuple(parse_link(link) for link in row.rows("links", 16)),
        tuple(_terminal(terminal) for terminal in row.rows("terminals", TERMINALS_MAX)),
        tuple(_spare(spare) for spare in row.rows("spares", SPARES_MAX, [])),
    )
    row.done()
    _once((link.name for link in box.links), row.name("links"))
    kinds = {link.name: link.kind for link in box.links}
    places: list[str] = []
    for terminal in box.terminals:
        if terminal.link not in kinds:
            raise ConfigFault(
                Text(
                    f"{row.name(terminal.name)}: 没有此链路：{terminal.link[:32]!r}",
                    f"{row.name(terminal.name)}: no such link: {terminal.link[:32]!r}",
                )
            )
        kind = kinds[terminal.link]
        if kind is not LinkKind.CAN and (kind is LinkKind.TCP) != (terminal.address == 0):
            raise ConfigFault(
                Text(
                    f"{row.name(terminal.name)}.address: 485 上应为 1..{ADDRESS_MAX}，TCP 应为 0，CAN 两者皆可",
                    f"{row.name(terminal.name)}.address: 1..{ADDRESS_MAX} on RS-485, 0 on TCP, either on CAN",
                )
            )
        places += [f"{terminal.link}:{terminal.address}"] if terminal.address else []
    _once(places, row.name("address"))
    return box


def parse_link(row: Section) -> LinkPlan:
    """A line, as in PLAN.json and edge.json."""
    kind = row.one_of("kind", LinkKind)
    rate, latency_ms, is_plain = 0, 0, False
    if kind is LinkKind.CAN:
        rate = row.within("bitrate", 10_000, 1_000_000)
    elif kind is LinkKind.RS485:
        rate = row.within("baud", 1_200, 1_000_000)
        latency_ms = row.within("latency_ms", 0, LATENCY_MAX_MS, 0)
    else:
        is_plain = row.take("plain", bool, False)
    link = LinkPlan(_plain(row, "name"), kind, rate, latency_ms, is_plain)
    row.done()
    return link


def _terminal(row: Section) -> TerminalPlan:
    kind = row.one_of("kind", DeviceKind)
    terminal = TerminalPlan(
        name=_plain(row, "name"),
        kind=kind,
        link=row.take("link", str),
        address=row.within("address", 0, ADDRESS_MAX, 0),
        merchant=_text(row, "merchant", least=0 if kind in LOADERS else 1),
        place=_text(row, "place", least=0),
        door=_door(row, kind),
        line=row.within("line", 0, 0xFFFF, 0),
    )
    row.done()
    if (terminal.door is None) != (terminal.line == 0):
        raise ConfigFault(
            Text(f"{row.name('line')}: door 与 line 须同时给出", f"{row.name('line')}: door and line come together")
        )
    return terminal


def _spare(row: Section) -> SparePlan:
    spare = SparePlan(_plain(row, "name"), row.one_of("kind", DeviceKind))
    row.done()
    if spare.kind in LOADERS:
        raise ConfigFault(
            Text(
                f"{row.name('kind')}: 备用机只有消费机和车载机", f"{row.name('kind')}: a spare is a POS or a validator"
            )
        )
    return spare


def _door(row: Section, kind: DeviceKind) -> Door | None:
    if not row.has("door"):
        return None
    if kind is not DeviceKind.VALIDATOR:
        raise ConfigFault(Text(f"{row.name('door')}: 只用于车载机", f"{row.name('door')}: belongs to a validator"))
    return row.one_of("door", Door)


def _fares(row: Section | None) -> FareTable | None:
    return None if row is None else parse_table(row)


def _card(row: Section, ceiling_fen: int) -> CardPlan:
    card = CardPlan(
        _text(row, "label"), row.within("opening_fen", 0, ceiling_fen), row.optional("subsidy_fen", ceiling_fen),
        _text(row, "class") if row.has("class") else "",
    )  # fmt: skip
    row.done()
    return card


def _operator(row: Section) -> str:
    label = _text(row, "label")
    row.done()
    return label


def _caps(row: Section | None) -> Caps | None:
    if row is None:
        return None
    names = ("single_fen", "meal_fen", "meal_count", "day_fen", "day_count")
    caps = Caps(**{name: row.optional(name, 0xFFFF_FFFF) for name in names})
    row.done()
    return caps


def _meal(row: Section) -> Meal:
    meal = Meal(row.within("meal", 1, 255), _text(row, "name"), row.within("from_s", 0, DAY_S - 1))
    row.done()
    return meal


def _check(plan: Plan) -> None:
    _once((box.box for box in plan.boxes), "boxes")
    names = [terminal.name for _, terminal in plan.terminals()] + [spare.name for _, spare in plan.spares()]
    if len(names) > TERMINALS_MAX:
        raise ConfigFault(Text(f"terminals: 最多 {TERMINALS_MAX} 台", f"terminals: at most {TERMINALS_MAX}"))
    _once(names, "terminals")
    _check_rides(plan)
    _check_preset(plan)
    labels = [card.label for card in plan.cards]
    _once(labels, "cards")
    _once(plan.operators, "operators")
    for label in sorted(set(plan.hotlist) - set(labels)):
        raise ConfigFault(Text(f"hotlist: 没有此卡：{label[:32]!r}", f"hotlist: no such card: {label[:32]!r}"))
    if plan.issued and plan.expires and plan.issued >= plan.expires:
        raise ConfigFault(Text("expires: 应晚于 issued", "expires: must be after issued"))
    if plan.issued and plan.subsidy_expires and plan.issued >= plan.subsidy_expires:
        raise ConfigFault(Text("subsidy_expires: 应晚于 issued", "subsidy_expires: must be after issued"))
    rising = all(a.meal < b.meal and a.from_s < b.from_s for a, b in pairwise(plan.meals))
    if plan.meals[0].from_s or not rising:
        raise ConfigFault(
            Text("meals: 编号与时间须递增，从 0 秒起", "meals: numbers and times must rise, from second 0")
        )


def _check_preset(plan: Plan) -> None:
    preset = plan.preset
    if len(plan.cards) > preset.cards_max or len(plan.boxes) > preset.boxes_max:
        raise ConfigFault(
            Text(
                f"preset: {preset.said.zh}：最多 {preset.cards_max} 张卡、{preset.boxes_max} 台网关",
                f"preset: {preset.name} has at most {preset.cards_max} cards and {preset.boxes_max} boxes",
            )
        )
    bus = next((one.name for _, one in plan.terminals() if one.kind is DeviceKind.VALIDATOR), None)
    if bus is not None and Function.BUSES in preset.off:
        raise ConfigFault(
            Text(f"preset: {preset.said.zh}：没有校车：{bus}", f"preset: {preset.name} has no buses: {bus}")
        )


def _check_rides(plan: Plan) -> None:
    for _, terminal in plan.terminals():
        if terminal.door is None:
            continue
        if plan.fares is None:
            raise ConfigFault(
                Text(f"fares: 缺少，而 {terminal.name} 按票价收费", f"fares: is missing, {terminal.name} takes rides")
            )
        check_door(terminal.door, terminal.line, plan.fares, terminal.name)


def _once(names: Iterable[str], where: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ConfigFault(Text(f"{where}: 重复：{name[:32]!r}", f"{where}: stands twice: {name[:32]!r}"))
        seen.add(name)


def _text(row: Section, key: str, least: int = 1) -> str:
    text: str = row.take(key, str)
    if not least <= len(text) <= TEXT_MAX or not (text.isprintable() and text == text.strip()):
        raise ConfigFault(
            Text(
                f"{row.name(key)}: 应为 {least}..{TEXT_MAX} 个可见字符",
                f"{row.name(key)}: wants {least}..{TEXT_MAX} visible characters",
            )
        )
    return text


def _plain(row: Section, key: str) -> str:
    text: str = row.take(key, str)
    if not _NAME.fullmatch(text):
        raise ConfigFault(
            Text(f"{row.name(key)}: 只用小写字母、数字和 -", f"{row.name(key)}: small letters, digits and '-' only")
        )
    return text


def _box_id(row: Section) -> BoxId:
    name = _plain(row, "box")
    if name in (INGEST_USER, WATCH_USER):
        raise ConfigFault(
            Text(
                f"{row.name('box')}: {name} 是平台自己的名字",
                f"{row.name('box')}: {name} is a name of the platform's own",
            )
        )
    try:
        return box_id(name)
    except WireFault as fault:
        raise ConfigFault(f"{row.name('box')}: {fault}") from fault


def _date(row: Section, key: str) -> date | None:
    text: str = row.take(key, str, "")
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError as fault:
        raise ConfigFault(Text(f"{row.name(key)}: 应为日期", f"{row.name(key)}: must be a date YYYY-MM-DD")) from fault
    if not 2000 <= day.year <= 2135:
        raise ConfigFault(Text(f"{row.name(key)}: 应在 2000..2135 年", f"{row.name(key)}: must be in 2000..2135"))
    return day


def _hosts(row: Section) -> tuple[str, ...]:
    hosts = row.texts("hosts", 16, ())
    for host in hosts:
        if not _HOST.fullmatch(host):
            raise ConfigFault(Text(f"hosts: 不是主机名：{host[:32]!r}", f"hosts: not a host name: {host[:32]!r}"))
    return hosts
