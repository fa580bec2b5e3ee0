"""What a campus was made of can be read by those who use it, and no key is where it does not belong."""

import base64
import json
import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from cloud.process.settings import load_settings
from edge import settings as edge_settings
from edge.terminal.settings import settings as terminal_settings
from provisioning.custody.files import open_level
from provisioning.keys import levels
from provisioning.keys.store import CARD_LEVELS, KeyKind, Level
from provisioning.plan import numbers
from shared.clocks.clock import DAY_S, CampusTime
from shared.ids import hotlist_index, partition_of
from shared.input.section import Section
from shared.inventory import LOADERS, DeviceKind
from shared.keys.ack_key import is_certified
from shared.purse.caps import CardCounters, parse_counters
from shared.purse.cos.card import UserCard
from shared.purse.cos.images import RamMemory, decode_card_image, decode_psam_image
from shared.purse.cos.psam import Psam
from shared.purse.crypto import encrypt_block
from shared.purse.effects import drive
from shared.purse.files import holder_name
from shared.purse.flows.till import identify, open_psam, read_balance
from shared.purse.flows.witness import present, stand_for
from shared.purse.outcomes import CardIdentity, PsamIdentity
from shared.purse.profiles import CAMPUS
from shared.purse.tac import mac_of
from shared.records.slot_file import choose
from shared.transit.door import Door
from shared.transit.fares import Point, parse_table
from shared.transit.ride_record import RideRecord, parse_ride


def user_card(campus, label: str) -> UserCard:
    file = campus.json("cards/index.json")[label]["file"]
    card = UserCard(RamMemory(choose((campus.data / "cards" / file).read_bytes()).body), os.urandom)
    card.power_on()
    return card


def test_every_card_selects_as_the_inventory_says(campus) -> None:
    index = campus.json("cards/index.json")
    assert list(index) == [card["label"] for card in campus.plan["cards"]]
    for row, plan in zip(campus.inventory.cards, campus.plan["cards"], strict=True):
        card = user_card(campus, row.label)
        now = CampusTime(row.issued + 3600, is_set=True)
        identity = drive(identify(CAMPUS, now), card=card)
        assert isinstance(identity, CardIdentity)
        assert identity.card_id == row.card == bytes.fromhex(index[row.label]["card"])
        assert identity.hotlist_index == row.hotlist_index == hotlist_index(row.card)
        assert drive(read_balance(), card=card) == row.opening_fen == plan["opening_fen"]
    assert [row.hotlist_index for row in campus.inventory.cards] == list(range(1, 41))
    assert all(row.issued % DAY_S == 0 and row.expires - row.issued > 5 * 365 * DAY_S for row in campus.inventory.cards)


def test_every_operator_card_stands_in_every_counters_settings_and_answers_under_its_own_key(campus) -> None:
    index = campus.json("operators/index.json")
    assert list(index) == [row["label"] for row in campus.plan["operators"]] == ["主管01", "主管02"]
    cards = {bytes.fromhex(row["card"]) for row in index.values()}
    for device in campus.inventory.devices:
        settings = terminal_settings.load(campus.data / "terminals" / device.name / "terminal.json")
        assert settings.operators == (cards if device.kind is DeviceKind.POS else set())
    for row in index.values():
        card = UserCard(RamMemory(choose((campus.data / "operators" / row["file"]).read_bytes()).body), os.urandom)
        card.power_on()
        who = drive(present(CAMPUS), card=card)
        assert (who.card.hex(), who.is_operator) == (row["card"], True)
        want = encrypt_block(levels.operator_key(campus.school, who.card), b"8 bytes!")
        assert drive(stand_for(b"8 bytes!"), card=card) == mac_of(want)


def test_a_demo_card_says_so_and_holds_what_the_plan_allows(campus) -> None:
    image = decode_card_image(choose((campus.data / "cards/00012.card").read_bytes()).body)
    assert holder_name(image.holder) == "演示0012"
    assert image.ceiling_fen == campus.plan["ceiling_fen"] == 150_000


def test_settings_are_read_by_the_cloud(campus) -> None:
    settings = load_settings(campus.data)
    assert (settings.campus, settings.issuer, settings.demo) == (1, b"\0\1", True)
    files = (settings.ack_key_file, settings.console_certificate, settings.console_key, settings.inventory)
    assert all(path.exists() for path in files)


