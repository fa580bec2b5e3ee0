"""Which functions a campus has 功能: a preset says which are off at its start, and the campus may change each. Pure.

A function that is off is not there: no page, no place in a menu, no process, no way for a message; its verbs refuse,
and say how it is put on. Nothing that moves money or keeps a record is a function: that cannot be off.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from shared.errors import ConfigFault
from shared.words.voice import Text

FILE = "functions.json"
"""In the cloud's folder: {"preset": name, "off": [function, …]}. Without the file everything is on."""


class Function(StrEnum):
    """What can be off. CAMPUSES has no page and no process in this release."""

    BUSES = "buses"
    DOCKING = "docking"
    SMPP = "smpp"
    OFFLINE_CODE = "offline-code"
    SSO = "sso"
    CAMPUSES = "campuses"
    KPIS = "kpis"

    @property
    def said(self) -> Text:
        """For people."""
        return _SAID[self]


_SAID: Mapping[Function, Text] = {
    Function.BUSES: Text("校车", "buses"),
    Function.DOCKING: Text("第三方接入", "docking of strangers' devices"),
    Function.SMPP: Text("SMPP 短信", "SMS by SMPP"),
    Function.OFFLINE_CODE: Text("脱机付款码", "offline pay code"),
    Function.SSO: Text("统一身份登录", "single sign-on"),
    Function.CAMPUSES: Text("多校区", "several campuses"),
    Function.KPIS: Text("报警质量指标", "figures of alarm quality"),
}


@dataclass(frozen=True, slots=True)
class Preset:
    """A size of campus: what is off at its start, and how much a plan of it may have."""

    name: str
    off: frozenset[Function]
    cards_max: int
    boxes_max: int
    said: Text


SCHOOL = Preset(
    "school", frozenset(Function), 2_000, 2,
    Text("中学（一台小主机，2,000 张卡以内）", "a middle school: one mini-PC, up to 2,000 cards"),
)  # fmt: skip
WHOLE = Preset("all", frozenset(), 1_000_000, 1_000, Text("全部功能", "every function"))
PRESETS: Mapping[str, Preset] = {"中学": SCHOOL, "school": SCHOOL, "全部": WHOLE, "all": WHOLE}


def preset_of(name: str) -> Preset:
    """By either of its names; ConfigFault, which says what there is."""
    if name not in PRESETS:
        known = ", ".join(PRESETS)
        raise ConfigFault(Text(f"没有预设 {name[:32]!r}：{known}", f"no preset {name[:32]!r}: {known}"))
    return PRESETS[name]


def require_on(off: frozenset[Function], wanted: Function) -> None:
    """ConfigFault when it is off here."""
    if wanted in off:
        raise ConfigFault(
            Text(
                f"{wanted.said.zh} 已关：./ykt cloud functions on {wanted}",
                f"{wanted.said.en}: off here; ./ykt cloud functions on {wanted}",
            )
        )
