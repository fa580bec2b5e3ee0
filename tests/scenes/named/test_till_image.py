"""真机镜像: the image of a till boots without readers, says why it does not sell, and outlives power cuts."""

import asyncio
import random
import shutil
import tempfile
import time
from collections.abc import Callable
from hashlib import file_digest
from pathlib import Path

import pytest

from compose.place import ROOT
from compose.release import box, debian, image
from compose.release.wheel import build
from edge.terminal.front.picture import SLATE
from shared.words.voice import Text
from tests.scenes import machine, plans
from tests.scenes.machine import Machine
from tests.scenes.scene import Scene, Stage

pytestmark = [pytest.mark.process, pytest.mark.large]
NAME = "pos-1"
CUTS, SHORT_CUTS = 10, 2
READERS = ("ACS ACR1252 Dual Reader PICC 00 00", "ACS ACR1252 Dual Reader SAM 01 00")
WHY = "没有安全模块：没有这台读卡器"
LOG = "journalctl --no-pager -o cat -b -u openykt-till | tail -n 4"
SETTINGS = ROOT / "compose/templates/till/till.conf"
DATED_S = 1_790_000_000


def require_tools(stage: Stage) -> None:
    """Unplayable without QEMU and what makes an image."""
    lacking = " ".join(machine.missing())
    stage.needs(not lacking, Text(f"没有 {lacking}", f"there is no {lacking}"))


def released(folder: Path, product: str, version: str = "0.1.0+scene1") -> Path:
    """The .deb of this tree."""
    folder.mkdir(parents=True, exist_ok=True)
    terms = box.Terms(version, "x86_64", "c0ffee", DATED_S, product)
    wheel = next(folder.glob("*.whl"), None) or build(folder)
    return debian.package(box.make(wheel, folder / version, terms), folder, terms)


def settings(**given: str) -> str:
    """The package's own, with these filled in."""
    names = ((line.partition("=")[0], line) for line in SETTINGS.read_text(encoding="utf-8").splitlines())
    return "".join(f"{name}={given[name]}\n" if name in given else f"{line}\n" for name, line in names)


async def _play(stage: Stage) -> None:
    require_tools(stage)
    await asyncio.to_thread(_by_turns, stage)


def _by_turns(stage: Stage) -> None:
    made = stage.folder / "image"
    with stage.step(Text("发行、镜像", "release and image"), Text("做成", "made")) as seen:
        image.make(image.Wish(released(stage.folder / "dist", box.TILL), "x86_64", made, _body(stage)))
        seen.seen = " ".join(f"{path.name} {path.stat().st_size >> 20} MiB" for path in sorted(made.glob("*.img")))
    before = _digest(made / "root.img")
    with tempfile.TemporaryDirectory(prefix="ykt-") as room:
        board = Machine(made, Path(room))
        try:
            _first_boot(stage, board)
            _cuts(stage, board, CUTS if stage.whole else SHORT_CUTS)
        finally:
            board.power_off()
            shutil.copyfile(Path(room) / "console.log", stage.folder / "console.log")
    with stage.step(Text("只读根", "the read-only root"), Text("一个字节也没变", "not one byte has changed")):
        assert _digest(made / "root.img") == before
    with stage.step(Text("数据分区", "the data partition"), Text("检查无误", "is found sound")) as seen:
        code, seen.seen = machine.checked(made / "data.img")
        assert code == 0


def _body(stage: Stage) -> Path:
    """What the data partition begins with: one counter on CAN whose PSAM is to lie in a reader."""
    campus, data = stage.room(plans.on_buses) / "campus", stage.folder / "data"
    folder = data / "openykt/campus/terminals" / NAME
    shutil.copytree(campus / "terminals" / NAME, folder)
    (folder / "psam.bin").unlink()
    (data / "settings").mkdir()
    said = settings(NAME=NAME, READER=READERS[0], PSAM_READER=READERS[1])
    (data / "settings/till.conf").write_text(said, encoding="utf-8")
    return data


