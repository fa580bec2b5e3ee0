"""Functions that are off: no page, no menu, no verb, no process; each can be put on again."""

import json
import os
from datetime import UTC, datetime

import pytest

from cloud.__main__ import main
from cloud.process.functions import read_off, switch
from cloud.watch.notify.doors_file import read_doors
from compose.campus.opening import has_docking
from provisioning.campus.campus import Making, campus_files
from provisioning.plan.plan import parse_plan
from provisioning.plan.sheets import plan_of
from shared.errors import ConfigFault
from shared.input.functions import FILE, PRESETS, SCHOOL, WHOLE, Function, preset_of
from tests.cloud.console.rig import made

HIDDEN = ("第三方接入", "/integrations", "SMPP", "报警质量", "/alarms/figures", "docs/docking.md")
TERMINALS = "网关,地点,线路,线路类型,终端,类型,商户\nhall-1,食堂,can0,can,pos-01,消费机,一楼\n"


def test_a_campus_without_the_file_has_everything(tmp_path):
    assert read_off(tmp_path) == frozenset()


def test_a_function_goes_off_and_on_again(tmp_path):
    (tmp_path / "cloud").mkdir()
    switch(tmp_path, Function.DOCKING, on=False)
    switch(tmp_path, Function.KPIS, on=False)
    switch(tmp_path, Function.DOCKING, on=True)
    assert read_off(tmp_path) == {Function.KPIS}
    told = json.loads((tmp_path / "cloud" / FILE).read_text())
    assert told == {"preset": WHOLE.name, "off": ["kpis"]}


@pytest.mark.parametrize("raw", ['{"preset": "中学", "off": ["money"]}', '{"preset": "小学", "off": []}', "[]", "{"])
def test_a_file_that_is_wrong_is_refused(tmp_path, raw):
    (tmp_path / "cloud").mkdir()
    (tmp_path / "cloud" / FILE).write_text(raw)
    with pytest.raises(ConfigFault):
        read_off(tmp_path)


def test_the_console_has_no_page_and_no_place_of_what_is_off(tmp_path):
    with made(tmp_path, off=[Function.DOCKING, Function.KPIS]) as rig:
        admin = rig.browser()
        page = admin.see("/about")
        for path in ("/integrations", "/integrations/mapping", "/alarms/figures"):
            admin.see(path, status=404)
            assert path not in page
        assert "第三方接入" not in admin.see("/setup")


def test_the_console_has_them_where_they_are_on(tmp_path):
    with made(tmp_path, off=[Function.SMPP]) as rig:
        admin = rig.browser()
        page = admin.see("/about")
        for path in ("/integrations", "/alarms/figures"):
            assert path in page
            admin.see(path)


def test_every_page_that_is_there_shows_without_those_that_are_not(tmp_path):
    """No template leads to a page that is off, none speaks of it, and nobody finds it."""
    with made(tmp_path, off=list(Function)) as rig:
        admin = rig.browser()
        for rule in rig.app.url_map.iter_rules():
            if "GET" in rule.methods and not rule.arguments and rule.endpoint != "static":
                answer = admin.client.get(rule.rule)
                assert answer.status_code < 500, rule.rule
                seen = answer.data.decode("utf-8", "replace")
                assert [word for word in HIDDEN if word in seen] == [], rule.rule
        for asked in ("第三方", "报警质量"):
            found = admin.see(f"/search?q={asked}")
            assert "/integrations" not in found
            assert "/alarms/figures" not in found


def test_verbs_and_processes_of_what_is_off_refuse_and_say_the_way(tmp_path, capsys):
    (tmp_path / "cloud").mkdir()
    assert main(["functions", "off", "docking", "--data", str(tmp_path)]) == 0
    for words in (["docking"], ["dock", "--listen", "127.0.0.1:1"]):
        assert main([*words, "--data", str(tmp_path)]) == 2
        assert "cloud functions on docking" in capsys.readouterr().err
    assert main(["functions", "--data", str(tmp_path)]) == 0
    assert "docking       关  第三方接入" in capsys.readouterr().out


def test_sms_by_smpp_is_refused_where_it_is_off(tmp_path):
    (tmp_path / "cloud").mkdir()
    switch(tmp_path, Function.SMPP, on=False)
    file = tmp_path / "cloud" / "channels.toml"
    file.write_text('[sms]\nkind = "smpp"\nhost = "127.0.0.1"\n')
    file.chmod(0o600)
    with pytest.raises(ConfigFault, match="cloud functions on smpp"):
        read_doors(tmp_path / "cloud")


def school(cards=1, kind="消费机"):
    rows = "卡面号\n" + "".join(f"{number:05d}\n" for number in range(cards))
    bodies = TERMINALS + f"hall-1,,can0,,x-01,{kind},商户\n"
    return plan_of(3, "第三中学", bodies.encode(), rows.encode(), SCHOOL)


def making(plan):
    return Making(plan, 800_000_000, datetime.now(UTC), os.urandom)


def test_a_plan_of_a_preset_brings_its_functions_to_the_campus(tmp_path):
    plan = parse_plan(school())
    files = {file.path: file.body for file in campus_files(making(plan))}
    assert json.loads(files[f"cloud/{FILE}"]) == {"preset": "school", "off": sorted(Function)}
    whole = parse_plan({key: value for key, value in school().items() if key != "preset"})
    assert f"cloud/{FILE}" not in {file.path for file in campus_files(making(whole))}


BEYOND = [(school(2_001), "最多 2000 张卡"), (school(kind="车载机"), "没有校车：x-01")]


@pytest.mark.parametrize(("plan", "why"), BEYOND)
def test_a_plan_that_goes_beyond_its_preset_is_refused(plan, why):
    with pytest.raises(ConfigFault, match=why):
        parse_plan(plan)


def test_a_preset_has_a_name_in_both_languages():
    assert preset_of("school") is preset_of("中学") is PRESETS["school"]
    with pytest.raises(ConfigFault, match="没有预设"):
        preset_of("university")


def test_rights_are_written_on_or_off_for_whoever_starts_a_broker(tmp_path, capsys):
    (tmp_path / "cloud").mkdir()
    switch(tmp_path, Function.DOCKING, on=False)
    main(["docking", "rights", "--data", str(tmp_path)])
    assert "cloud.json" in capsys.readouterr().err


@pytest.mark.parametrize("off", [[], [Function.KPIS], [Function.DOCKING]])
def test_the_launcher_opens_no_door_for_devices_where_docking_is_off(tmp_path, off):
    (tmp_path / "cloud").mkdir()
    for one in off:
        switch(tmp_path, one, on=False)
    assert has_docking(tmp_path) is (Function.DOCKING not in off)
