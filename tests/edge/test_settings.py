"""edge.json: one frozen value, and every wrong key named."""

import json

import pytest

from edge.settings import LinkKind, load, parse
from shared.errors import ConfigFault
from shared.inventory import DeviceKind
from shared.keys.ack_key import certify
from tests.edge.rig import ACK_KEY, OTHER_KEY

ACK = ACK_KEY.public_key().public_bytes_raw()


def good():
    return {
        "format": 1,
        "box": "canteen-1",
        "partition": 17,
        "campus": 1,
        "demo": True,
        "campus_key": OTHER_KEY.public_key().public_bytes_raw().hex(),
        "ack_key": ACK.hex(),
        "ack_certificate": certify(1, ACK, OTHER_KEY).hex(),
        "hotlist_version": 1,
        "parameter_version": 2,
        "links": [
            {"name": "can0", "kind": "can", "bitrate": 125000},
            {"name": "line0", "kind": "rs485", "baud": 115200},
            {"name": "tcp", "kind": "tcp"},
        ],
        "terminals": [
            {"device": "000100000001", "name": "pos-01", "kind": "pos", "link": "can0", "address": 1,
             "key": "11" * 16, "key_version": 1},
            {"device": "000100000002", "name": "load-01", "kind": "load", "link": "tcp", "address": 0,
             "key": "22" * 16, "key_version": 1},
        ],
        "outbox": {"unsettled_max": 1000},
        "tls": {"ca": "ca.pem", "certificate": "box.pem", "key": "box.key"},
    }  # fmt: skip


def test_on_a_can_bus_the_box_may_give_the_address_on_rs485_nobody_does(tmp_path):
    raw = good()
    del raw["terminals"][0]["address"]
    assert parse(raw, tmp_path).terminals[0].address == 0
    raw = good()
    raw["terminals"][0] |= {"link": "line0", "address": 0}
    with pytest.raises(ConfigFault, match=r"terminals\[0\].address"):
        parse(raw, tmp_path)


def test_all_of_it(tmp_path):
    (tmp_path / "edge.json").write_text(json.dumps(good()), encoding="utf-8")
    settings = load(tmp_path / "edge.json")
    assert (settings.box, settings.partition, settings.campus, settings.demo) == ("canteen-1", 17, 1, True)
    assert settings.ack_key == ACK
    assert settings.campus_key == OTHER_KEY.public_key().public_bytes_raw()
    assert [link.kind for link in settings.links] == [LinkKind.CAN, LinkKind.RS485, LinkKind.TCP]
    assert settings.links[0].bitrate == 125000
    assert settings.links[1].baud == 115200
    assert settings.terminals[1].kind is DeviceKind.LOAD_MACHINE
    assert (settings.outbox.unsettled_max, settings.outbox.settled_max) == (1000, 1_000_000)
    assert settings.tls is not None
    assert settings.tls.key == tmp_path / "box.key"
    assert "11111111" not in repr(settings)
    assert "\\x11" not in repr(settings.terminals)


def changed(path, value):
    """good() with one place changed; value None removes it."""
    raw = good()
    at = raw
    for step in path[:-1]:
        at = at[step]
    if value is None:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return raw


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        (("boxx",), 1, "boxx"),
        (("box",), None, "box"),
        (("box",), "a/b", "box"),
        (("format",), 2, "format"),
        (("partition",), 64, "partition"),
        (("partition",), True, "partition"),
        (("demo",), 1, "demo"),
        (("campus_key",), "11" * 31, "campus_key"),
        (("ack_key",), "zz", "ack_key"),
        (("ack_key",), "11" * 31, "ack_key"),
        (("ack_certificate",), "00" * 64, "ack_certificate"),
        (("campus",), 2, "ack_certificate"),
        (("links", 0, "bitrate"), 5, "links[0].bitrate"),
        (("links", 0, "kind"), "wifi", "links[0].kind"),
        (("links", 2, "baud"), 9600, "links[2].baud"),
        (("links", 2, "plain"), 0, "links[2].plain"),
        (("links", 2, "latency_ms"), 100, "links[2].latency_ms"),
        (("links", 0, "plain"), True, "links[0].plain"),
        (("links", 1, "latency_ms"), 2001, "links[1].latency_ms"),
        (("links", 1, "name"), "can0", "links"),
        (("links",), {}, "links"),
        (("links", 0), 7, "links[0]"),
        (("terminals", 0, "link"), "can9", "terminals[0].link"),
        (("terminals", 0, "address"), 0xE0, "terminals[0].address"),
        (("terminals", 0, "key"), "11" * 15, "terminals[0].key"),
        (("terminals", 1, "device"), "000100000001", "terminals[1].device"),
        (("terminals", 1, "colour"), "red", "terminals[1].colour"),
        (("outbox", "unsetled_max"), 5, "outbox.unsetled_max"),
        (("outbox", "unsettled_max"), 0, "outbox.unsettled_max"),
        (("tls", "key"), None, "tls.key"),
    ],
)
def test_wrong_key_is_named(tmp_path, path, value, named):
    with pytest.raises(ConfigFault) as fault:
        parse(changed(path, value), tmp_path)
    assert str(fault.value).startswith(named + ":")


def test_two_terminals_at_one_address(tmp_path):
    raw = good()
    raw["terminals"][1] = {**raw["terminals"][0], "device": "000100000009", "name": "pos-09"}
    with pytest.raises(ConfigFault, match=r"^terminals\[1\]\.address"):
        parse(raw, tmp_path)


def test_file_that_is_not_there_or_not_json(tmp_path):
    with pytest.raises(ConfigFault, match=r"edge\.json"):
        load(tmp_path / "edge.json")
    (tmp_path / "edge.json").write_text("{", encoding="utf-8")
    with pytest.raises(ConfigFault, match="JSON"):
        load(tmp_path / "edge.json")
    with pytest.raises(ConfigFault, match=r"edge\.json"):
        parse([], tmp_path)


def test_a_tcp_link_of_0_1_is_plain_until_it_is_switched(tmp_path):
    """There was no key then, and its terminals call without TLS."""
    assert parse(good(), tmp_path).plain_links == ("tcp",)
    assert parse(changed(("links", 2, "plain"), True), tmp_path).plain_links == ("tcp",)
    assert parse(changed(("links", 2, "plain"), False), tmp_path).plain_links == ()


def test_a_line_may_run_through_a_radio(tmp_path):
    assert parse(changed(("links", 1, "latency_ms"), 100), tmp_path).links[1].latency_ms == 100
