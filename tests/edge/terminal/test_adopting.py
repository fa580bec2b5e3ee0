"""A spare takes a broken body's PSAM and place, and keeps its own number and key."""

import json
from contextlib import closing
from pathlib import Path

import pytest

from edge.files.disk import InUse
from edge.terminal.settings import settings
from edge.terminal.station.adopting import adopt
from edge.terminal.station.flash_file import FileFlash
from shared.errors import ConfigFault
from shared.words.voice import Language

SPARE_KEY, BROKEN_KEY = "50" * 16, "01" * 16


def body(data: Path, name: str, device: str, key: str, **place: object) -> Path:
    folder = data / "terminals" / name
    folder.mkdir(parents=True)
    raw = {
        "format": 1, "name": name, "kind": "pos", "campus": 1, "demo": True, "box": "canteen-1", "device": device,
        "key": key, "key_version": 1, "profile": "campus", "link": {"name": "tcp", "kind": "tcp"}, "address": 0,
        "merchant": "", "place": "备用 spare", "hotlist": {"version": 1, "cards": []},
        "parameters": {"version": 1, "caps": None, "meals": [{"meal": 1, "name": "全天", "from_s": 0}]},
    }  # fmt: skip
    (folder / "terminal.json").write_text(json.dumps(raw | place), encoding="utf-8")
    return folder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    body(tmp_path, "spare-01", "000140000001", SPARE_KEY)
    wired = {"link": {"name": "can0", "kind": "can", "bitrate": 125000}, "address": 7}
    broken = body(tmp_path, "pos-01", "000100000001", BROKEN_KEY, **wired, merchant="一楼大伙", place="1号窗口")
    (broken / "psam.bin").write_bytes(b"chip")
    return tmp_path


def test_place_and_psam_move_and_number_and_key_stay(data: Path) -> None:
    (data / "terminals" / "spare-01" / "address.bin").write_bytes(b"of where it was before")
    adopt(data, "spare-01", "pos-01")
    assert not (data / "terminals" / "spare-01" / "address.bin").exists()
    found = settings.load(data / "terminals" / "spare-01" / "terminal.json")
    assert (found.name, found.device.hex(), found.key.hex()) == ("spare-01", "000140000001", SPARE_KEY)
    assert (found.address, found.bitrate, found.merchant, found.place) == (7, 125_000, "一楼大伙", "1号窗口")
    assert (data / "terminals" / "spare-01" / "psam.bin").read_bytes() == b"chip"
    assert not (data / "terminals" / "pos-01" / "psam.bin").exists()
    assert (data / "terminals" / "spare-01" / "terminal.json").stat().st_mode & 0o777 == 0o600
    again = adopt(data, "spare-01", "pos-01")
    assert "PSAM 已从 pos-01 移入 spare-01" in str(again), "said again it is done"
    assert "has moved from pos-01 into spare-01" in again.in_language(Language.EN)


def test_body_that_runs_keeps_its_psam(data: Path) -> None:
    with closing(FileFlash(data / "terminals" / "pos-01" / "flash.bin", 8192)), pytest.raises(InUse):
        adopt(data, "spare-01", "pos-01")
    assert (data / "terminals" / "pos-01" / "psam.bin").exists()


@pytest.mark.parametrize(
    ("name", "place"), [("v", {"kind": "validator"}), ("far", {"box": "canteen-2"})], ids=["kind", "box"]
)
def test_another_kind_or_box_is_refused(data: Path, name: str, place: dict[str, object]) -> None:
    body(data, name, "000140000009", SPARE_KEY, **place)
    with pytest.raises(ConfigFault):
        adopt(data, name, "pos-01")
    assert (data / "terminals" / "pos-01" / "psam.bin").exists()


def test_no_psam_to_move_and_one_that_is_there(data: Path) -> None:
    body(data, "pos-02", "000100000002", BROKEN_KEY)
    with pytest.raises(ConfigFault):
        adopt(data, "spare-01", "pos-02")
    (data / "terminals" / "spare-01" / "psam.bin").write_bytes(b"own")
    with pytest.raises(ConfigFault):
        adopt(data, "spare-01", "pos-01")
