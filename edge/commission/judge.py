"""Is this bus fit to sell on? From what was counted at rest and under load, and from what was measured by hand. Pure.

No software measures a terminator: without the ohms that somebody has typed in, nobody knows. Errors too few to tell
a bad line from chance are "unknown", too, and so is a measurement that was too short.
"""

from dataclasses import dataclass
from enum import StrEnum

from shared.words.voice import Text

MINUTES = 10
"""A bus is fit only after so long."""
BAD_SHARE = 1e-3
"""Destroyed frames per frame, from which on it is not fit."""
GOOD_SHARE = 1e-4
WARNING_PEAK = 96
OHMS_GOOD = (54, 66)
OHMS_ONE = (100, 135)
OHMS_SHORT = 45
LOADED = 0.2
"""A load below this part of the bus is none."""


class Fit(StrEnum):
    """A judgement. A word of --json: never renamed."""

    FIT = "fit"
    NOT_FIT = "not-fit"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Counted:
    """One phase: frames heard and sent here, errors seen, the peaks of both counters. load: the part of the bus."""

    seconds: float
    frames: int = 0
    errors: int = 0
    tec_peak: int = 0
    rec_peak: int = 0
    offs: int = 0
    unheard: int = 0
    lost: int = 0
    load: float = 0.0

    @property
    def share(self) -> float:
        """Errors per frame."""
        return self.errors / max(1, self.frames + self.errors)


@dataclass(frozen=True, slots=True)
class Judged:
    """One line of the sheet, or all of it."""

    fit: Fit
    why: Text


def judge_rest(rest: Counted) -> Judged:
    """Nobody but the terminals' own heartbeats: a sound bus has no error at all."""
    if rest.offs:
        return Judged(Fit.NOT_FIT, Text("静止时离线", "went bus-off at rest"))
    if rest.errors and rest.share >= BAD_SHARE:
        return Judged(Fit.NOT_FIT, Text(f"静止时坏帧 {rest.errors}", f"{rest.errors} bad frames at rest"))
    if rest.errors:
        return Judged(Fit.UNKNOWN, Text(f"静止时偶有坏帧 {rest.errors}", f"a few bad frames at rest: {rest.errors}"))
    return Judged(Fit.FIT, Text("静止时无错误", "no errors at rest"))


def judge_load(load: Counted) -> Judged:
    """The bus filled with frames of ours."""
    if load.unheard and not load.errors:
        return Judged(Fit.UNKNOWN, Text("总线上没有别的节点应答", "no other node answers on the bus"))
    if load.offs or (load.errors and max(load.tec_peak, load.rec_peak) >= WARNING_PEAK):
        peak = max(load.tec_peak, load.rec_peak)
        return Judged(Fit.NOT_FIT, Text(f"加载时错误计数到 {peak}", f"error counters rose to {peak} under load"))
    if load.share >= BAD_SHARE:
        return Judged(Fit.NOT_FIT, Text(f"加载时坏帧 {load.errors}", f"{load.errors} bad frames under load"))
    if load.load < LOADED:
        said = round(load.load * 100)
        return Judged(Fit.UNKNOWN, Text(f"负载只到 {said}%", f"only {said}% of the bus could be loaded"))
    if load.share >= GOOD_SHARE:
        return Judged(Fit.UNKNOWN, Text(f"加载时偶有坏帧 {load.errors}", f"a few bad frames: {load.errors}"))
    return Judged(Fit.FIT, Text("加载时无错误或极少", "no or hardly any errors under load"))


def judge_ohms(ohms: int | None) -> Judged:
    """Between the two wires, with the power off: 60 are two terminators."""
    if ohms is None:
        return Judged(Fit.UNKNOWN, Text("未测电阻", "the ohms were not measured"))
    if OHMS_GOOD[0] <= ohms <= OHMS_GOOD[1]:
        return Judged(Fit.FIT, Text(f"{ohms} 欧，两端电阻都在", f"{ohms} ohms: both terminators are there"))
    if OHMS_ONE[0] <= ohms <= OHMS_ONE[1]:
        return Judged(Fit.NOT_FIT, Text(f"{ohms} 欧，缺一个终端电阻", f"{ohms} ohms: a terminator is missing"))
    if ohms <= OHMS_SHORT:
        return Judged(Fit.NOT_FIT, Text(f"{ohms} 欧，电阻太多或短路", f"{ohms} ohms: too many, or a short"))
    return Judged(Fit.NOT_FIT, Text(f"{ohms} 欧，应为 60", f"{ohms} ohms, where 60 are right"))


def judge(rest: Counted, load: Counted, ohms: int | None) -> Judged:
    """All of it: one line that is not fit makes the bus not fit, one that is unknown makes it unknown."""
    lines = judge_rest(rest), judge_load(load), judge_ohms(ohms)
    for worst in (Fit.NOT_FIT, Fit.UNKNOWN):
        for line in lines:
            if line.fit is worst:
                return line
    if rest.seconds + load.seconds < MINUTES * 60:
        why = Text(f"不足 {MINUTES} 分钟", f"measured for less than {MINUTES} minutes")
        return Judged(Fit.UNKNOWN, why)
    return Judged(Fit.FIT, Text("可以使用", "fit for use"))


def advice(judged: Judged, bitrate: int) -> Text | None:
    """What to do next, if there is anything."""
    if judged.fit is Fit.NOT_FIT and bitrate > 50_000:
        return Text(
            "旧 485 线请改用 50 kbit/s 再测一次",
            "on re-used RS-485 wire take the 50 kbit/s profile and measure again",
        )
    if judged.fit is Fit.UNKNOWN:
        return Text("补测后再签字", "measure what is missing before you sign")
    return None
