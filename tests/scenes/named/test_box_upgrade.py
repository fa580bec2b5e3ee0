"""A box changes its release, and the ingest its process, while tills sell; two bad releases go back by themselves."""

import asyncio
import time
from collections.abc import Callable

import pytest

from shared.words.voice import Text
from tests.scenes import plans
from tests.scenes.boxes import DIES, DOES_NOT_IMPORT, Boxes
from tests.scenes.campus import Campus
from tests.scenes.scene import Scene, Stage
from tests.scenes.truth import require_truth

pytestmark = [pytest.mark.process, pytest.mark.large]
POSTING_S = 10.0
SELLING_S = 5.0
"""Between two 成功 of eight tills, each of which sells every third second: more would be a halt."""
LOOK_S = 0.05


class Gaps:
    """The longest time in which nothing was sold, and in which nothing was posted, while somebody looks."""

    def __init__(self, campus: Campus) -> None:
        self.campus, self.longest = campus, {"sold": 0.0, "posted": 0.0}
        self._task = asyncio.create_task(self._look())

    async def end(self) -> dict[str, float]:
        self._task.cancel()
        return {name: round(gap_s, 1) for name, gap_s in self.longest.items()}

    async def _look(self) -> None:
        counts, since_s = self._counts(), dict.fromkeys(self.longest, time.monotonic())
        while True:
            await asyncio.sleep(LOOK_S)
            now_s, found = time.monotonic(), self._counts()
            for name, count in found.items():
                self.longest[name] = max(self.longest[name], now_s - since_s[name])
                if count > counts[name]:  # a ledger that cannot be asked says less, and has posted nothing
                    since_s[name], counts[name] = now_s, count

    def _counts(self) -> dict[str, int]:
        return {"sold": self.campus.shown(), "posted": self.campus.posted()}


async def _play(stage: Stage) -> None:
    async with Campus(stage.room(plans.eight_on_can), seed=83, rate=0.3, tear=0.0) as campus:
        (box,) = campus.plan.boxes
        office, patience_s = Boxes(campus, box.box), 120.0 * stage.slow
        two = office.signed(2)
        with stage.step(Text("八台都在卖", "all eight sell"), Text("网关用安装包的发行", "the box runs its package's")):
            await campus.open()
            await campus.until_shown(8)
            await campus.until_posted(1)
            assert office.current == "openykt-edge-1"
        gaps = Gaps(campus)
        with stage.step(
            Text("发行 2 下发，网关换版；随后平台收流水的进程也换", "release 2; then the ingest is replaced, too"),
            Text("换上，自检后在用", "it runs, and is in use once the box is well"),
        ) as step:
            await asyncio.to_thread(office.roll_out, two, 2)
            await campus.until("it runs", lambda: office.current == "openykt-edge-2", patience_s)
            await campus.stop("ingest")
            await campus.start("ingest")
            await campus.until("it says that it is well", lambda: office.row["state"] == "in_use", patience_s)
            step.seen = Text(f"{office.row}", f"{office.row}")
        longest = await gaps.end()
        with stage.step(
            Text("停了多久", "how long was nothing done"),
            Text("收款不停，入账 ≤ 10 秒", "no halt of sales, posting ≤ 10 s"),
        ) as step:
            step.seen = Text(
                f"最长：收款 {longest['sold']} 秒，入账 {longest['posted']} 秒", f"longest gaps: {longest}"
            )
            assert longest["sold"] <= SELLING_S * stage.slow, longest
            assert longest["posted"] <= POSTING_S * stage.slow, longest
        for number, does, said in (
            (3, DIES, Text("发行 3 一启动就退出", "release 3 ends at once")),
            (4, DOES_NOT_IMPORT, Text("发行 4 缺模块", "release 4 does not import")),
        ):
            with stage.step(
                said, Text("三次启动后自行退回，点名", "after three starts it goes back, and is named")
            ) as step:
                await asyncio.to_thread(office.roll_out, office.signed(number, does), number)
                await campus.until("it is back", lambda: office.row["state"] == "returned", patience_s)
                assert office.current == "openykt-edge-2"
                assert office.row["why"] == "starts"
                step.seen = Text(f"{office.row}", f"{office.row}")
        with stage.step(
            Text(
                "发行 5 在用；发行 2 的归档又签为 6，整批退回",
                "5 is in use; the archive of 2 is signed as 6 and rolled back to",
            ),
            Text("网关回到 2 的文件夹", "the box is back in the folder of 2"),
        ) as step:
            assert len(campus.facts("box-release-back")) == 2
            await asyncio.to_thread(office.roll_out, office.signed(5), 5)
            await campus.until("5 is in use", lambda: office.row["state"] == "in_use", patience_s)
            await asyncio.to_thread(office.roll_back, two, 6)
            await campus.until("6 is in use", lambda: office.row["state"] == "in_use", patience_s)
            assert (office.current, office.row["running"]) == ("openykt-edge-2", 6)
            step.seen = Text(f"{office.row}", f"{office.row}")
        with stage.step(Text("收市", "the shop closes"), Text("账全对", "the books are true")) as step:
            await campus.close_shop(patience_s)
            view = require_truth(campus)
            step.seen = Text(f"{view.posted} 笔入账", f"{view.posted} posted")


SCENE = Scene(
    "box-upgrade",
    Text("网关边卖边升级", "a box is upgraded while it sells"),
    Text(
        "八台边卖，网关换发行，平台进程也换：收款不停，入账停顿不过十秒；两个坏发行各自退回并点名",
        "eight tills sell on while box and ingest are replaced, posting halts 10 s at most; bad releases go back",
    ),
    _play,
)


def test_a_box_is_upgraded_while_it_sells_and_goes_back_from_bad_releases(plays: Callable[[Scene], None]) -> None:
    plays(SCENE)
