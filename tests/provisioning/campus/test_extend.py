"""A campus that stands gets its new plan: all of it or nothing, and nothing that the books know changes."""

import copy
import json
import shutil
import tarfile
from contextlib import closing
from dataclasses import replace

import pytest

from cloud.commands.imports import import_campus
from cloud.commands.opening import wall_now
from cloud.ledger.ledger import open_ledger
from cloud.ledger.records.values import InventoryRefused
from cloud.process.settings import load_settings
from compose.place import ROOT
from edge.settings import load as load_box
from edge.terminal.settings.settings import load as load_terminal
from provisioning.custody import journal
from provisioning.custody.journal import alone_in, read_journal
from provisioning.issue.campus_facts import NEXT_PLAN, read_campus
from provisioning.plan.extension import Extension, Standing, extension
from provisioning.plan.plan import parse_plan
from provisioning.psam.register import Register
from shared.purse.cos.images import decode_psam_image
from shared.records.slot_file import choose
from tests.provisioning.conftest import demo_with_hotlist
from tests.provisioning.desk import WHO, ok, provision


@pytest.fixture
def data(campus, tmp_path):
    shutil.copytree(campus.data, tmp_path / "d")
    return tmp_path / "d"


def grown():
    """A second canteen, a line and bodies in the first, two cards more; one till gone, one on another address."""
    plan = copy.deepcopy(demo_with_hotlist())
    canteen = plan["boxes"][0]
    canteen["terminals"] = [one for one in canteen["terminals"] if one["name"] != "pos-03"]
    canteen["links"].append({"name": "line1", "kind": "rs485", "baud": 9_600})
    for one in canteen["terminals"]:
        if one["name"] == "pos-05":
            one["address"] = 20
    canteen["terminals"] += [
        {"name": "pos-20", "kind": "pos", "link": "line1", "address": 1, "merchant": "新档口", "place": "20号窗口"},
        {"name": "pos-21", "kind": "pos", "link": "tcp", "address": 0, "merchant": "新档口", "place": "21号窗口"},
    ]
    canteen["spares"].append({"name": "spare-02", "kind": "pos"})
    plan["boxes"].append({
        "box": "canteen-2", "name": "第二食堂", "links": [{"name": "tcp", "kind": "tcp"}],
        "terminals": [
            {"name": "pos-31", "kind": "pos", "link": "tcp", "merchant": "二食堂", "place": "1号"},
            {"name": "load-31", "kind": "load", "link": "tcp", "merchant": "", "place": "门厅"},
        ],
    })  # fmt: skip
    plan["cards"] += [{"label": "x001", "opening_fen": 500}, {"label": "x002", "opening_fen": 0, "subsidy_fen": 100}]
    plan["cards"][0]["class"] = "高二1班"
    return plan


def written(tmp_path, plan):
    file = tmp_path / "new.json"
    file.write_text(json.dumps(plan, ensure_ascii=False))
    return file


def applied(data, file):
    return ok("plan", "apply", file, "--data", data, *WHO)


def tree(data):
    """All that says something: an office that was locked has its journal, empty."""
    files = {path: path.read_bytes() for path in data.rglob("*") if path.is_file()}
    return {path: body for path, body in files.items() if body}


def test_the_same_plan_changes_nothing(data, tmp_path):
    file = written(tmp_path, demo_with_hotlist())
    before = tree(data)
    assert ok("plan", "diff", file, "--data", data) == "校园已如计划\n"
    assert applied(data, file) == "校园已如计划\n"
    assert {path: body for path, body in tree(data).items() if path.name != "plan.json"} == {
        path: body for path, body in before.items() if path.name != "plan.json"
    }


def test_a_new_plan_is_told_and_carried_into_the_campus(data, tmp_path):
    file = written(tmp_path, grown())
    told = ok("plan", "diff", file, "--data", data)
    for line in (
        "新增网关：canteen-2", "新增线路：canteen-1/line1", "新增备用机：canteen-1/spare-02", "新增卡：x001, x002",
        "新增终端：canteen-2/pos-31, canteen-2/load-31, canteen-1/pos-20, canteen-1/pos-21", "改接线：canteen-1/pos-05",
        "停用（仍认得）：pos-03", "持卡人换班级：0001",
    ):  # fmt: skip
        assert line in told
    assert applied(data, file).startswith(told)
    assert ok("plan", "diff", file, "--data", data) == "校园已如计划\n"
    assert not (data / NEXT_PLAN).exists()
    assert json.loads((data / "plan.json").read_text())["boxes"][2]["box"] == "canteen-2"
    assert json.loads((data / "retired.json").read_text()) == ["pos-03"]


