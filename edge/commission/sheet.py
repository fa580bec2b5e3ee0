"""The two sheets as text: a bus that was measured, with room to sign, and an old line that was judged. Pure."""

from collections.abc import Iterable
from typing import Any

from edge.commission.judge import Counted, Fit, Judged, advice, judge, judge_load, judge_ohms, judge_rest
from edge.commission.wire import Bound, OldLine, Use, bounds, judge_line
from shared.words.columns import left
from shared.words.voice import Language, Text

WIDTH = 18
RULE = "-" * 64
MARKS = {
    Fit.FIT: Text("合格", "fit"),
    Fit.NOT_FIT: Text("不合格", "not fit"),
    Fit.UNKNOWN: Text("未知", "unknown"),
}
USES = {
    Use.CAN_125: Text("可用 CAN，125 kbit/s", "CAN at 125 kbit/s"),
    Use.CAN_50: Text("可用 CAN，50 kbit/s", "CAN at 50 kbit/s"),
    Use.SPLIT: Text("网关放中间，两个适配器各带一半", "split: the box in the middle, an adapter for each half"),
    Use.STAY: Text("保留 RS-485", "stay on RS-485"),
}
FORMULA = Text(
    "长度：2 ×（米 × 5 ns + 250 ns）≤ 0.8 位，且 ≤ CiA 表；支线：每条 ≤ 0.6 位 / 50，合计 ≤ 0.6 位 / 10；"
    "负载：终端 × 0.5 次/秒 × 1500 位",
    "length: 2 × (m × 5 ns + 250 ns) ≤ 0.8 bit, and ≤ CiA's table; stubs: each ≤ 0.6 bit / 50, all ≤ 0.6 bit / 10; "
    "load: terminals × 0.5/s × 1500 bits",
)


def bus_sheet(name: str, bitrate: int, rest: Counted, load: Counted, ohms: int | None, when: str) -> list[str]:
    """One page to sign."""
    whole = judge(rest, load, ohms)
    return [
        str(Text(f"CAN 线路验收单：{name}", f"CAN line, acceptance sheet: {name}")),
        RULE,
        _row(Text("时间", "when"), when),
        _row(Text("比特率", "bit rate"), f"{bitrate} bit/s"),
        _row(Text("静止", "at rest"), _counted(rest)),
        _judged(judge_rest(rest)),
        _row(Text("加载", "under load"), _counted(load)),
        _judged(judge_load(load)),
        _row(Text("电阻", "resistance"), str(judge_ohms(ohms).why)),
        _judged(judge_ohms(ohms)),
        RULE,
        _row(Text("结论", "verdict"), f"{MARKS[whole.fit]} · {whole.why}"),
        *([_row(Text("建议", "advice"), str(next_))] if (next_ := advice(whole, bitrate)) else []),
        "",
        str(Text("施工人：________________    验收人：________________", "built by: ________________    "
                 "accepted by: ________________")),
        str(Text("日期：__________________", "date: __________________")),
    ]  # fmt: skip


def bus_json(name: str, bitrate: int, rest: Counted, load: Counted, ohms: int | None) -> dict[str, Any]:
    """For programs."""
    whole = judge(rest, load, ohms)
    lines = {"rest": judge_rest(rest), "load": judge_load(load), "ohms": judge_ohms(ohms)}
    return {
        "link": name, "bitrate": bitrate, "judged": whole.fit.value, "why": whole.why.in_language(Language.EN),
        "ohms": ohms, "lines": {key: one.fit.value for key, one in lines.items()},
        "rest": _numbers(rest), "load": _numbers(load),
    }  # fmt: skip


def line_sheet(line: OldLine) -> list[str]:
    """What an old line is good for, with the numbers behind it."""
    use, rate = judge_line(line)
    judged = line.half() if use is Use.SPLIT else line
    shown = [rate] if rate else [125_000, 50_000]
    rows = [row for one in shown for row in _bounds(one, bounds(judged, one))]
    return [str(USES[use]), *rows, str(FORMULA), str(Text(
        "这是估算：线缆须为双绞线、单一干线；装好后请用 edge commission --link 验收",
        "an estimate, for twisted pair and one trunk: accept the line by edge commission --link when it is wired",
    ))]  # fmt: skip


def line_json(line: OldLine) -> dict[str, Any]:
    """For programs."""
    use, rate = judge_line(line)
    judged = line.half() if use is Use.SPLIT else line
    rows = {
        one.name.in_language(Language.EN): {"has": one.has, "most": round(one.most, 2), "holds": one.holds}
        for one in bounds(judged, rate or 50_000)
    }
    return {"use": use.value, "bitrate": rate, "bounds": rows, "formula": FORMULA.in_language(Language.EN)}


def _bounds(rate: int, rows: Iterable[Bound]) -> list[str]:
    return [f"  {rate // 1000} kbit/s  {'✓' if one.holds else '✗'} {left(one.name, WIDTH)}"
            f"{one.has:g} ≤ {one.most:g}" for one in rows]  # fmt: skip


def _row(name: Text, value: str) -> str:
    return f"{left(name, WIDTH)}{value}"


def _judged(one: Judged) -> str:
    return f"{'':<{WIDTH}}{MARKS[one.fit]}"


def _counted(one: Counted) -> str:
    return str(Text(
        f"{one.seconds:.0f} 秒，帧 {one.frames}，坏帧 {one.errors}，TEC 峰值 {one.tec_peak}，REC 峰值 {one.rec_peak}，"
        f"离线 {one.offs}，负载 {one.load:.0%}",
        f"{one.seconds:.0f} s, {one.frames} frames, {one.errors} bad, TEC peak {one.tec_peak}, "
        f"REC peak {one.rec_peak}, bus-off {one.offs}, load {one.load:.0%}",
    ))  # fmt: skip


def _numbers(one: Counted) -> dict[str, float]:
    return {name: getattr(one, name) for name in Counted.__slots__}
