"""Which terminals may be without an address, and where the one comes from that the edge has given."""

import json

import pytest

from edge.terminal.settings import settings
from edge.terminal.station.address_file import AddressFile
from edge.terminal.station.wires import Wire, open_link
from shared.errors import ConfigFault

CAN = {"name": "can0", "kind": "can", "bitrate": 125_000}


def made(kit, tmp_path, **changes):
    (tmp_path / "terminal.json").write_text(json.dumps({**kit.terminal_json, **changes}), encoding="utf-8")
    return settings.load(tmp_path / "terminal.json")


@pytest.mark.parametrize(("address", "kept", "used"), [(3, 9, 3), (0, 9, 9), (0, 0, 0)])
def test_a_configured_address_counts_before_one_that_was_given(kit, tmp_path, address, kept, used):
    body = made(kit, tmp_path, link=CAN, address=address)
    AddressFile(tmp_path, body.device).keep(kept)
    link = open_link(Wire(can="simbus:x"), body, tmp_path)
    assert (link._address, link._adapter._claiming is None) == (used, address != 0)


def test_on_rs485_nobody_gives_one(kit, tmp_path):
    body = made(kit, tmp_path, link={"name": "line0", "kind": "rs485", "baud": 9600}, address=0)
    with pytest.raises(ConfigFault, match="address"):
        open_link(Wire(rs485="/dev/null"), body, tmp_path)


def test_a_bus_has_a_rate(kit, tmp_path):
    with pytest.raises(ConfigFault, match="address"):
        open_link(Wire(can="simbus:x"), made(kit, tmp_path), tmp_path)