def test_every_part_believes_what_it_reads(data, tmp_path, campus):
    before = read_campus(data).inventory
    applied(data, written(tmp_path, grown()))
    facts = read_campus(data)
    made = facts.inventory
    assert made.number == before.number + 1
    assert made.devices[: len(before.devices)] == before.devices
    assert made.cards[1 : len(before.cards)] == before.cards[1:]
    for box in ("canteen-1", "canteen-2"):
        settings = load_box(data / "boxes" / box / "edge.json")
        served = {one.device: one for one in settings.terminals}
        assert {row.device for row in made.devices if row.box == box} == set(served)
        assert {row.device for row in made.spares if row.box == box} == {one.device for one in settings.spares}
        for row in made.devices:
            if row.box == box:
                own = load_terminal(data / "terminals" / row.name / "terminal.json")
                assert (own.device, own.key) == (row.device, served[row.device].key)
    assert {one.name: one.address for one in load_box(data / "boxes/canteen-1/edge.json").terminals}["pos-05"] == 20
    assert "user canteen-2\n" in (data / "broker/acl").read_text()
    told = json.loads((data / "campus.json").read_text())
    assert (told["cards"], "新档口" in told["merchants"], len(told["boxes"])) == (42, True, 3)
    assert (data / "campus.json").stat().st_mode == (campus.data / "campus.json").stat().st_mode


def test_new_psams_hold_the_purchase_masters_and_stand_in_the_register(data, tmp_path):
    ok("psam", "make", "--data", data, *WHO, "--count", 2, "--out", tmp_path / "psams")
    applied(data, written(tmp_path, grown()))
    rows = {row.device: row for row in read_campus(data).inventory.psams}
    register = Register.of_rows(1, read_journal(data / "keys/psam.journal"))
    for name in ("pos-20", "pos-31"):
        own = load_terminal(data / "terminals" / name / "terminal.json")
        image = decode_psam_image(choose((data / "terminals" / name / "psam.bin").read_bytes()).body)
        assert image.psam_id == rows[own.device].psam == register.in_body(own.device)
    given = [entry.number for entry in register.entries]
    assert len(set(given)) == len(given)


def test_the_ledger_takes_it_and_refuses_nothing_of_before(data, tmp_path, capsys):
    import_campus(data, None, None)
    applied(data, written(tmp_path, grown()))
    import_campus(data, None, None)
    assert "2 张卡" in capsys.readouterr().out
    with closing(open_ledger(load_settings(data).dsn(None))) as ledger:
        assert "canteen-2" in ledger.opened.picture.registry.boxes
    import_campus(data, None, None)


def change(*path):
    """Of the demonstration's plan: the last is the new value."""
    plan = copy.deepcopy(demo_with_hotlist())
    *way, name, value = path
    here = plan
    for step in way:
        here = here[step]
    here[name] = value
    return plan


