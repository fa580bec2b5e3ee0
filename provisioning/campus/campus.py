"""A whole campus from a plan: keys on three levels, cards, PSAMs, settings, certificates, broker rights, inventory.

Gives the files as values; provisioning/campus/folder.py writes them. Private keys go to sealed stores, to the images,
and to the one party that each belongs to; to nowhere else.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from provisioning.campus.file import File
from provisioning.campus.links import link_files
from provisioning.campus.settings import (
    Body,
    PublicKeys,
    Spare,
    campus_json,
    cloud_json,
    edge_json,
    terminal_json,
    to_bytes,
)
from provisioning.certificates import authority
from provisioning.certificates.authority import Authority
from provisioning.certificates.enrol import acl_text, sign_request
from provisioning.certificates.revocation import CLOUD_DOOR, INGEST, WATCH
from provisioning.custody import chain as custody_chain
from provisioning.custody import files as key_files
from provisioning.issue import personalise
from provisioning.issue.personalise import Validity, make_cards, make_operator, make_psam
from provisioning.keys import levels
from provisioning.keys.levels import Random
from provisioning.keys.store import (
    NONCE_SIZE,
    SALT_SIZE,
    UNLOCK_SIZE,
    KeyKind,
    KeyStore,
    Level,
    StoredKey,
    Unlock,
    seal,
)
from provisioning.plan import numbers
from provisioning.plan.plan import BoxPlan, LinkKind, Plan
from shared import inventory
from shared.errors import ConfigFault
from shared.ids import BoxId, partition_of
from shared.input.functions import FILE as FUNCTIONS
from shared.inventory import LOADERS, BoxRow, CardRow, DeviceRow, Inventory, PsamRow, SpareRow
from shared.keys.ack_key import certify
from shared.purse.crypto import suite_of
from shared.wire.topics import INGEST_USER, WATCH_USER
from shared.words.voice import Text

INVENTORY_NUMBER = 1


@dataclass(frozen=True, slots=True)
class Making:
    """One run. now_s: campus seconds; now: aware system time; unlock None: make a random unlock file.

    masters: the school's card masters from a ceremony (with its custody log so far), else all levels are made here.
    """

    plan: Plan
    now_s: int
    now: datetime
    random: Random
    unlock: Unlock | None = None
    masters: KeyStore | None = None
    custody: bytes = b""


@dataclass(frozen=True, slots=True)
class _Keys:
    """All private keys of a campus while it is made."""

    stores: tuple[KeyStore, ...] = field(repr=False)
    signing: Ed25519PrivateKey = field(repr=False)
    ack: Ed25519PrivateKey = field(repr=False)
    authority: Authority = field(repr=False)

    @property
    def school(self) -> KeyStore:
        return self.stores[-1]

    def public(self, campus: int) -> PublicKeys:
        ack = self.ack.public_key().public_bytes_raw()
        return PublicKeys(self.signing.public_key().public_bytes_raw(), ack, certify(campus, ack, self.signing))


def campus_files(making: Making) -> Iterator[File]:
    """Every file of the campus, once. Cards come as they are made, so that a big campus needs little memory."""
    plan, keys = making.plan, _new_keys(making)
    dates = personalise.validity(plan, making.now_s)
    bodies, spares = _bodies(plan, keys.school), _spares(plan, keys.school)
    yield from _key_files(making, keys)
    cards: list[CardRow] = []
    yield from _card_files(plan, keys.school, dates, cards)
    yield from _operator_files(plan, keys.school, dates)
    yield from _terminal_files(plan, keys, [*bodies, *(spare.as_body() for spare in spares)], cards)
    yield from _link_files(making, bodies, spares)
    boxes: list[BoxRow] = []
    yield from _box_files(making, keys, bodies, spares, boxes)
    yield from _cloud_files(making, keys)
    yield from _broker_files(making, keys)
    yield File("ca.pem", authority.certificate_pem(keys.authority))
    yield File("campus.json", to_bytes(campus_json(plan, keys.public(plan.campus))))
    made = replace(_inventory(making, dates, cards, bodies, boxes), spares=_spare_rows(spares))
    yield File("inventory.bin", inventory.seal(made, keys.signing))


def _new_keys(making: Making) -> _Keys:
    plan, random = making.plan, making.random
    above, masters = _masters(making)
    signing = random(32)
    ca = authority.new_authority(f"OpenYKT {plan.campus}", making.now)
    own = (
        StoredKey(KeyKind.LINK, levels.LINK_VERSION, random(levels.LINK_MASTER_SIZE)),
        StoredKey(KeyKind.SIGNING, 1, signing),
        StoredKey(KeyKind.AUTHORITY, 1, authority.private_der(ca.key)),
    )
    school = KeyStore(Level.SCHOOL, plan.campus, masters.keys + own)
    signer, ack = (Ed25519PrivateKey.from_private_bytes(octets) for octets in (signing, random(32)))
    return _Keys((*above, school), signer, ack, ca)


def _masters(making: Making) -> tuple[tuple[KeyStore, ...], KeyStore]:
    """Stores of the levels above that are made here, and the school's card masters."""
    plan, masters = making.plan, making.masters
    if masters is None:
        root = levels.new_root(making.random, suite=making.plan.profile.suite)
        region = levels.region_of(root, plan.region)
        return (root, region), levels.school_of(region, plan.campus)
    if (masters.level, masters.campus) != (Level.SCHOOL, plan.campus):
        raise ConfigFault(
            Text(
                f"密钥属于学校 {masters.campus}，不是 {plan.campus}",
                f"the masters are of school {masters.campus}, not {plan.campus}",
            )
        )
    for kind in levels.MASTERS:
        _require_suite(plan, masters.one(kind, personalise.CARD_KEY_VERSION))
    return (), masters


