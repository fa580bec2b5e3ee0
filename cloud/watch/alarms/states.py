"""The states of one alarm (IEC 62682, shelving as OPC UA part 9): active or returned, acknowledged or not. Pure.

There is one alarm for each rule and source. Beside these two it may be shelved 搁置 by a person until a time,
suppressed 抑制 by what explains it, or out of service 停报: then it goes on being kept, and calls nobody. Each function
gives the alarm as it stands after, and what has happened to it; None: nothing has.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from cloud.watch.alarms.terms import is_graver
from shared.errors import YktError
from shared.facts.told import Level
from shared.words.voice import Text

SHELF_MAX_MS = 7 * 86_400_000
"""Nothing is shelved for longer: who still wants it so says it again."""
NOTE_MAX = 200
"""Characters of a note; a longer one is refused, for it would be cut."""


class AlarmRefused(YktError):
    """Happens when somebody asks of an alarm what its state does not allow; nothing has changed."""


class Deed(StrEnum):
    """What happens to an alarm. A promise to whoever reads the events: added to, never renamed."""

    RAISED = "raised"
    WORSENED = "worsened"
    RETURNED = "returned"
    ACKNOWLEDGED = "acknowledged"
    TAKEN = "taken"
    """Somebody is on it 已接单: by SMS or by word; escalation pauses, and it still wants an acknowledgement."""
    EXPIRED = "expired"
    """An acknowledgement ran out while the alarm still stands."""
    SHELVED = "shelved"
    UNSHELVED = "unshelved"
    SUPPRESSED = "suppressed"
    UNSUPPRESSED = "unsuppressed"
    STOPPED = "stopped"
    STARTED = "started"
    ASSIGNED = "assigned"
    COMMENTED = "commented"
    LINKED = "linked"
    UNDONE = "undone"
    """Whoever answered took his word back: it is as it was before."""


CALLS_ANEW = frozenset({
    Deed.RAISED, Deed.WORSENED, Deed.EXPIRED, Deed.UNSUPPRESSED, Deed.UNSHELVED, Deed.STARTED,
})  # fmt: skip
"""After which an alarm may call that did not before."""


class State(StrEnum):
    """How an alarm is listed."""

    UNACKNOWLEDGED = "unacknowledged"
    ACKNOWLEDGED = "acknowledged"
    RETURNED = "returned"
    """Returned, and nobody has acknowledged it yet."""
    NORMAL = "normal"
    SHELVED = "shelved"
    SUPPRESSED = "suppressed"
    OUT_OF_SERVICE = "out-of-service"


STATES = {
    State.UNACKNOWLEDGED: Text("未确认", "unacknowledged"),
    State.ACKNOWLEDGED: Text("已确认", "acknowledged"),
    State.RETURNED: Text("已恢复未确认", "returned, unacknowledged"),
    State.NORMAL: Text("正常", "normal"),
    State.SHELVED: Text("搁置", "shelved"),
    State.SUPPRESSED: Text("抑制", "suppressed"),
    State.OUT_OF_SERVICE: Text("停报", "out of service"),
}


@dataclass(frozen=True, slots=True)
class Alarm:
    """One as it stands; times in Unix ms. since: when it last became active; last: when it was last heard that it is
    there; count: so often since then. ack_until 0: an acknowledgement that does not run out. shelved_until 0: it is not
    shelved."""

    grade: Level
    is_active: bool
    is_acked: bool
    since_ms: int
    last_ms: int
    count: int = 1
    returned_ms: int = 0
    acked_by: str = ""
    ack_until_ms: int = 0
    taken_by: str = ""
    shelved_by: str = ""
    shelved_until_ms: int = 0
    suppressed_by: str = ""
    stopped_by: str = ""
    assigned: str = ""

    @property
    def state(self) -> State:
        """What keeps it quiet goes before what it is; one that is over and acknowledged is on no list."""
        if self.stopped_by:
            return State.OUT_OF_SERVICE
        if self.is_acked and not self.is_active and not self.shelved_until_ms:
            return State.NORMAL
        if self.suppressed_by:
            return State.SUPPRESSED
        if self.shelved_until_ms:
            return State.SHELVED
        if self.is_active:
            return State.ACKNOWLEDGED if self.is_acked else State.UNACKNOWLEDGED
        return State.RETURNED

    @property
    def calls(self) -> bool:
        """Does it want a person now?"""
        return self.state is State.UNACKNOWLEDGED and self.grade is not Level.NOTICE


Step = tuple[Alarm, Deed | None]


def raised(alarm: Alarm | None, at_ms: int, grade: Level, heard_ms: int = 0) -> Step:
    """It is there: for the first time, again, or still. Worse than before wants a new acknowledgement. heard_ms: when
    that was heard, where it was later."""
    last_ms = max(at_ms, heard_ms)
    if alarm is None:
        return Alarm(grade, is_active=True, is_acked=False, since_ms=at_ms, last_ms=last_ms), Deed.RAISED
    if not alarm.is_active:
        fresh = replace(_unacked(alarm), grade=grade, is_active=True, since_ms=at_ms, last_ms=last_ms, count=1)
        return replace(fresh, returned_ms=0), Deed.RAISED
    again = replace(alarm, last_ms=max(last_ms, alarm.last_ms), count=alarm.count + 1)
    if is_graver(grade, alarm.grade):
        return replace(_unacked(again), grade=grade), Deed.WORSENED
    return again, None


def returned(alarm: Alarm, at_ms: int) -> Step:
    """What raised it is over. One that nobody has acknowledged stays on the list, but where another one explains it."""
    if not alarm.is_active:
        return alarm, None
    is_acked = alarm.is_acked or bool(alarm.suppressed_by)
    return replace(alarm, is_active=False, is_acked=is_acked, returned_ms=at_ms), Deed.RETURNED


def at(alarm: Alarm, now_ms: int) -> Step:
    """What time alone does: a shelf ends, an acknowledgement runs out. One step a call; call until None."""
    if alarm.shelved_until_ms and now_ms >= alarm.shelved_until_ms:
        return _unshelved(alarm), Deed.UNSHELVED
    if alarm.is_active and alarm.is_acked and alarm.ack_until_ms and now_ms >= alarm.ack_until_ms:
        return _unacked(alarm), Deed.EXPIRED
    return alarm, None


def acknowledged(alarm: Alarm, who: str, note: str, until_ms: int = 0) -> Step:
    """A known person has seen it. AlarmRefused without a note for an urgent one. A second time is success."""
    _require_note(alarm, note)
    if alarm.is_acked:
        return alarm, None
    return replace(alarm, is_acked=True, acked_by=who, ack_until_ms=until_ms), Deed.ACKNOWLEDGED


def taken(alarm: Alarm, who: str) -> Step:
    """Somebody says that he is on it. What is over or acknowledged is not taken any more."""
    if alarm.is_acked or not alarm.is_active or alarm.taken_by:
        return alarm, None
    return replace(alarm, taken_by=who), Deed.TAKEN


def shelved(alarm: Alarm, who: str, why: str, now_ms: int, until_ms: int) -> Step:
    """Until a time, with a reason: AlarmRefused without them, or for longer than SHELF_MAX_MS."""
    _require_reason(why)
    if not now_ms < until_ms <= now_ms + SHELF_MAX_MS:
        raise AlarmRefused(Text("搁置须有期限，至多 7 天", "a shelf has an end, 7 days at most"))
    return replace(alarm, shelved_by=who, shelved_until_ms=until_ms), Deed.SHELVED


def unshelved(alarm: Alarm) -> Step:
    """Before its time."""
    return (_unshelved(alarm), Deed.UNSHELVED) if alarm.shelved_until_ms else (alarm, None)


def suppressed(alarm: Alarm, cause: str) -> Step:
    """Something else explains it: the alarm `rule source` above it, or a maintenance window. Empty: nothing does."""
    if cause == alarm.suppressed_by:
        return alarm, None
    return replace(alarm, suppressed_by=cause), Deed.SUPPRESSED if cause else Deed.UNSUPPRESSED


def stopped(alarm: Alarm, who: str, why: str) -> Step:
    """Out of service, until somebody starts it again. AlarmRefused without a reason."""
    _require_reason(why)
    return (alarm, None) if alarm.stopped_by else (replace(alarm, stopped_by=who), Deed.STOPPED)


def started(alarm: Alarm) -> Step:
    """In service again."""
    return (replace(alarm, stopped_by=""), Deed.STARTED) if alarm.stopped_by else (alarm, None)


def assigned(alarm: Alarm, to: str) -> Step:
    """Whose it is from now on; empty: nobody's."""
    return (alarm, None) if alarm.assigned == to else (replace(alarm, assigned=to), Deed.ASSIGNED)


