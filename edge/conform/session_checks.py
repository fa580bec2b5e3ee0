"""Checks of a conversation: MACs, counters, time, what is not understood. docs/protocol/join.md, messages.md. Pure."""

from edge.conform.record_checks import spoiled
from edge.conform.report import Failed, Skipped
from edge.conform.stand import ANSWER_S, STORE, Stand, Steps
from edge.link import messages as link
from edge.link.layout import HEAD
from edge.link.messages import Refusal, Type
from edge.link.seal import BAD_MACS_MAX, COUNTER_STEP_MAX
from edge.terminal.firmware.line import HINT_S
from shared import records
from shared.clocks.clock import DAY_S
from shared.errors import WireFault
from shared.words.voice import Text

_NEAR_S = 120
"""A record may be so far from the time of its terminal: a person takes a while to tap."""
_UNKNOWN = (0x0A, 0x1F, 0x7E)
"""Types that no version of the protocol has given a meaning."""


def _fresh(stand: Stand) -> Steps[None]:
    yield from stand.parted()
    yield from stand.joined(STORE)
    yield from stand.until(ANSWER_S, Type.STATUS)


def times(stand: Stand) -> Steps[None]:
    """TIME is taken; one that is replayed, and one with a wrong MAC, are not."""
    yield from stand.joined()
    now_s = stand.now.campus_s
    early = stand.time(now_s + 40 * DAY_S)
    stand.say(early)
    stand.say(stand.time(now_s))
    stand.say(early)
    stand.say(spoiled(stand.time(now_s + 80 * DAY_S)))
    yield from stand.until(ANSWER_S / 3)
    from_s = stand.now.campus_s
    heard = yield from stand.tap(Text("请刷一张卡：看它记的时间", "tap a card: its time is looked at"))
    at_s = _time_of(heard.payload)
    stand.breathe()
    if at_s - from_s > 60 * DAY_S:
        raise Failed(Text("信了 MAC 错误的 TIME", "it took a TIME with a wrong MAC"))
    if at_s - from_s > 20 * DAY_S:
        raise Failed(Text("信了重放的 TIME", "it took a TIME that was replayed"))
    if abs(at_s - from_s) > _NEAR_S + stand.tap_s:
        raise Failed(Text(f"没有采用 TIME：相差 {at_s - from_s} 秒", f"TIME was not taken: {at_s - from_s} s off"))


def _time_of(wire: bytes) -> int:
    """Every kind has one."""
    try:
        return records.decode(wire).time
    except WireFault as fault:
        raise Skipped(Text(f"记录无法解读：{fault}", f"its record cannot be read: {fault}")) from fault


def counters(stand: Stand) -> Steps[None]:
    """A counter may run ahead by COUNTER_STEP_MAX and no more. Told apart by a sealed REFUSE, which ends a join."""
    yield from _fresh(stand)
    stand.breathe()
    yield from stand.until(ANSWER_S / 3)
    revoked = link.REFUSE_SEALED.encode(link.Refused(Refusal.REVOKED))
    steps = [stand.sealed(Type.REFUSE, revoked) for _ in range(COUNTER_STEP_MAX + 1)]
    stand.say(steps[-1])
    if (yield from stand.until(ANSWER_S, Type.HELLO)) is not None:
        raise Failed(Text(f"计数器跳过 {COUNTER_STEP_MAX} 以上也接受", f"a counter {len(steps)} ahead was taken"))
    stand.say(steps[-2])
    if (yield from stand.until(ANSWER_S, Type.HELLO)) is None:
        raise Failed(
            Text(
                f"计数器快 {COUNTER_STEP_MAX} 应接受，密封的 REFUSE 应当生效",
                f"a sealed REFUSE (revoked) whose counter is {COUNTER_STEP_MAX} ahead did not end the conversation",
            )
        )


def sixteen(stand: Stand) -> Steps[None]:
    """The sixteenth wrong MAC ends the conversation, and no earlier one."""
    yield from _fresh(stand)
    for _ in range(BAD_MACS_MAX - 1):
        stand.say(spoiled(stand.time()))
    if (yield from stand.until(ANSWER_S / 2, Type.HELLO)) is not None:
        raise Failed(Text("不到 16 个错误 MAC 就断开", f"fewer than {BAD_MACS_MAX} wrong MACs ended the conversation"))
    stand.say(spoiled(stand.time()))
    if (yield from stand.until(ANSWER_S, Type.HELLO)) is None:
        raise Failed(Text("16 个错误 MAC 之后没有重新加入", f"{BAD_MACS_MAX} wrong MACs did not end the conversation"))


def unknown(stand: Stand) -> Steps[None]:
    """What is of no known type or version is passed over; the conversation goes on."""
    yield from _fresh(stand)
    lost = stand.wires_lost
    for number in _UNKNOWN:
        stand.say(bytes((number, HEAD)) + bytes(20))
        stand.say(bytes((number,)))
    stand.say(bytes((Type.TIME, 0x20)) + bytes(14))
    stand.breathe()
    gone = (yield from stand.until(ANSWER_S, Type.HELLO)) is not None
    if gone or stand.wires_lost > lost:
        raise Failed(Text("未知的消息使会话中断", "messages of an unknown type ended the conversation"))


def hint(stand: Stand) -> Steps[None]:
    """A REFUSE that is not sealed ends no conversation that is alive."""
    yield from _fresh(stand)
    stand.breathe()
    stand.refuse(Refusal.UNKNOWN_DEVICE)
    if (yield from stand.until(HINT_S, Type.HELLO)) is not None:
        raise Failed(Text("未密封的 REFUSE 使会话中断", "a REFUSE that is not sealed ended a live conversation"))