def _require_suite(plan: Plan, master: StoredKey) -> None:
    if master.kind in levels.MONEY_MASTERS and suite_of(master.algorithm) is not plan.profile.suite:
        raise ConfigFault(
            Text(
                f"profile: {plan.profile.name} 与密钥算法不符",
                f"profile: the masters are of another algorithm than {plan.profile.name}",
            )
        )


def _bodies(plan: Plan, school: KeyStore) -> list[Body]:
    bodies = []
    for number, (box, terminal) in enumerate(plan.terminals(), 1):
        device = numbers.device(plan.campus, number)
        psam = numbers.psam(plan.campus, number) if terminal.kind not in LOADERS else None
        bodies.append(Body(box, terminal, device, psam, levels.terminal_key(school, device)))
    return bodies


def _spares(plan: Plan, school: KeyStore) -> list[Spare]:
    made = []
    for number, (box, spare) in enumerate(plan.spares(), 1):
        device = numbers.spare(plan.campus, number)
        made.append(Spare(box, spare, device, levels.terminal_key(school, device)))
    return made


def _spare_rows(spares: Sequence[Spare]) -> tuple[SpareRow, ...]:
    return tuple(SpareRow(one.device, one.plan.kind, one.box.box, one.plan.name) for one in spares)


def _key_files(making: Making, keys: _Keys) -> Iterator[File]:
    unlock = making.unlock
    if unlock is None:
        unlock = Unlock(making.random(UNLOCK_SIZE))
        yield File(f"{key_files.FOLDER}/{key_files.UNLOCK}", unlock.secret)
    events: list[custody_chain.Event] = []
    for store in keys.stores:
        sealed = seal(store, unlock, making.random(SALT_SIZE), making.random(NONCE_SIZE))
        yield File(f"{key_files.FOLDER}/{key_files.store_name(store.level)}", sealed)
        events += custody_chain.events_of(store, custody_chain.Act.MADE, making.now_s)
    before = making.custody
    text = custody_chain.lines(events, custody_chain.head(before), custody_chain.last_number(before) + 1)
    yield File(f"{key_files.FOLDER}/{key_files.CUSTODY}", before + text)


def _card_files(plan: Plan, school: KeyStore, dates: Validity, rows: list[CardRow]) -> Iterator[File]:
    index = {}
    for number, made in enumerate(make_cards(plan, school, dates), 1):
        name = f"{number:05d}.card"
        index[made.row.label] = {"file": name, "card": made.row.card.hex()}
        rows.append(made.row)
        yield File(f"cards/{name}", made.file)
    yield File("cards/index.json", to_bytes(index))


def _operator_files(plan: Plan, school: KeyStore, dates: Validity) -> Iterator[File]:
    """As the cards' folder is: an index by label, a file each; nothing where the plan has no supervisors."""
    index = {}
    for number, label in enumerate(plan.operators, 1):
        name = f"{number:05d}.card"
        card, made = make_operator(plan.region, plan.campus, school, number, dates)
        index[label] = {"file": name, "card": card.hex()}
        yield File(f"operators/{name}", made)
    if index:
        yield File("operators/index.json", to_bytes(index))


def _terminal_files(plan: Plan, keys: _Keys, bodies: Sequence[Body], cards: Sequence[CardRow]) -> Iterator[File]:
    refused = frozenset(plan.hotlist)
    listed = [card.card for card in cards if card.label in refused]
    campus_key = keys.public(plan.campus).campus
    for body in bodies:
        folder = f"terminals/{body.plan.name}"
        yield File(f"{folder}/terminal.json", to_bytes(terminal_json(plan, body, listed, campus_key)))
        if body.psam is not None:
            yield File(f"{folder}/psam.bin", make_psam(body.psam, keys.school))


