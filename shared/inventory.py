"""The signed inventory: what provisioning made and the cloud may believe (DESIGN 10, RECORDS "Who").

CBOR body + Ed25519 signature. Opening balances in it are posted once as 期初余额. The cloud refuses a known id
with other data.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from shared.errors import WireFault
from shared.ids import BoxId, CardId, DeviceId, PsamId, box_id, card_id, device_id, psam_id
from shared.wire import codec

CONTEXT = b"openykt inventory v1\0"
FORMAT = 1
_CARD_FIELDS = 10
GROUP_MAX = 60
"""Characters of a class's name."""


class DeviceKind(StrEnum):
    """What a terminal body is."""

    POS = "pos"
    VALIDATOR = "validator"
    LOAD_MACHINE = "load"
    DESK = "desk"
    """卡务台: loads with a cashier beside it."""


LOADERS = frozenset((DeviceKind.LOAD_MACHINE, DeviceKind.DESK))
"""Bodies that may ask for loads, and sell nothing."""


@dataclass(frozen=True, slots=True)
class CardRow:
    """A user card. label: text printed on it ('0012' is not '12'). opening: fen in its purse when issued; subsidy: fen
    in its subsidy purse 补助, 0 when it has none or an empty one. group: the holder's class 班级, '' unknown: a
    later inventory may name another."""

    card: CardId
    label: str
    profile: str
    key_version: int
    algorithm: int
    card_class: int
    hotlist_index: int
    issued: int
    expires: int
    opening_fen: int
    subsidy_fen: int = 0
    group: str = ""


@dataclass(frozen=True, slots=True)
class PsamRow:
    """A PSAM and the body it was put in. issued: seconds since 2000."""

    psam: PsamId
    device: DeviceId
    issued: int


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A body, the box that serves it, its position and merchant."""

    device: DeviceId
    kind: DeviceKind
    box: BoxId
    name: str
    place: str
    merchant: str


@dataclass(frozen=True, slots=True)
class SpareRow:
    """A spare body 备用机 of a box: at no position, and with no merchant, until it stands in for a broken one."""

    device: DeviceId
    kind: DeviceKind
    box: BoxId
    name: str


@dataclass(frozen=True, slots=True)
class BoxRow:
    """An edge box. certificate: SHA-256 of its certificate, empty in the embedded campus."""

    box: BoxId
    partition: int
    name: str
    certificate: bytes


@dataclass(frozen=True, slots=True)
class Inventory:
    """All of it. demo: 演示 data, refused by a production ledger. number rises with each inventory."""

    number: int
    campus: int
    name: str
    demo: bool
    issued: int
    cards: tuple[CardRow, ...]
    psams: tuple[PsamRow, ...]
    devices: tuple[DeviceRow, ...]
    boxes: tuple[BoxRow, ...]
    spares: tuple[SpareRow, ...] = ()


def seal(inventory: Inventory, key: Ed25519PrivateKey) -> bytes:
    """The signed file."""
    body = _body(inventory)
    return codec.pack([FORMAT, body, key.sign(CONTEXT + body)])


def open_sealed(raw: bytes, key: Ed25519PublicKey) -> Inventory:
    """The inventory; WireFault when malformed or not signed by `key`."""
    form, body, signature = codec.fields(codec.unpack_file(raw), int, bytes, bytes, what="inventory")
    if form != FORMAT:
        raise WireFault(f"inventory format {form}")
    try:
        key.verify(signature, CONTEXT + body)
    except InvalidSignature as fault:
        raise WireFault("inventory: wrong signature") from fault
    return _parse(body)


def _body(v: Inventory) -> bytes:
    cards = [_card_fields(card) for card in v.cards]
    psams = [[p.psam, p.device, p.issued] for p in v.psams]
    devices = [[d.device, d.kind.value, d.box, d.name, d.place, d.merchant] for d in v.devices]
    boxes = [[b.box, b.partition, b.name, b.certificate] for b in v.boxes]
    spares = [[[s.device, s.kind.value, s.box, s.name] for s in v.spares]] if v.spares else []
    return codec.dumps([v.number, v.campus, v.name, v.demo, v.issued, cards, psams, devices, boxes, *spares])


def _card_fields(c: CardRow) -> list[object]:
    key = [c.card, c.label, c.profile, c.key_version, c.algorithm]
    row = [*key, c.card_class, c.hotlist_index, c.issued, c.expires, c.opening_fen]
    if c.group:
        return [*row, c.subsidy_fen, c.group]
    return [*row, c.subsidy_fen] if c.subsidy_fen else row


def _parse(body: bytes) -> Inventory:
    rows = codec.loads(body)
    types = _BODY if len(rows) == len(_BODY) else (*_BODY, list)
    number, campus, name, demo, issued, cards, psams, devices, boxes, *spares = codec.fields(
        rows, *types, what="inventory"
    )
    return Inventory(
        number,
        campus,
        name,
        demo,
        issued,
        tuple(map(_card, cards)),
        tuple(map(_psam, psams)),
        tuple(map(_device, devices)),
        tuple(map(_box, boxes)),
        tuple(map(_spare, spares[0])) if spares else (),
    )


_BODY = (int, int, str, bool, int, list, list, list, list)
"""Spares stand at the end, and only where there are any."""


def _card(row: list[Any]) -> CardRow:
    """The subsidy stands at the end, and only where there is one or a class, which stands behind it."""
    more = (int, str)[: max(0, len(row) - _CARD_FIELDS)]
    card, *rest = codec.fields(row, bytes, str, str, int, int, int, int, int, int, int, *more, what="inventory card")
    _check_group(rest)
    return CardRow(card_id(card), *rest)


def _check_group(rest: list[Any]) -> None:
    """The last of all fields is a text that people read."""
    group = rest[_CARD_FIELDS] if len(rest) > _CARD_FIELDS else ""
    if len(group) > GROUP_MAX or not (group.isprintable() and group == group.strip()):
        raise WireFault("inventory card: class")


def _psam(row: list[Any]) -> PsamRow:
    psam, device, issued = codec.fields(row, bytes, bytes, int, what="inventory PSAM")
    return PsamRow(psam_id(psam), device_id(device), issued)


def _device(row: list[Any]) -> DeviceRow:
    device, kind, box, name, place, merchant = codec.fields(row, bytes, str, str, str, str, str, what="device")
    return DeviceRow(device_id(device), _kind(kind), box_id(box), name, place, merchant)


def _spare(row: list[Any]) -> SpareRow:
    device, kind, box, name = codec.fields(row, bytes, str, str, str, what="spare")
    return SpareRow(device_id(device), _kind(kind), box_id(box), name)


def _kind(text: str) -> DeviceKind:
    if text not in list(DeviceKind):
        raise WireFault(f"inventory: device kind {text[:16]!r}")
    return DeviceKind(text)


def _box(row: list[Any]) -> BoxRow:
    box, partition, name, certificate = codec.fields(row, str, int, str, bytes, what="inventory box")
    return BoxRow(box_id(box), partition, name, certificate)