def test_every_psam_opens_and_holds_purchase_masters_only(campus) -> None:
    psams = {row.device: row for row in campus.inventory.psams}
    selling = [device for device in campus.inventory.devices if device.kind not in LOADERS]
    assert (len(campus.inventory.devices), len(psams)) == (20, len(selling))
    assert 0 < len(selling) < 20
    for device in selling:
        image = choose((campus.data / "terminals" / device.name / "psam.bin").read_bytes()).body
        psam = Psam(RamMemory(image), os.urandom)
        psam.power_on()
        identity = drive(open_psam(), psam=psam)
        assert isinstance(identity, PsamIdentity)
        assert identity.psam_id == psams[device.device].psam
        held = {master.key.octets for master in decode_psam_image(image).masters.values()}
        assert held == {key.octets for key in campus.school.versions(KeyKind.PURCHASE).values()}


def test_terminals_read_their_settings(campus) -> None:
    listed = {card.card for card in campus.inventory.cards if card.label in campus.plan["hotlist"]}
    for device in campus.inventory.devices:
        file = campus.data / "terminals" / device.name / "terminal.json"
        settings = terminal_settings.load(file)
        assert (settings.device, settings.name, settings.kind) == (device.device, device.name, device.kind)
        assert (settings.place, settings.merchant, settings.demo) == (device.place, device.merchant, True)
        assert settings.key == levels.terminal_key(campus.school, device.device)
        assert {c.card for c in campus.inventory.cards if settings.hotlist.contains(c.card, c.hotlist_index)} == listed
        assert (settings.parameters.caps.single_fen, settings.parameters.caps.meal_fen) == (5_000, None)
        assert settings.parameters.meal_clock(CampusTime(0, is_set=True)).meal == 1


def test_validators_know_their_door_and_the_fares_and_cards_may_ride(campus) -> None:
    rides = {
        device.name: terminal_settings.load(campus.data / "terminals" / device.name / "terminal.json").ride
        for device in campus.inventory.devices
    }
    found = {name: (ride.door, ride.point) for name, ride in rides.items() if ride is not None}
    doors = {"bus-01": Door.IN, "bus-02": Door.OUT, "hand-bus": Door.BOTH}
    assert found == {name: (door, Point(1, 0, 0)) for name, door in doors.items()}
    assert rides["bus-01"].fares == parse_table(Section(campus.plan["fares"], "fares"))
    for path in (campus.data / "cards").glob("*.card"):
        capp = decode_card_image(choose(path.read_bytes()).body).capp
        assert (parse_counters(capp[:48]), parse_ride(capp[48:])) == (CardCounters(), RideRecord())


def test_boxes_read_their_settings_and_know_their_own_terminals_only(campus) -> None:
    seen = []
    for box in campus.inventory.boxes:
        settings = edge_settings.load(campus.data / "boxes" / box.box / "edge.json")
        own = [device for device in campus.inventory.devices if device.box == box.box]
        assert (settings.box, settings.partition) == (box.box, box.partition) == (box.box, partition_of(box.box))
        assert [terminal.device for terminal in settings.terminals] == [device.device for device in own]
        for terminal in settings.terminals:
            assert terminal.key == levels.terminal_key(campus.school, terminal.device)
        assert all(path.exists() for path in (settings.tls.ca, settings.tls.certificate, settings.tls.key))
        seen += settings.terminals
    assert len(seen) == len(campus.inventory.devices)
    assert [device.kind for device in campus.inventory.devices].count(DeviceKind.POS) == 14


def test_spare_bodies_are_known_to_their_box_and_to_nobody_else(campus) -> None:
    (row,) = campus.inventory.spares
    assert (row.name, row.kind, row.box) == ("spare-01", DeviceKind.POS, "canteen-1")
    (spare,) = edge_settings.load(campus.data / "boxes" / row.box / "edge.json").spares
    key = levels.terminal_key(campus.school, row.device)
    assert (spare.device, spare.kind, spare.key) == (row.device, row.kind, key)
    assert edge_settings.load(campus.data / "boxes" / "bus-1" / "edge.json").spares == ()
    body = terminal_settings.load(campus.data / "terminals" / row.name / "terminal.json")
    assert (body.device, body.key, body.merchant) == (row.device, spare.key, "")
    assert not (campus.data / "terminals" / row.name / "psam.bin").exists()
    assert row.device not in {device.device for device in campus.inventory.devices}


def test_the_ack_key_is_certified_by_the_key_that_signed_the_inventory(campus) -> None:
    public = campus.json("campus.json")
    cloud = campus.json("cloud/cloud.json")
    key = load_pem_private_key((campus.data / "cloud" / cloud["ack_key_file"]).read_bytes(), None)
    assert isinstance(key, Ed25519PrivateKey)
    ack = key.public_key().public_bytes_raw()
    signer = Ed25519PrivateKey.from_private_bytes(campus.school.one(KeyKind.SIGNING, 1).for_use(KeyKind.SIGNING))
    assert signer.public_key().public_bytes_raw().hex() == public["campus_key"] == cloud["campus_key"]
    assert ack.hex() == public["ack_key"] == cloud["ack_key"]
    assert is_certified(1, ack, bytes.fromhex(public["ack_certificate"]), signer.public_key())