def _box_files(
    making: Making, keys: _Keys, bodies: Sequence[Body], spares: Sequence[Spare], rows: list[BoxRow]
) -> Iterator[File]:
    public = keys.public(making.plan.campus)
    for box in making.plan.boxes:
        own = [body for body in bodies if body.box is box]
        ready = [spare for spare in spares if spare.box is box]
        folder = f"boxes/{box.box}"
        certificate, key = _box_certificate(making, keys, box)
        rows.append(BoxRow(box.box, partition_of(box.box), box.name, authority.fingerprint(certificate)))
        yield File(f"{folder}/edge.json", to_bytes(edge_json(making.plan, box, own, ready, public)))
        yield File(f"{folder}/ca.pem", authority.certificate_pem(keys.authority))
        yield File(f"{folder}/box.pem", certificate)
        yield File(f"{folder}/box.key", key)


def _link_files(making: Making, bodies: Sequence[Body], spares: Sequence[Spare]) -> Iterator[File]:
    """Of the boxes that have a TCP link: for its terminals, and the spares, which may come to stand there."""
    for box in making.plan.boxes:
        if not any(link.kind is LinkKind.TCP for link in box.links):
            continue
        on_tcp = [one for one in bodies if one.box is box and box.link_of(one.plan).kind is LinkKind.TCP]
        ready = [spare.as_body() for spare in spares if spare.box is box]
        named = {one.plan.name: one.device for one in (*on_tcp, *ready)}
        yield from link_files(box.box, named, making.now)


def _box_certificate(making: Making, keys: _Keys, box: BoxPlan) -> tuple[bytes, bytes]:
    """Certificate and key of a box. Only here, for a demonstration, is the key not made on the box itself."""
    key = authority.new_key()
    request = authority.new_request(key, box.box)
    return sign_request(keys.authority, request, box.box, making.now), authority.private_pem(key)


def _cloud_files(making: Making, keys: _Keys) -> Iterator[File]:
    plan, ca = making.plan, keys.authority
    yield File("cloud/cloud.json", to_bytes(cloud_json(plan, keys.public(plan.campus))))
    yield File("cloud/ack.key", authority.private_pem(keys.ack))
    yield File("cloud/ca.pem", authority.certificate_pem(ca))
    if plan.preset.off:
        yield File(f"cloud/{FUNCTIONS}", to_bytes({"preset": plan.preset.name, "off": sorted(plan.preset.off)}))
    door = b""
    for file, user in ((INGEST, INGEST_USER), (WATCH, WATCH_USER)):
        key = authority.new_key()
        own = authority.issue_own(key, user, making.now)
        yield File(str(file), own)
        yield File(str(file.with_suffix(".key")), authority.private_pem(key))
        door += own
    yield File(str(CLOUD_DOOR), door)
    yield from _server_files(making, ca, "cloud/console")
    yield from _server_files(making, ca, FRONT_STEM)
    yield File("front/ca.pem", authority.certificate_pem(ca))


def _broker_files(making: Making, keys: _Keys) -> Iterator[File]:
    ca = keys.authority
    rights: list[tuple[BoxId, int]] = [(box.box, partition_of(box.box)) for box in making.plan.boxes]
    yield File("broker/ca.pem", authority.certificate_pem(ca))
    yield from _server_files(making, ca, "broker/broker")
    yield File("broker/acl", acl_text(rights).encode())
    yield File("broker/crl.pem", authority.issue_crl(ca, {}, 1, making.now))


FRONT_STEM = "front/wallet"
"""Certificate and key of the wallet's front, in the folder that is all that the front zone has."""


def _server_files(making: Making, ca: Authority, stem: str) -> Iterator[File]:
    key = authority.new_key()
    names = (*authority.LOCAL_NAMES, *making.plan.hosts)
    yield File(f"{stem}.pem", authority.issue_server(ca, key.public_key(), names, making.now))
    yield File(f"{stem}.key", authority.private_pem(key))


def _inventory(
    making: Making, dates: Validity, cards: Sequence[CardRow], bodies: Sequence[Body], boxes: Sequence[BoxRow]
) -> Inventory:
    plan = making.plan
    return Inventory(
        number=INVENTORY_NUMBER,
        campus=plan.campus,
        name=plan.name,
        demo=plan.demo,
        issued=making.now_s,
        cards=tuple(cards),
        psams=tuple(PsamRow(body.psam, body.device, dates.issued) for body in bodies if body.psam is not None),
        devices=tuple(
            DeviceRow(body.device, body.plan.kind, body.box.box, body.plan.name, body.plan.place, body.plan.merchant)
            for body in bodies
        ),
        boxes=tuple(boxes),
    )
