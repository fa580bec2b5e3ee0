"""terminal.json: what it gives, and that every wrong key is named."""

import json

import pytest

from edge.terminal.settings import settings
from edge.terminal.settings.settings import TlsWay
from shared.errors import ConfigFault
from shared.inventory import DeviceKind
from shared.purse.caps import Caps


def test_a_whole_file(kit, tmp_path):
    file = tmp_path / "terminal.json"
    raw = {**kit.terminal_json, "link": {"name": "can0", "kind": "can", "bitrate": 125_000}, "address": 3}
    raw["parameters"] = {**raw["parameters"], "caps": {"single_fen": 3000, "day_count": None}}
    file.write_text(json.dumps(raw), encoding="utf-8")
    loaded = settings.load(file)
    assert (loaded.name, loaded.kind, loaded.address, loaded.bitrate) == ("pos-01", DeviceKind.POS, 3, 125_000)
    assert loaded.parameters.caps == Caps(single_fen=3000)
    assert [meal.name for meal in loaded.parameters.meals] == ["早餐", "午餐"]
    assert len(loaded.hotlist) == 1
    assert loaded.agreed == ()
    raw["agreed"] = [{"profile": "bank-ep", "issuer": "6217000000000001"}, {"profile": "moc-city", "issuer": "1001"}]
    agreed = settings.parse(raw).agreed
    assert [(one.profile.name, one.issuer.hex()) for one in agreed] == [
        ("bank-ep", "6217000000000001"), ("moc-city", "1001"),
    ]  # fmt: skip
    assert loaded.operators == frozenset()
    raw["operators"] = ["000100010001f0000001"]
    assert {card.hex() for card in settings.parse(raw).operators} == {"000100010001f0000001"}
    raw["withdrawn"] = ["000100010001f0000001", "000100010001f0000002"]
    assert settings.parse(raw).operators == frozenset()
    assert "000102" not in repr(loaded), "the terminal's key is a secret"


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"format": 2}, "format"),
        ({"kind": "till"}, "kind"),
        ({"device": "00"}, "device"),
        ({"key": "zz"}, "key"),
        ({"profile": "nowhere"}, "profile"),
        ({"operators": ["00"]}, "operators"),
        ({"operators": ["00" * 10] * 257}, "operators"),
        ({"withdrawn": ["00"]}, "withdrawn"),
        ({"withdrawn": ["00" * 10] * 4097}, "withdrawn"),
        ({"operators": ["00" * 10], "kind": "load"}, "operators"),
        ({"agreed": [{"profile": "bank-ep", "issuer": "6217"}]}, "agreed[0].issuer"),
        ({"agreed": [{"profile": "subsidy", "issuer": "6217"}]}, "agreed[0].profile"),
        ({"agreed": [{"profile": "bank", "issuer": "6217"}]}, "agreed[0].profile"),
        ({"agreed": [{"profile": "bank-ep", "issuer": "00" * 8, "x": 1}]}, "agreed[0].x"),
        ({"agreed": [{}] * 33}, "agreed"),
        ({"agreed": [{"profile": "bank-ep", "issuer": "00" * 8}], "kind": "load"}, "agreed"),
        ({"address": 224}, "address"),
        ({"link": {"name": "tcp", "kind": "tcp", "plain": 1}}, "link.plain"),
        ({"link": {"name": "tcp", "kind": "tcp", "tls": "no"}}, "link.tls"),
        ({"link": {"name": "can0", "kind": "can", "bitrate": 125_000, "plain": True}}, "link.plain"),
        ({"ring_slots": 32_768}, "ring_slots"),
        ({"ring_slots": True}, "ring_slots"),
        ({"demo": None}, "demo"),
        ({"surprise": 1}, "surprise"),
        ({"hotlist": {"version": 1, "cards": ["00"]}}, "hotlist.cards"),
        ({"hotlist": {"version": 1, "cards": [7]}}, "hotlist.cards"),
        ({"hotlist": []}, "hotlist"),
        ({"link": {"name": "can0", "kind": "can"}}, "link.bitrate"),
        ({"parameters": {"version": 1, "caps": {"sum": 1}, "meals": []}}, "parameters.caps.sum"),
        (
            {"parameters": {"version": 1, "caps": None, "meals": [{"meal": 0, "name": "", "from_s": 0}]}},
            "meals[0].meal",
        ),
        (
            {
                "parameters": {
                    "version": 1,
                    "caps": None,
                    "meals": [{"meal": 1, "name": "a", "from_s": 9}, {"meal": 2, "name": "b", "from_s": 3}],
                }
            },
            "parameters.meals",
        ),
    ],
)
def test_a_wrong_key_is_named(kit, changed, named):
    with pytest.raises(ConfigFault) as fault:
        settings.parse({**kit.terminal_json, **changed})
    assert named in str(fault.value)


def test_a_file_that_is_none(tmp_path):
    with pytest.raises(ConfigFault, match="无法读取"):
        settings.load(tmp_path / "terminal.json")
    (tmp_path / "terminal.json").write_text("{")
    with pytest.raises(ConfigFault, match="不是 JSON"):
        settings.load(tmp_path / "terminal.json")
    with pytest.raises(ConfigFault, match="应为对象"):
        settings.parse([])


@pytest.mark.parametrize(("link", "tls"), [
    ({}, None),
    ({"plain": True, "tls": "certificate"}, None),
    ({"plain": False}, TlsWay.PSK),
    ({"plain": False, "tls": "certificate"}, TlsWay.CERTIFICATE),
])  # fmt: skip
def test_how_it_calls_its_box(kit, link, tls):
    """Without the key in plain, as in release 0.1."""
    raw = {**kit.terminal_json, "link": {"name": "tcp", "kind": "tcp"} | link}
    assert settings.parse(raw).tls is tls
