"""What terminals can be ordered to do from here: the form's fields, what is dangerous, and the order of them. Pure."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from shared.errors import ConfigFault, WireFault
from shared.facts.terms import ORDERS
from shared.fleet.order import (
    LOCATE_MAX_S,
    SILENCE_MAX_S,
    WHOLE,
    WHY_MAX,
    CloseShift,
    Deed,
    Locate,
    Lock,
    Order,
    Reboot,
    Reread,
    SendLog,
    Silence,
    Unlock,
)
from shared.words.voice import Text

REASON_MAX = 200
EXPIRES_S = (600, 7_200, 86_400)
"""Within one of these spans an order is begun, or never."""
TYPED_ABOVE = 50
"""Of more terminals than this their count is typed, whatever is ordered."""
_RECORDS = re.compile(r"(\d{1,5}):(\d{1,10})\.\.(\d{1,10})")


class DeedRefused(ConfigFault):
    """Happens when a form does not say an order. Nothing was ordered."""


def require_reason(given: str) -> str:
    """Why, in the words of who acts. DeedRefused: none, or too long."""
    reason = given.strip()
    if not reason or len(reason) > REASON_MAX:
        raise DeedRefused(Text(f"请写缘由，至多 {REASON_MAX} 字", f"give a reason, {REASON_MAX} characters at most"))
    return reason


class Verb(NamedTuple):
    """is_dangerous: its count is always typed. stops: ordered of all of a canteen it is two persons' word. field: what
    the form asks beside."""

    name: str
    is_dangerous: bool = False
    stops: bool = False
    field: str = ""

    @property
    def words(self) -> Text:
        """What it is called."""
        return Text(*ORDERS[self.name])


class Manner(NamedTuple):
    """How many at a time, and when it stops by itself."""

    width: int
    stop_percent: int
    stop_min: int


VERBS = {
    one.name: one
    for one in (
        Verb("locate", field="seconds"),
        Verb("send-log", field="whole"),
        Verb("unlock"),
        Verb("lock", is_dangerous=True, stops=True),
        Verb("reboot", is_dangerous=True, stops=True),
        Verb("close-shift", is_dangerous=True),
        Verb("silence", is_dangerous=True, field="seconds"),
        Verb("reread", field="records"),
    )
}
MANNERS = {"all": Manner(0, 0, 1), "few": Manner(5, 20, 2), "one": Manner(1, 1, 1)}
"""All at once; five at a time until a fifth of them has failed; one by one until the first failure."""


def deed_of(verb: str, form: Mapping[str, str], reason: str) -> Deed:
    """DeedRefused: there is no such order, or its arguments are out of bounds."""
    simple: dict[str, Deed] = {
        "unlock": Unlock(), "reboot": Reboot(), "close-shift": CloseShift(),
        "send-log": SendLog(WHOLE if form.get("whole") else 0),
    }  # fmt: skip
    if verb == "lock":
        return _lock(reason)
    if verb == "locate":
        return _proven(Locate(_seconds(form, 30, LOCATE_MAX_S)))
    if verb == "silence":
        return _proven(Silence(_seconds(form, 60, SILENCE_MAX_S)))
    if verb == "reread":
        return _proven(_reread(form.get("records", "")))
    if verb not in simple:
        raise DeedRefused(Text("没有这种指令", "there is no such order"))
    return simple[verb]


def is_typed(verb: Verb, count: int) -> bool:
    """Must the count be typed?"""
    return verb.is_dangerous or count > TYPED_ABOVE


def _lock(reason: str) -> Lock:
    if len(reason.encode()) > WHY_MAX:
        raise DeedRefused(
            Text(
                f"锁定的缘由显示在终端上，至多 {WHY_MAX // 3} 个汉字",
                f"the reason of a lock stands on the display: {WHY_MAX} bytes at most",
            )
        )
    return Lock(reason)


def _seconds(form: Mapping[str, str], otherwise: int, most: int) -> int:
    text = form.get("seconds", "") or str(otherwise)
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= most):
        raise DeedRefused(Text(f"秒数应为 0 到 {most}", f"seconds are 0 to {most}"))
    return int(text)


def _reread(text: str) -> Reread:
    found = _RECORDS.fullmatch(text.strip())
    if found is None:
        raise DeedRefused(Text("流水号应如 1:20..35", "records are as 1:20..35"))
    return Reread(*map(int, found.groups()))


def _proven(deed: Deed) -> Deed:
    try:
        Order(deed).encode()
    except WireFault as fault:
        raise DeedRefused(Text(f"超出范围：{fault}", f"out of bounds: {fault}")) from fault
    return deed
