"""A school's plan from its two tables as people write them: what is said once counts, wrong rows are named."""

import json

import pytest

from provisioning.plan.differences import differences, summary
from provisioning.plan.plan import parse_plan
from provisioning.plan.sheets import WRONG_MAX, boxes_of, cards_of, plan_of
from shared.errors import ConfigFault
from tests.provisioning.desk import ok, provision

TERMINALS = """\
网关,地点,线路,线路类型,速率,终端,类型,地址,商户,点位
hall-1,第一食堂,can0,CAN,50000,pos-01,消费机,,一楼大伙,1号窗口
hall-1,,can0,,,pos-02,消费机,7,一楼大伙,2号窗口
hall-1,,line0,485,,pos-03,消费机,2,清真餐厅,3号窗口
hall-1,,line0,,,pos-04,消费机,,清真餐厅,4号窗口
hall-1,,line0,,,pos-05,消费机,,清真餐厅,5号窗口
hall-1,,tcp,网线,,load-01,圈存机,,,大厅
hall-1,,,,,spare-01,备用消费机,,,
bus-1,校车一号线,tcp,tcp,,bus-01,车载机,,校车,前门
"""
CARDS = """\
卡面号,班级,开卡余额,补助
="0001",高一1班,0,
0002,高一1班,12.50,30
0003,,,
"""


def made(terminals=TERMINALS, cards=CARDS):
    return plan_of(17, "第七中学", terminals.encode(), cards.encode())


def test_what_people_write_is_a_plan():
    plan = parse_plan(made())
    hall, bus = plan.boxes
    assert (hall.box, hall.name, bus.name) == ("hall-1", "第一食堂", "校车一号线")
    assert [(one.name, one.kind.value, one.rate) for one in hall.links] == [
        ("can0", "can", 50_000), ("line0", "rs485", 115_200), ("tcp", "tcp", 0),
    ]  # fmt: skip
    assert [(one.name, one.address) for one in hall.terminals] == [
        ("pos-01", 0), ("pos-02", 7), ("pos-03", 2), ("pos-04", 1), ("pos-05", 3), ("load-01", 0),
    ]  # fmt: skip
    assert [one.name for one in hall.spares] == ["spare-01"]
    assert [(one.label, one.opening_fen, one.subsidy_fen, one.group) for one in plan.cards] == [
        ("0001", 0, None, "高一1班"), ("0002", 1250, 3000, "高一1班"), ("0003", 0, None, ""),
    ]  # fmt: skip
    assert not plan.demo
    assert summary(plan).zh == "第七中学：网关 2 台，终端 7 台，备用机 1 台，卡 3 张"


def test_a_spreadsheet_of_gb18030_in_english_columns_is_the_same():
    heads = "box,site,link,link kind,rate,terminal,kind,address,merchant,place"
    english = "\r\n".join([heads, *TERMINALS.splitlines()[1:]])
    assert boxes_of(english.encode("gb18030")) == boxes_of(TERMINALS.encode())


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("bus-1,校车一号线,", "bus-1,,", "9: 网关 bus-1 第一次出现，须写地点"),
        ("hall-1,,can0,,,pos-02", "hall-1,第二食堂,can0,,,pos-02", "3: 网关 hall-1 的地点先前是 第一食堂"),
        ("can0,CAN,50000", "can0,光纤,50000", "2: 线路 can0 第一次出现，类型应为"),
        ("can0,,,pos-02", "can0,485,,pos-02", "3: 线路 can0 与先前写的不同"),
        ("can0,,,pos-02", "can0,,125000,pos-02", "3: 线路 can0 与先前写的不同"),
        ("CAN,50000", "CAN,快", "2: 速率 '快' 应为数字"),
        ("pos-02,消费机,7", "pos-02,消费机,300", "3: 地址 '300' 应为 1–223"),
        ("pos-02,消费机", "pos-02,电梯", "3: 类型 '电梯' 应为 消费机"),
        ("hall-1,,tcp,网线", "hall-1,,,", "7: 缺少线路"),
    ],
)
def test_a_wrong_row_is_named_with_its_reason(old, new, said):
    with pytest.raises(ConfigFault) as told:
        made(TERMINALS.replace(old, new, 1))
    assert f"终端表: {said}" in str(told.value)


def test_wrong_cards_are_all_named_up_to_a_bound():
    many = "卡面号,开卡余额\n" + "".join(f"{n},十元\n" for n in range(WRONG_MAX + 3))
    with pytest.raises(ConfigFault) as told:
        cards_of(many.encode())
    lines = str(told.value).splitlines()
    assert len(lines) == WRONG_MAX + 1
    assert lines[0].startswith("卡表: 2: 金额看不懂")
    assert lines[-1] == "另有 3 行有误"


def test_what_differs_is_said_by_kind():
    old = parse_plan(made())
    raw = made(TERMINALS.replace("bus-1,校车一号线,tcp,tcp,,bus-01,车载机,,校车,前门\n", ""))
    raw["boxes"][0]["terminals"][0]["place"] = "9号窗口"
    raw["cards"] += [{"label": f"1{n:03d}", "opening_fen": 0} for n in range(12)]
    raw["ceiling_fen"] = 50_000
    said = [one.zh for one in differences(old, parse_plan(raw))]
    assert said[:3] == ["网关去掉：bus-1", "终端去掉：bus-1/bus-01", "终端改动：hall-1/pos-01"]
    assert said[3].startswith("卡新增：1000, 1001")
    assert said[3].endswith("等，另 2")
    assert said[4] == "也不同：ceiling_fen"
    assert differences(old, parse_plan(made())) == []


def test_by_the_command(tmp_path):
    (tmp_path / "t.csv").write_text(TERMINALS, encoding="utf-8")
    (tmp_path / "c.csv").write_text(CARDS, encoding="utf-8")
    words = ("plan", "new", "--campus", 17, "--name", "第七中学", "--terminals", tmp_path / "t.csv")
    told = ok(*words, "--cards", tmp_path / "c.csv", "--out", tmp_path / "plan.json")
    assert "终端 7 台" in told
    ok(*words, "--out", tmp_path / "old.json")
    assert "卡新增：0001, 0002, 0003" in ok("plan", "check", tmp_path / "plan.json", "--than", tmp_path / "old.json")
    assert "与旧计划相同" in ok("plan", "check", tmp_path / "plan.json", "--than", tmp_path / "plan.json")
    ok("campus", "--data", tmp_path / "d", "--plan", tmp_path / "plan.json")
    assert json.loads((tmp_path / "d/campus.json").read_text())["name"] == "第七中学"
    (tmp_path / "t.csv").write_text(TERMINALS.replace("消费机", "电梯", 1), encoding="utf-8")
    wrong = provision(*words, "--out", tmp_path / "none.json")
    assert (wrong.returncode, (tmp_path / "none.json").exists()) == (2, False)
