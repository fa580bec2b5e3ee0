"""What came of a command to a docked device, in words. Pure."""

from cloud.watch.docking.dock import is_same
from cloud.watch.docking.keeping.values import Ordered, State
from shared.words.voice import Text

ANSWERS = {
    "late": Text("对接服务未运行或太忙，未发出", "the dock does not run or is busy; it was not sent"),
    "away": Text("设备不在线，未发出", "the device is away; it was not sent"),
    "no such metric": Text("没有此指标，未发出", "no such metric; it was not sent"),
    "too many": Text("等待回应的命令太多，未发出", "too many commands wait; it was not sent"),
}


def is_done(one: Ordered) -> bool:
    """Has the device told back the value that was written?"""
    return one.state is State.TOLD and is_same(one.value, one.told)


def came(one: Ordered) -> Text:
    """Of one that waits no longer; one that still waits was not sent."""
    match one.state:
        case State.TOLD if is_done(one):
            return Text(f"设备回报：{one.told}", f"told back: {one.told}")
        case State.TOLD:
            return Text(f"设备回报另一个值：{one.told}", f"told back otherwise: {one.told}")
        case State.REFUSED:
            return ANSWERS.get(one.told, Text(f"未发出：{one.told}", f"not sent: {one.told}"))
        case State.WAITING:
            return ANSWERS["late"]
    return Text("未知：已发出，设备未回报", "unknown: sent, and nothing was told back")