def test_the_console_s_public_address_stands_in_the_settings(campus) -> None:
    assert campus.json("cloud/cloud.json")["console"]["address"] == "https://onecard.example"
    assert load_settings(campus.data).console_address == "https://onecard.example"


def test_public_facts(campus) -> None:
    public = campus.json("campus.json")
    assert (public["name"], public["campus"], public["issuer"], public["demo"]) == ("演示校园", 1, "0001", True)
    assert public["merchants"] == ["一楼大伙", "一楼面食", "二楼风味", "清真餐厅", "校车"]
    assert [box["box"] for box in public["boxes"]] == ["canteen-1", "bus-1"]
    for path in campus.json("cloud/cloud.json")["tls"].values():
        assert (campus.data / "cloud" / path).exists()


def test_no_file_is_for_others(campus) -> None:
    assert {path for path in [campus.data, *campus.data.rglob("*")] if path.stat().st_mode & 0o077} == set()


def forms(secret: bytes) -> list[bytes]:
    """How a key might leak: raw, hexadecimal, base64 at each alignment."""
    shifted = [base64.b64encode(bytes(pad) + secret)[4 if pad else 0 : -4] for pad in range(3)]
    return [secret, secret.hex().encode(), secret.hex().upper().encode(), *shifted]


def leaks(data: Path, secret: bytes) -> set[str]:
    found = set()
    for path in data.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        if any(form in text for form in forms(secret) for text in (content, content.replace(b"\n", b""))):
            found.add(str(path.relative_to(data)))
    return found


def scalar(der: bytes) -> bytes:
    """The private number in a PKCS8 P-256 key."""
    return der[36:68]


def secrets_of(campus) -> list[tuple[bytes, set[str]]]:
    """Every key of the campus, and the files where it may stand in clear."""
    stored = [key for level in CARD_LEVELS for key in open_level(campus.data, level).keys]
    found = [(scalar(key.octets) if key.kind is KeyKind.AUTHORITY else key.octets, set()) for key in stored]
    psams = {str(path.relative_to(campus.data)) for path in campus.data.glob("terminals/*/psam.bin")}
    purchase = campus.school.one(KeyKind.PURCHASE, 1).octets
    found = [(octets, psams if octets == purchase else where) for octets, where in found]
    for device in (*campus.inventory.devices, *campus.inventory.spares):
        own = {f"terminals/{device.name}/terminal.json", f"boxes/{device.box}/edge.json"}
        found.append((levels.terminal_key(campus.school, device.device), own))
    serials = [numbers.card_serial(1, 1, n) for n in (1, 17, 40)]
    for n, keys in zip((1, 17, 40), levels.card_keys(campus.school, 1, serials), strict=True):
        found += [(key.octets, {f"cards/{n:05d}.card"}) for key in keys[:3]]
    for n in range(1, len(campus.plan["operators"]) + 1):
        key = levels.operator_key(campus.school, numbers.operator(1, 1, n))
        found.append((key.octets, {f"operators/{n:05d}.card"}))
    for path in sorted(campus.data.rglob("*.key")):
        key = load_pem_private_key(path.read_bytes(), None)
        raw = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        secret = raw[-32:] if isinstance(key, Ed25519PrivateKey) else scalar(raw)
        found.append((secret, {str(path.relative_to(campus.data))}))
    found.append(((campus.data / "keys/unlock").read_bytes(), {"keys/unlock"}))
    return found


def test_no_key_stands_where_it_does_not_belong(campus) -> None:
    known = secrets_of(campus)
    assert len(known) > 40
    for secret, allowed in known:
        assert leaks(campus.data, secret) == allowed
    (later,) = levels.card_keys(campus.school, 1, [numbers.card_serial(1, 1, 17)])
    for key in later[3:]:
        assert leaks(campus.data, key.octets) <= {"cards/00017.card"}


@pytest.mark.parametrize("form", range(6))
def test_the_search_for_leaks_finds_every_form(tmp_path, form) -> None:
    secret = os.urandom(32)
    text = b"..." + forms(secret)[form] + b"..."
    (tmp_path / "x").write_bytes(text[:20] + b"\n" + text[20:] if form > 2 else text)
    assert leaks(tmp_path, secret) == {"x"}


def test_two_campuses_of_one_plan_share_numbers_but_no_key(campus, tmp_path, provision) -> None:
    done = provision("campus", "--data", tmp_path / "d", "--plan", campus.data.parent / "plan.json")
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "d/cards/index.json").read_text()) == campus.json("cards/index.json")
    school = open_level(tmp_path / "d", Level.SCHOOL)
    assert not {key.octets for key in school.keys} & {key.octets for key in campus.school.keys}
