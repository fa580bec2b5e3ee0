"""`provisioning firmware sign`: a release that a terminal of this campus takes; its key is nobody's who is on line."""

import json
import shutil
from hashlib import sha256

import pytest

from edge.link.messages import DocumentHead, DocumentPage
from edge.terminal.down.documents import Documents
from edge.terminal.settings import settings as terminal_settings
from edge.terminal.store.papers import MemoryPapers
from edge.terminal.taps.body import MODELS as HARDWARE
from provisioning.custody import chain as custody_chain
from provisioning.custody.files import open_level
from provisioning.keys.documents import document_keys
from provisioning.keys.store import KeyKind, Level
from shared.errors import WireFault
from shared.fleet.document import HEAD_SIZE, SIGNATURE_SIZE, DocumentKind, Head, device_scope, digest_of, table_of
from shared.fleet.firmware import MODELS
from shared.fleet.permit import Permit
from shared.keys.document_key import Keyring
from shared.keys.firmware_file import read
from shared.keys.firmware_key import is_believed
from shared.keys.trust import TRUST_SUFFIX, decode_officers, officers_prove, path_of
from shared.wire.fleet_lane import Verdict

PROGRAM = "def words(face, zh, en):\n    return zh, en\n"


@pytest.fixture
def own(campus, tmp_path):
    return shutil.copytree(campus.data, tmp_path / "campus")


def sign(provision, own, release=2, **changed):
    program = own.parent / "program.py"
    program.write_text(changed.pop("program", PROGRAM))
    words = {"model": "pos", "release": release, "name": "lines", "out": own.parent / f"{release}.fw"} | changed
    options = [word for name, value in words.items() for word in (f"--{name}", value)]
    return provision("firmware", "sign", program, "--data", own, "--who", "张三", *options), words["out"]


def facts(own):
    said = json.loads((own / "campus.json").read_text())
    return said["campus"], bytes.fromhex(said["campus_key"])


def test_hardware_has_one_number_wherever_it_is_named():
    assert {kind.value: number for kind, number in HARDWARE.items()} == MODELS


def test_what_the_officers_signed_is_proven_by_the_campus_key_alone(own, campus, provision):
    done, out = sign(provision, own)
    assert done.returncode == 0, done.stderr
    assert out.stat().st_mode & 0o777 == 0o600
    _, head, image = read(out.read_bytes(), *facts(own))
    assert (head.generation, image.name, image.program) == (2, "lines", PROGRAM.encode())
    assert HEAD_SIZE + SIGNATURE_SIZE == 117, "the manifest"


def _permit(documents, device, firmware, keys):
    """The centre says that it is its turn."""
    body = Permit(1, firmware.generation, firmware.digest).encode()
    scope = device_scope(device)
    signed = keys.sign(Head(1, DocumentKind.PERMIT, scope, 1, 0, len(body), digest_of(body)))
    documents.key(next(key for key in keys.public if key.kind is DocumentKind.PERMIT))
    documents.head(DocumentHead(signed.raw, signed.signature, table_of(body)), 0, 0.0)
    (said,) = documents.page(DocumentPage(DocumentKind.PERMIT, scope, 1, 0, body), 0, 0.0)
    assert said.message.verdict is Verdict.IN_USE


def test_a_terminal_of_the_campus_takes_it(own, campus, provision):
    _, out = sign(provision, own)
    found, head, _ = read(out.read_bytes(), *facts(own))
    name = next(row.name for row in campus.inventory.devices if HARDWARE[row.kind] == MODELS["pos"])
    settings = terminal_settings.load(own / "terminals" / name / "terminal.json")
    documents = Documents(settings.device, 1, Keyring(settings.campus, settings.campus_key), MemoryPapers())
    documents.key(found.key)
    _permit(documents, settings.device, head, document_keys(campus.school))
    offer = DocumentHead(found.signed.raw, found.signed.signature, table_of(found.body))
    assert documents.head(offer, 0, 0.0)[0].message.numbers == (0,)
    (said,) = documents.page(DocumentPage(DocumentKind.FIRMWARE, head.scope, 2, 0, found.body), 0, 0.0)
    assert said.message.verdict is Verdict.STORED


