"""来电到首笔: a box and its till after a power cut, from the start of their programs to the first 成功.

Emulated: the board before its programs start (firmware, kernel, systemd), its processor and its storage; the card
reader and the display. Real: what starts and in which order (`openykt-box step`, then the box; then the till), their
data as the cut left them, and program files that nobody has in memory.
"""

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import edge
import shared
from compose.place import ROOT
from shared.words.voice import Text
from tests.scenes import plans
from tests.scenes.boxes import Boxes
from tests.scenes.campus import Campus
from tests.scenes.scene import Scene, Stage
from tests.scenes.truth import require_truth

pytestmark = [pytest.mark.process, pytest.mark.large]
FIRST_SALE_S = 15.0
RATE = 8.0
"""Somebody holds a card there at once."""
PACKAGES = ("cbor2", "cryptography", "cffi", "can", "apsw", "tuf", "securesystemslib")


async def _play(stage: Stage) -> None:
    async with Campus(stage.room(plans.on_can), seed=15, rate=RATE, tear=0.0) as campus:
        box, till = campus.plan.boxes[0].box, "t-pos-1"
        Boxes(campus, box)  # started by `openykt-box`, as its unit does
        field = [name for name in campus.parts if name.startswith(("bus-", "edge-"))]
        with stage.step(Text("营业", "it sells"), Text("入账", "it is posted")):
            await campus.open()
            await campus.until_posted(5)
        with stage.step(
            Text("断电，来电：中心在", "a power cut, and power again: the centre is there"),
            Text(f"{FIRST_SALE_S:g} 秒内首笔", f"the first sale within {FIRST_SALE_S:g} s"),
        ) as step:
            await campus.kill(*field, *campus.bodies)
            stage.at_most(step, await _first_sale(campus, field, till), FIRST_SALE_S)
        with stage.step(
            Text("断电，来电：中心与消息代理都不在", "a power cut, and power again: centre and broker are away"),
            Text(f"{FIRST_SALE_S:g} 秒内首笔", f"the first sale within {FIRST_SALE_S:g} s all the same"),
        ) as step:
            await campus.kill_all()
            stage.at_most(step, await _first_sale(campus, field, till), FIRST_SALE_S)
        with stage.step(Text("中心回来，收市", "the centre is back, the shop closes"), Text("账目属实", "true books")):
            await campus.start(*(name for name in campus.parts if name not in (*field, till)))
            await campus.close_shop()
            require_truth(campus)


async def _first_sale(campus: Campus, field: list[str], till: str) -> float:
    """Seconds from the start of the first program. The till begins when the box is ready, which a real one does not
    wait for."""
    await asyncio.to_thread(_forget_programs)
    before, began_s = campus.shown(till), time.monotonic()
    await campus.start(*field, till)
    await campus.until("the first sale", lambda: campus.shown(till) > before)
    return time.monotonic() - began_s


def _forget_programs() -> None:
    """Their files are read from the disk again; nobody else's are."""
    for path in _programs():
        fd = os.open(path, os.O_RDONLY)
        try:
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(fd)


def _programs() -> Iterator[Path]:
    site = Path(pytest.__file__).parents[1]
    folders = [*(Path(one.__path__[0]) for one in (edge, shared)), *(site / name for name in PACKAGES), ROOT / "tests"]
    for folder in folders:
        yield from (path for path in folder.rglob("*") if path.suffix in (".py", ".pyc", ".so"))


SCENE = Scene(
    "power-on",
    Text("来电到首笔", "from power to the first sale"),
    Text(
        "网关与终端断电再来电，程序文件不在内存：中心在与不在，都在十五秒内收第一笔",
        "box and till after a power cut, programs cold: the first sale within 15 s, with the centre and without",
    ),
    _play,
)


def test_the_first_sale_after_power(plays: Callable[[Scene], None]) -> None:
    plays(SCENE)
