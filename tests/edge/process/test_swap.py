"""`edge swap`: what one person writes at the box, what the running box reads, what is refused."""

import json
from dataclasses import replace

import pytest

from edge.__main__ import main
from edge.process.swap_file import FILE, OrderWatch, changing, read_orders, write_orders
from edge.settings import SwapOrder
from shared.errors import ConfigFault
from shared.words.voice import Language, speak
from tests.edge.campus_rig import BOX, edge_json
from tests.edge.rig import device

ORDER = SwapOrder(device(50), device(1), "张三", 800_000_100)


SPARES = [
    {"device": device(n).hex(), "name": f"spare-{n}", "kind": kind, "key": (bytes((n,)) * 16).hex(), "key_version": 1}
    for n, kind in ((50, "pos"), (51, "pos"), (52, "validator"))
]


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "boxes" / BOX
    folder.mkdir(parents=True)
    (folder / "edge.json").write_text(json.dumps(edge_json(spares=SPARES)), encoding="utf-8")
    return tmp_path


def orders(data):
    return [(one.spare, one.broken, one.who) for one in read_orders(data / "boxes" / BOX)]


def swap(data, *words):
    return main(["swap", "--data", str(data), *words])


def test_orders_are_read_as_they_were_written(tmp_path):
    assert read_orders(tmp_path) == ()
    write_orders(tmp_path, (ORDER, replace(ORDER, spare=device(51), broken=device(2))))
    assert len(read_orders(tmp_path)) == 2
    assert read_orders(tmp_path)[0] == ORDER
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


def test_a_change_is_seen_once(tmp_path):
    watch = OrderWatch(tmp_path)
    assert not watch.changed()
    write_orders(tmp_path, (ORDER,))
    assert (watch.changed(), watch.changed()) == (True, False)
    write_orders(tmp_path, ())
    assert watch.changed()


BROKEN = ["", "[]", '{"format": 2, "orders": []}', '{"format": 1}', '{"format": 1, "orders": [{}]}']


@pytest.mark.parametrize("text", BROKEN)
def test_what_is_no_file_of_orders_is_refused_by_name(tmp_path, text):
    (tmp_path / FILE).write_text(text)
    with pytest.raises(ConfigFault):
        read_orders(tmp_path)


def test_one_person_orders_and_hears_what_follows(data, capsys):
    assert swap(data, "--broken", "pos-01", "--spare", "spare-50", "--who", " 张三 ") == 0
    said = capsys.readouterr().out
    assert said.startswith("换机单已记下：spare-50 顶替 pos-01\n")
    assert "一律待核，直到中心两人确认" in said
    assert orders(data) == [(device(50), device(1), "张三")]
    assert swap(data, "--broken", "pos-01", "--spare", "spare-50", "--who", "李四") == 0
    assert orders(data) == [(device(50), device(1), "张三")], "said again it is the same order"


def test_without_a_body_it_lists(data, capsys):
    swap(data, "--broken", "pos-02", "--spare", "spare-51", "--who", "张三")
    capsys.readouterr()
    assert swap(data) == 0
    said = capsys.readouterr().out
    assert "备用机：spare-50、spare-51" in said
    assert "spare-51 ← pos-02  张三" in said


def test_it_speaks_english_where_it_is_asked_to(data, capsys):
    speak(Language.EN)
    swap(data, "--broken", "pos-01", "--spare", "spare-50", "--who", "x")
    assert "held until two persons at the centre confirm" in capsys.readouterr().out
    swap(data)
    assert capsys.readouterr().out.startswith("spares: spare-50, spare-51")
    swap(data, "--broken", "pos-09", "--spare", "spare-50", "--who", "x")
    swap(data, "--broken", "pos-02", "--undo")
    refused = capsys.readouterr().err
    assert "configuration: --broken pos-09: not at this box, which has: pos-01, pos-02" in refused
    assert "configuration: pos-02: there is no swap order" in refused


def test_an_order_is_taken_back(data):
    swap(data, "--broken", "pos-01", "--spare", "spare-50", "--who", "张三")
    assert swap(data, "--broken", "pos-01", "--undo") == 0
    assert orders(data) == []
    assert swap(data, "--broken", "pos-01", "--undo") == 2


@pytest.mark.parametrize("words", [("--spare", "spare-51", "--who", "李四"), ("--undo",)])
def test_two_commands_at_once_lose_no_order(data, capsys, words):
    folder = data / "boxes" / BOX
    with changing(folder) as orders_then:
        write_orders(folder, (*orders_then, ORDER))
        assert swap(data, "--broken", "pos-02", *words) == 2
        assert "另一个命令正在修改" in capsys.readouterr().err
        assert swap(data) == 0, "to look is free"
    assert orders(data) == [(device(50), device(1), "张三")]
    swap(data, "--broken", "pos-02", "--spare", "spare-51", "--who", "李四")
    assert len(orders(data)) == 2


@pytest.mark.parametrize(
    "words",
    [
        ("--broken", "pos-09", "--spare", "spare-50", "--who", "x"),
        ("--broken", "pos-01", "--spare", "spare-99", "--who", "x"),
        ("--broken", "pos-01", "--spare", "spare-52", "--who", "x"),
        ("--broken", "pos-01", "--spare", "spare-50", "--who", " "),
        ("--broken", "pos-01", "--spare", "spare-50", "--who", "x" * 65),
        ("--broken", "pos-02", "--spare", "spare-51", "--who", "x"),
        ("--broken", "pos-03", "--spare", "spare-51", "--who", "x", "--box", "nowhere"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(data, words):
    swap(data, "--broken", "pos-02", "--spare", "spare-50", "--who", "张三")
    assert swap(data, *words) == 2
    assert len(orders(data)) == 1