def commented(alarm: Alarm, note: str) -> Step:
    """Somebody's word beside it. AlarmRefused: there is none, or it is too long."""
    _require_reason(note)
    return alarm, Deed.COMMENTED


def linked(alarm: Alarm, to: str) -> Step:
    """What it belongs to, such as `job:7`; who asks has seen that there is one."""
    _require_reason(to)
    return alarm, Deed.LINKED


def _unacked(alarm: Alarm) -> Alarm:
    return replace(alarm, is_acked=False, acked_by="", ack_until_ms=0, taken_by="")


def _unshelved(alarm: Alarm) -> Alarm:
    return replace(alarm, shelved_by="", shelved_until_ms=0)


def _require_note(alarm: Alarm, note: str) -> None:
    if alarm.grade is Level.URGENT and not note.strip():
        raise AlarmRefused(Text("紧急报警的确认须写说明", "an urgent alarm is acknowledged with a note"))
    _require_short(note)


def _require_reason(why: str) -> None:
    if not why.strip():
        raise AlarmRefused(Text("须写缘由", "a reason is wanted"))
    _require_short(why)


def _require_short(text: str) -> None:
    if len(text) > NOTE_MAX:
        raise AlarmRefused(Text(f"说明至多 {NOTE_MAX} 字", f"a note has {NOTE_MAX} characters at most"))
