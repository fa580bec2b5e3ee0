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
from shared.records.slot_file import choose


@pytest.fixture
def own(campus, tmp_path):
    return shutil.copytree(campus.data, tmp_path / "campus")


def words(own, label):
    return ("operator", "--data", own, "--who", "张三", "--label", label)


def counters(own, campus):
    """Spares among them: they take another's place."""
    names = [row.name for row in (*campus.inventory.devices, *campus.inventory.spares) if row.kind is DeviceKind.POS]
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
    for row in (*campus.inventory.devices, *campus.inventory.spares):
        file = own / "terminals" / row.name / "terminal.json"
        raw = json.loads(file.read_bytes())
        raw.pop("operators", None)
        file.write_text(json.dumps(raw), encoding="utf-8")
    assert provision(*words(own, "主管01")).returncode == 0
    assert [len(settings.operators) for settings in counters(own, campus)] == [1] * len(counters(own, campus))


def index_of(own):
    return json.loads((own / "operators" / "index.json").read_bytes())


def test_a_lost_card_counts_no_more_and_nobody_gets_its_number(own, campus, provision):
    assert any(row.kind is DeviceKind.POS for row in campus.inventory.spares)
    lost = bytes.fromhex(index_of(own)["主管02"]["card"])
    assert all(lost in settings.operators for settings in counters(own, campus))
    done = provision(*words(own, "主管02"), "--withdraw")
    assert (done.returncode, "已作废" in done.stdout) == (0, True), done.stderr
    assert not any(lost in settings.operators for settings in counters(own, campus))
    log = (own / "keys" / "custody.log").read_bytes()
    assert custody_chain.faults(log) == []
    told = json.loads(log.splitlines()[-1])
    assert (told["act"], told["note"]) == ("revoked", f"主管卡 operator card 主管02 {lost.hex()} 作废 withdrawn")
    assert provision(*words(own, "主管02"), "--withdraw").returncode == 0, "said again"
    assert (own / "keys" / "custody.log").read_bytes() == log
    assert provision(*words(own, "主管02")).returncode == 2, "nor its label"
    assert provision(*words(own, "主管03")).returncode == 0
    cards = [row["card"] for row in index_of(own).values()]
    assert len(set(cards)) == 3
    for settings in counters(own, campus):
        assert {card.hex() for card in settings.operators} == {*cards} - {lost.hex()}


def test_settings_that_a_withdrawn_card_comes_back_into_refuse_it_still(own, campus, provision):
    lost = index_of(own)["主管02"]["card"]
    provision(*words(own, "主管02"), "--withdraw")
    for name in (row.name for row in campus.inventory.devices if row.kind is DeviceKind.POS):
        file = own / "terminals" / name / "terminal.json"
        raw = json.loads(file.read_bytes())
        file.write_text(json.dumps(raw | {"operators": [*raw["operators"], lost]}), encoding="utf-8")
    assert not any(bytes.fromhex(lost) in settings.operators for settings in counters(own, campus))


def test_a_card_without_its_row_keeps_its_number(own, provision):
    """As a run of the release before left it when it was killed, or a hand that took the row out."""
    index = index_of(own)
    (own / "operators" / "index.json").write_text(json.dumps({"主管01": index["主管01"]}), encoding="utf-8")
    assert provision(*words(own, "主管03")).returncode == 0
    assert index_of(own)["主管03"]["card"] > index["主管02"]["card"]


def test_a_card_that_the_counters_know_keeps_its_number_when_its_folder_is_gone(own, provision):
    known = {row["card"] for row in index_of(own).values()}
    shutil.rmtree(own / "operators")
    assert provision(*words(own, "主管03")).returncode == 0
    assert index_of(own)["主管03"]["card"] > max(known)


def test_a_killed_run_is_repeated_and_another_label_has_another_number(own, campus, provision):
    provision(*words(own, "主管03"))
    index = index_of(own)
    begun = index["主管03"] | {"making": True}
    (own / "operators" / "index.json").write_text(json.dumps(index | {"主管03": begun}), encoding="utf-8")
    (own / "operators" / begun["file"]).unlink()
    assert provision(*words(own, "主管04")).returncode == 0
    assert provision(*words(own, "主管03")).returncode == 0
    assert index_of(own)["主管03"] == index["主管03"]
    assert index_of(own)["主管04"]["card"] > index["主管03"]["card"]
    assert (own / "operators" / begun["file"]).exists()
    assert provision(*words(own, "主管03")).returncode == 2


def test_what_there_is_not_is_not_withdrawn(own, provision):
    done = provision(*words(own, "主管09"), "--withdraw")
    assert (done.returncode, "没有此卡" in done.stderr) == (2, True)


@pytest.mark.parametrize("label", ["主管01", "", " x", "x" * 61])
def test_wrong_labels_are_wrong_use(own, provision, label):
    done = provision(*words(own, label))
    assert (done.returncode, "--label" in done.stderr) == (2, True), done.stderr