def test_the_key_is_made_once_in_a_store_of_its_own_and_every_use_is_in_the_custody_log(own, campus, provision):
    first, second = (read(sign(provision, own, n)[1].read_bytes(), *facts(own))[0] for n in (2, 3))
    assert first.key == second.key
    store = open_level(own, Level.FIRMWARE)
    assert [key.kind for key in store.keys] == [KeyKind.FIRMWARE]
    assert not open_level(own, Level.SCHOOL).versions(KeyKind.FIRMWARE)
    assert DocumentKind.FIRMWARE not in [key.kind for key in document_keys(campus.school).public]
    log = (own / "keys/custody.log").read_bytes()
    assert custody_chain.faults(log) == []
    acts = [
        (line["act"], line.get("note", ""))
        for line in map(json.loads, log.splitlines())
        if line.get("level") == "firmware"
    ]
    assert acts == [("made", ""), ("exported", "firmware pos 2"), ("exported", "firmware pos 3")]


def test_a_release_names_the_key_that_follows_and_the_next_one_is_signed_by_it(own, provision):
    _, out = sign(provision, own, 2, **{"next-key": 2})
    old, _, image = read(out.read_bytes(), *facts(own))
    _, out = sign(provision, own, 3, key=2)
    new, head, _ = read(out.read_bytes(), *facts(own))
    assert (old.key.version, new.key.version, head.key_version) == (1, 2, 2)
    assert is_believed(facts(own)[0], new.key, old.key, image)
    assert not is_believed(facts(own)[0], new.key, old.key, image._replace(next_key=None))


@pytest.mark.parametrize("wrong", [{"next-key": 1}, {"key": 0}, {"key": 5}])
def test_a_key_that_does_not_rise_or_is_not_there_is_refused(own, provision, wrong):
    done, out = sign(provision, own, **wrong)
    assert done.returncode != 0
    assert not out.exists()


def test_any_bit_that_is_changed_is_found(own, provision):
    raw, of = sign(provision, own)[1].read_bytes(), facts(own)
    for at in range(0, len(raw), 3):
        with pytest.raises(WireFault):
            read(raw[:at] + bytes((raw[at] ^ 0x10,)) + raw[at + 1 :], *of)
    for short in (b"", raw[:20], raw[:-1], raw + b"x"):
        with pytest.raises(WireFault):
            read(short, *of)
    with pytest.raises(WireFault, match="certified"):
        read(raw, of[0] + 1, of[1])


@pytest.mark.parametrize("wrong", [{"release": 1}, {"name": "名"}, {"program": ""}])
def test_what_is_no_firmware_is_refused_and_signs_nothing(own, provision, wrong):
    done, out = sign(provision, own, **wrong)
    assert done.returncode != 0
    assert "firmware" in done.stderr
    assert not out.exists()
    assert not (own / "keys" / "firmware.store").exists()


def test_beside_a_release_lies_what_the_officers_stand_for_and_it_grows(own, provision):
    for number in (2, 3):
        _, out = sign(provision, own, number)
    officers = decode_officers(out.with_name(out.name + TRUST_SUFFIX).read_bytes())
    assert len(officers.roots) == 1
    found = officers_prove(officers, *facts(own))
    assert set(found) == {path_of(1, 2), path_of(1, 3)}
    body = read(out.read_bytes(), *facts(own))[0].body
    assert found[path_of(1, 3)] == (len(body), sha256(body).hexdigest())
    with pytest.raises(WireFault):
        officers_prove(officers, facts(own)[0] + 1, facts(own)[1])
    (own / "keys" / "firmware.trust").write_bytes(b"damaged")
    done, out = sign(provision, own, 4)
    assert done.returncode != 0
    assert not out.exists()