def _first_boot(stage: Stage, board: Machine) -> None:
    board.power_on()
    with stage.step(Text("开机", "power on"), Text("真机服务在运行", "the till's service is active")) as seen:
        began = time.monotonic()
        board.until("echo it-is-$(systemctl is-active openykt-till)", "it-is-active")
        seen.seen = f"{time.monotonic() - began:.0f} s (emulated)"
    with stage.step(Text("没有读卡器", "no readers"), Text("说明为什么不卖", "it says why it does not sell")) as seen:
        seen.seen = board.until(LOG, WHY).splitlines()[-1]
    with stage.step(Text("显示屏", "the display"), Text("停止消费", "NOT SELLING")) as seen:
        seen.seen = _on_glass(board.shot(stage.folder / "glass.ppm"))
    with stage.step(Text("can0", "can0"), Text("一帧也没发", "not one frame was sent")) as seen:
        seen.seen = board.says("cat /sys/class/net/can0/statistics/tx_packets").strip()
        assert seen.seen == "0"
    with stage.step(Text("根", "the root"), Text("只读", "read-only")) as seen:
        seen.seen = board.says("touch /x").strip()
        assert "Read-only" in seen.seen
    with stage.step(Text("无人时", "with nobody there"), Text("几乎不用处理器", "hardly any processor time")) as seen:
        asked = "systemctl show openykt-till -p CPUUsageNSec --value"
        used, began = int(board.says(asked)), time.monotonic()
        time.sleep(10)
        spent_s, lasted_s = (int(board.says(asked)) - used) / 1e9, time.monotonic() - began
        seen.seen = f"{spent_s:.2f} s / {lasted_s:.0f} s"
        assert spent_s < lasted_s / 4


def _on_glass(shot: Path) -> str:
    """The ground of the middle is that of a body that does not sell."""
    raw = shot.read_bytes()
    magic, size, depth, pixels = raw.split(b"\n", 3)
    width, height = map(int, size.split())
    assert (magic, depth) == (b"P6", b"255")
    at = (height // 2 * width + width // 2) * 3
    assert tuple(pixels[at : at + 3]) == SLATE, tuple(pixels[at : at + 3])
    return f"{width}x{height}"


def _cuts(stage: Stage, board: Machine, count: int) -> None:
    """Every other one while it boots, the others while it runs; then once more to the end."""
    rng = random.Random(15)
    for number in range(count):
        cut = Text(f"断电 {number + 1}", f"power cut {number + 1}")
        with stage.step(cut, Text("再开机", "it boots again")) as seen:
            if number % 2 == 0:
                board.until(LOG, WHY)
                time.sleep(rng.uniform(0, 5))
            else:
                time.sleep(rng.uniform(1, 60))
            seen.seen = board.says("systemctl is-system-running", 5.0).strip() or "…"
            board.power_off()
            board.power_on()
    with stage.step(Text("最后一次开机", "the last boot"), Text("照样说明为什么", "says why, as ever")) as seen:
        seen.seen = board.until(LOG, WHY).splitlines()[-1]
        failed = board.says("systemctl --failed --plain --no-legend | cut -d' ' -f1").strip()
        assert not failed, failed


def _digest(path: Path) -> str:
    with path.open("rb") as opened:
        return file_digest(opened, "sha256").hexdigest()


SCENE = Scene(
    "till-image",
    Text("真机镜像", "the image of a till"),
    Text(
        "真机的系统镜像在模拟的板上开机，没有读卡器，说明为什么不卖、不接入；断电十次，次次起得来，只读根不变",
        "a till's image boots on an emulated board: no readers, so it says why it sells nothing; ten power cuts",
    ),
    _play,
)


@pytest.mark.timeout(7200)
def test_a_tills_image_boots_and_outlives_power_cuts(plays: Callable[[Scene], None]) -> None:
    plays(SCENE)
