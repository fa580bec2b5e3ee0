"""网关软件包: the .deb of a box under a running systemd: installed, upgraded, removed, purged; its data stay."""

import asyncio
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from compose.release import box, image
from shared.words.voice import Text
from tests.scenes import plans
from tests.scenes.machine import Machine
from tests.scenes.named.test_till_image import released, require_tools
from tests.scenes.scene import Scene, Stage

pytestmark = [pytest.mark.process, pytest.mark.large]
SETTINGS = "BOX=canteen\nBROKER=127.0.0.1:8883\nLINES=--tcp-port 9100\nCAN_BITRATE=125000\n"
STATE = "echo it-is-$(systemctl is-active openykt-edge)"
ACTIVE = "it-is-active"
RELEASE = "readlink -f /var/lib/openykt-box/current"
OLD, NEW = "0.1.0+scene1", "0.1.0+scene2"
DPKG_S = 300.0


async def _play(stage: Stage) -> None:
    require_tools(stage)
    await asyncio.to_thread(_by_turns, stage)


def _by_turns(stage: Stage) -> None:
    made = stage.folder / "image"
    with stage.step(Text("发行、镜像", "releases and image"), Text("做成", "made")):
        old, new = (released(stage.folder / "dist", box.EDGE, version) for version in (OLD, NEW))
        image.make(image.Wish(old, "x86_64", made, _data(stage, old, new)))
    with tempfile.TemporaryDirectory(prefix="ykt-") as room:
        board = Machine(made, Path(room))
        try:
            _lives(stage, board, old.name, new.name)
        finally:
            board.power_off()
            shutil.copyfile(Path(room) / "console.log", stage.folder / "console.log")


def _data(stage: Stage, *packages: Path) -> Path:
    """A box's own folder, its settings, and the packages that a person brings."""
    campus, data = stage.room(plans.on_tcp) / "campus", stage.folder / "data"
    shutil.copytree(campus / "boxes", data / "openykt/campus/boxes")
    (data / "settings").mkdir()
    (data / "settings/edge.conf").write_text(SETTINGS, encoding="utf-8")
    (data / "packages").mkdir()
    for package in packages:
        shutil.copyfile(package, data / "packages" / package.name)
    return data


def _lives(stage: Stage, board: Machine, old: str, new: str) -> None:
    board.power_on()
    with stage.step(Text("开机", "power on"), Text("网关在运行", "the box is active")) as seen:
        board.until(STATE, ACTIVE)
        seen.seen = board.says("journalctl -o cat -b -u openykt-edge | grep -m1 READY").strip()
        assert "READY" in seen.seen
        assert OLD in board.says(RELEASE), "nothing of what it may fetch can be kept: its folder is not to be written"
        board.until("echo it-is-$(systemctl is-active openykt-trial.timer)", ACTIVE, 60.0)
    with stage.step(Text("升级", "upgrade"), Text("新版本在运行", "the new release runs")) as seen:
        board.says("mount -o remount,rw /")
        before = board.says("systemctl show openykt-edge -p MainPID --value")
        seen.seen = _dpkg(board, f"--install /data/packages/{new}")
        board.until(STATE, ACTIVE)
        assert NEW in board.says(RELEASE)
        after = board.says("systemctl show openykt-edge -p MainPID --value")
        assert after != before, "what runs is still the old release, whose files are gone"
        assert not board.says("ls /opt/openykt/releases | grep scene1").strip()
    with stage.step(Text("卸载", "remove"), Text("停了，设置和数据还在", "it has ended; settings, data stay")) as seen:
        seen.seen = _dpkg(board, "--remove openykt-edge")
        assert ACTIVE not in board.says(STATE)
        _require_data(board)
        assert board.says("ls /etc/openykt").split() == ["edge.conf"]
        assert "No such file" in board.says("ls /opt/openykt/shipped")
    with stage.step(Text("再装", "install again"), Text("开启即运行", "enabled, it is active")) as seen:
        seen.seen = _dpkg(board, f"--install /data/packages/{old}")
        board.says("systemctl enable --now openykt-edge openykt-trial.timer", DPKG_S)
        board.until(STATE, ACTIVE)
        assert OLD in board.says(RELEASE)
    with stage.step(Text("清除", "purge"), Text("除数据外都没了", "all is gone but the data")) as seen:
        seen.seen = _dpkg(board, "--purge openykt-edge")
        assert ACTIVE not in board.says(STATE)
        assert not board.says("ls /etc/openykt /opt/openykt/releases 2>/dev/null | grep -v :").strip()
        assert not board.says("ls /usr/lib/systemd/system | grep openykt").strip()
        assert not board.says("ls -A /var/lib/openykt-box 2>/dev/null").strip()
        _require_data(board)


def _require_data(board: Machine) -> None:
    assert "outbox" in board.says("ls -R /var/lib/openykt/campus/boxes/canteen")


def _dpkg(board: Machine, words: str) -> str:
    """Its last words. It has to succeed."""
    said = board.says(f"DEBIAN_FRONTEND=noninteractive dpkg {words} 2>&1; echo code=$?", DPKG_S)
    assert "code=0" in said, said
    return said.strip().splitlines()[-2][:200]


SCENE = Scene(
    "box-package",
    Text("网关软件包", "a box's package"),
    Text(
        "网关的 .deb 在模拟的板上：装、升级、卸载、再装、清除，网关随之运行或停止，数据始终都在",
        "a box's .deb on an emulated board: installed, upgraded, removed, installed again, purged; its data stay",
    ),
    _play,
)


@pytest.mark.timeout(3600)
def test_a_boxes_package_is_installed_upgraded_and_purged(plays: Callable[[Scene], None]) -> None:
    plays(SCENE)