REFUSED = {
    "campus": (change("campus", 2), "校园编号 1 → 2"),
    "name": (change("name", "别的"), "校名"),
    "demo": (change("demo", False), "演示 True → False"),
    "merchant": (change("boxes", 0, "terminals", 0, "merchant", "别人"), "以前的收款属于原商户"),
    "place": (change("boxes", 0, "terminals", 0, "place", "别处"), "已登记的不改"),
    "kind": (change("boxes", 0, "terminals", 0, "kind", "validator"), "类型 pos → validator"),
    "site": (change("boxes", 0, "name", "别处"), "地点"),
    "line": (change("boxes", 0, "links", 0, {"name": "can0", "kind": "rs485", "baud": 9600}), "用新的线路名"),
    "opening": (change("cards", 0, "opening_fen", 7), "开卡余额已入账"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_would_break_history_is_refused_with_the_reason(data, tmp_path, case):
    plan, why = REFUSED[case]
    if case == "line":
        for number, one in enumerate(plan["boxes"][0]["terminals"], 1):
            one["address"] = number if one["link"] != "tcp" else 0
    before = tree(data)
    file = written(tmp_path, plan)
    seen = provision("plan", "diff", file, "--data", data)
    assert seen.returncode == 1
    assert why in seen.stdout
    done = provision("plan", "apply", file, "--data", data, *WHO)
    assert done.returncode == 2
    assert why in done.stderr
    assert "未作任何改动" in done.stderr
    assert tree(data) == before


def test_a_body_that_went_to_another_box_is_two_persons_affair(data, tmp_path):
    plan = demo_with_hotlist()
    moved = plan["boxes"][0]["terminals"].pop()
    plan["boxes"][1]["terminals"].append(moved)
    done = provision("plan", "apply", written(tmp_path, plan), "--data", data, *WHO)
    assert (done.returncode, "cloud device move" in done.stderr) == (2, True)


def test_the_address_of_a_retired_body_is_not_given_away(data, tmp_path):
    plan = demo_with_hotlist()
    canteen = plan["boxes"][0]
    gone = canteen["terminals"].pop(2)
    canteen["terminals"].append(gone | {"name": "pos-40"})
    done = provision("plan", "apply", written(tmp_path, plan), "--data", data, *WHO)
    assert (done.returncode, f"地址 {gone['link']}:{gone['address']} 仍属" in done.stderr) == (2, True)


def test_a_retired_body_stays_known_and_comes_back_by_a_plan(data, tmp_path):
    applied(data, written(tmp_path, grown()))
    names = {one.name for one in load_box(data / "boxes/canteen-1/edge.json").terminals}
    assert "pos-03" in names
    back = grown()
    back["boxes"][0]["terminals"].append(demo_with_hotlist()["boxes"][0]["terminals"][2])
    assert "恢复使用：pos-03" in applied(data, written(tmp_path, back))
    assert json.loads((data / "retired.json").read_text()) == []


def test_a_number_that_a_lease_has_is_given_to_no_card_of_the_plan(data, tmp_path):
    ok("stock", "receive", "--data", data, *WHO, "--first", 1, "--count", 12, "--virtual")
    order = {"batch": "o", "cards": [{"label": "n1", "name": "学生", "class": "一班"}]}
    (tmp_path / "o.json").write_text(json.dumps(order))
    ok("batch", "start", "--data", data, *WHO, "--order", tmp_path / "o.json")
    ok("batch", "lease", "--data", data, *WHO, "--batch", "o", "--machine", "m")
    applied(data, written(tmp_path, grown()))
    ok("batch", "work", "--data", data, "--machine", "m")
    ok("batch", "return", "--data", data, *WHO, "--machine", "m")
    ok("batch", "inventory", "--data", data, *WHO)
    cards = read_campus(data).inventory.cards
    assert len({row.hotlist_index for row in cards}) == len(cards) == 43


@pytest.mark.parametrize("folder", [".", "cards", "terminals"])
def test_another_command_in_the_same_files_is_waited_for(data, tmp_path, folder, monkeypatch):
    monkeypatch.setattr(journal, "LOCK_S", 0.0)
    file = written(tmp_path, grown())
    with alone_in(data / folder):
        done = provision("plan", "apply", file, "--data", data, *WHO)
        assert (done.returncode, "另一个程序正在使用" in done.stderr) == (2, True), done


def test_a_switch_to_plain_tcp_stays_switched(data, tmp_path):
    """Whether TLS is on is no plan's to say: an older plan would put it back."""
    ok("terminal-tls", "off", "--data", data, "--box", "canteen-1")
    applied(data, written(tmp_path, grown()))
    links = {one.name: one for one in load_box(data / "boxes/canteen-1/edge.json").links}
    assert links["tcp"].is_plain


@pytest.mark.parametrize("release", ["0.1", "0.2"])
def test_a_campus_that_an_earlier_release_made_is_extended(tmp_path, release):
    """It has no plan of its own beside its files, and in 0.1 no TLS on its TCP links: that stays as it is."""
    with tarfile.open(ROOT / "tests/released" / release / "campus-sqlite.tar.xz") as packed:
        packed.extractall(tmp_path, filter="data")
    data, plan = tmp_path / "campus", json.loads((tmp_path / "plan.json").read_text())
    assert ok("plan", "diff", tmp_path / "plan.json", "--data", data) == "校园已如计划\n"
    box = plan["boxes"][0]
    box["terminals"].append(
        {"name": "pos-9", "kind": "pos", "link": "tcp", "address": 0, "merchant": "新档口", "place": "9号"}
    )
    plan["cards"].append({"label": "x9", "opening_fen": 100})
    applied(data, written(tmp_path, plan))
    import_campus(data, None, None)
    device = read_campus(data).inventory.devices[-1]
    assert device.name == "pos-9"
    assert device.device in {one.device for one in load_box(data / "boxes" / box["box"] / "edge.json").terminals}


def test_a_campus_without_a_card_takes_its_profile_from_the_plan():
    plan = parse_plan(demo_with_hotlist() | {"cards": [], "hotlist": [], "profile": "campus-sm4"})
    boxes = {box.box: box for box in plan.boxes}
    standing = Standing(plan.campus, plan.region, plan.name, plan.demo, "", boxes, {}, frozenset())
    assert extension(standing, plan) == Extension()


def test_an_import_of_the_same_names_with_other_data_would_be_refused(data, tmp_path):
    """What the refusals stand on: the ledger itself says no."""
    import_campus(data, None, None)
    facts = read_campus(data)
    row = facts.inventory.devices[0]
    other = replace(facts.inventory, devices=(replace(row, merchant="别人"), *facts.inventory.devices[1:]), number=2)
    with closing(open_ledger(load_settings(data).dsn(None))) as ledger, pytest.raises(InventoryRefused):
        ledger.import_inventory(other, wall_now())
