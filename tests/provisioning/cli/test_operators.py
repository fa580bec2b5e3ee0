"""`provisioning operator`: a campus that stands gets one more supervisor, and every counter knows the card."""

import json
import os
import shutil

import pytest

from edge.terminal.settings import settings as terminal_settings
from provisioning.custody import chain as custody_chain
from provisioning.keys import levels
from shared.inventory import DeviceKind
from shared.purse.cos.card import UserCard
from shared.purse.cos.images import RamMemory
from shared.purse.crypto import encrypt_block
from shared.purse.effects import drive
from shared.purse.flows.witness import present, stand_for
from shared.purse.profiles import CAMPUS
from shared.purse.tac import mac_of
from shared.slot_file import choose


@pytest.fixture
def own(campus, tmp_path):
    return shutil.copytree(campus.data, tmp_path / "campus")


def words(own, label):
    return ("operator", "--data", own, "--who", "张三", "--label", label)


def counters(own, campus):
    names = [row.name for row in campus.inventory.devices if row.kind is DeviceKind.POS]
    return [terminal_settings.load(own / "terminals" / name / "terminal.json") for name in names]


def test_one_more_supervisor(own, campus, provision):
    before = json.loads((own / "operators" / "index.json").read_bytes())
    done = provision(*words(own, "主管03"))
    assert done.returncode == 0, done.stderr
    index = json.loads((own / "operators" / "index.json").read_bytes())
    card = bytes.fromhex(index["主管03"]["card"])
    assert list(index) == [*before, "主管03"]
    assert all(card in settings.operators and len(settings.operators) == 3 for settings in counters(own, campus))
    file = own / "operators" / index["主管03"]["file"]
    chip = UserCard(RamMemory(choose(file.read_bytes()).body), os.urandom)
    chip.power_on()
    assert drive(present(CAMPUS), card=chip) == (card, True)
    assert drive(stand_for(bytes(8)), card=chip) == mac_of(
        encrypt_block(levels.operator_key(campus.school, card), bytes(8))
    )
    assert file.stat().st_mode & 0o077 == 0
    log = (own / "keys" / "custody.log").read_bytes()
    assert custody_chain.faults(log) == []
    assert json.loads(log.splitlines()[-1])["note"] == f"主管卡 operator card 主管03 {card.hex()}"


def test_a_campus_of_before_gets_its_first(own, campus, provision):
    shutil.rmtree(own / "operators")
    for row in campus.inventory.devices:
        file = own / "terminals" / row.name / "terminal.json"
        raw = json.loads(file.read_bytes())
        raw.pop("operators", None)
        file.write_text(json.dumps(raw), encoding="utf-8")
    assert provision(*words(own, "主管01")).returncode == 0
    assert [len(settings.operators) for settings in counters(own, campus)] == [1] * len(counters(own, campus))


@pytest.mark.parametrize("label", ["主管01", "", " x", "x" * 61])
def test_wrong_labels_are_wrong_use(own, provision, label):
    done = provision(*words(own, label))
    assert (done.returncode, "--label" in done.stderr) == (2, True), done.stderr
