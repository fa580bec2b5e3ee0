"""Checks of records on their way up: sent again, acknowledged, settled. docs/protocol/flow.md. Pure."""

from edge.conform.report import Failed, Skipped
from edge.conform.stand import ANSWER_S, Heard, Stand, Steps
from edge.link import messages as link
from edge.link.messages import Hello, Type
from edge.terminal.firmware.line import STATUS_S, UNACKED_S, UNACKED_TCP_S
from edge.terminal.firmware.window import RESEND_MAX_S, RESEND_S
from shared.ids import StoreId
from shared.words.voice import Text

OTHER_STORE = StoreId(b"bench--2")
RECONNECT_S = 3.0
"""On TCP it closes a connection that it takes for dead, and calls anew."""
POWER_S = 120.0
"""For a person who cuts the power, and a terminal that starts."""
_TAP = Text("请刷一张卡，收一笔", "tap a card: sell something")
_AGAIN_S = RESEND_MAX_S * 1.25


def _sold(stand: Stand) -> Steps[Heard]:
    """A new record that is not acknowledged."""
    yield from stand.joined()
    stand.acks = False
    return (yield from stand.tap(_TAP))


def again(stand: Stand) -> Steps[None]:
    """Without an ACK a record comes again."""
    first = yield from _sold(stand)
    stand.breathe()
    if (yield from stand.record(_AGAIN_S, first.epoch, first.seq)) is None:
        raise Failed(Text(f"序号 {first.seq} 未应答也没有重发", f"seq {first.seq} was not sent again without an ACK"))


def forged_ack(stand: Stand) -> Steps[None]:
    """An ACK whose MAC is wrong is none."""
    first = yield from _sold(stand)
    stand.breathe()
    genuine = stand.session.seal_seq(Type.ACK, first.epoch, first.seq)
    stand.say(spoiled(genuine))
    if (yield from stand.record(_AGAIN_S, first.epoch, first.seq)) is None:
        raise Failed(Text("信了 MAC 错误的 ACK", f"seq {first.seq} was not sent again after an ACK with a wrong MAC"))


def acked(stand: Stand) -> Steps[None]:
    """An ACK ends the re-sending."""
    yield from stand.parted()  # so that it sends again soon
    first = yield from _sold(stand)
    stand.catch_up()
    yield from stand.until(ANSWER_S / 3)  # what is on the wire already
    stand.breathe()
    if (yield from stand.record(2 * RESEND_S, first.epoch, first.seq)) is not None:
        raise Failed(Text(f"应答之后又发序号 {first.seq}", f"seq {first.seq} came again after its ACK"))


def settled_above(stand: Stand) -> Steps[None]:
    """A SETTLED above what was acknowledged is refused: the record is still owed at the next join."""
    first = yield from _sold(stand)
    stand.say(stand.session.seal_seq(Type.SETTLED, first.epoch, first.seq))
    yield from stand.until(ANSWER_S / 3)
    yield from stand.parted()
    talk = yield from stand.challenged()
    row = next((row for row in talk.rows if row.epoch == first.epoch), None)
    if row is None or row.oldest > first.seq:
        raise Failed(Text("信了高于 ACK 的 SETTLED", f"seq {first.seq} was given up by a SETTLED above the ACK"))
    stand.say(stand.welcome(talk, stand.epoch))


def held(stand: Stand) -> Steps[None]:
    """What the same store holds is not sent again after a join."""
    first = yield from _sold(stand)
    stand.catch_up()
    yield from stand.until(ANSWER_S / 3)
    yield from stand.parted()
    yield from stand.joined()
    if (yield from stand.record(ANSWER_S, first.epoch, first.seq)) is not None:
        raise Failed(Text(f"同一存储已有序号 {first.seq} 却又发", f"seq {first.seq} came again, which is held here"))


def other_store(stand: Stand) -> Steps[None]:
    """Another store gets everything above SETTLED, whatever its WELCOME says that it holds."""
    first = yield from _sold(stand)
    stand.catch_up()
    yield from stand.until(ANSWER_S / 3)
    yield from stand.parted()
    stand.acks = False
    yield from stand.joined(OTHER_STORE)
    rows = stand.talk.rows if stand.talk else ()
    oldest = next((row.oldest for row in rows if row.epoch == first.epoch), first.seq)
    if (yield from stand.record(_AGAIN_S, first.epoch, oldest)) is None:
        raise Failed(Text("换了存储却没有重发", f"seq {oldest} did not come again for another store"))


def settled(stand: Stand) -> Steps[None]:
    """A SETTLED is taken, and the next STATUS says so."""
    yield from stand.joined()
    newest = stand.acked.get(stand.epoch, 0)
    if newest == stand.settled.get(stand.epoch, 0):
        newest = (yield from stand.tap(_TAP)).seq
    stand.settle(stand.epoch, newest)
    stand.settle(stand.epoch, newest)
    until_s = stand.now.mono_s + 1.5 * STATUS_S
    while True:
        heard = yield from stand.until(until_s - stand.now.mono_s, Type.STATUS)
        if heard is None or stand.status is None:
            raise Failed(Text(f"没有 STATUS 说已入账 {newest}", f"no STATUS said that {newest} is settled"))
        row = next((row for row in stand.status.epochs if row.epoch == stand.epoch), None)
        if row is not None and row.settled >= newest:
            return


def silent(stand: Stand) -> Steps[None]:
    """An edge that is silent over records has forgotten it: the terminal joins again."""
    yield from stand.joined()
    stand.breathe()
    yield from _sold(stand)
    from_s = stand.now.mono_s
    unacked_s = UNACKED_S if stand.is_bus else UNACKED_TCP_S
    if (yield from stand.until(2 * unacked_s + RECONNECT_S, Type.HELLO)) is None:
        raise Failed(Text("网关沉默而终端不重新加入", "the edge was silent over a record, and it did not join again"))
    gap_s = stand.now.mono_s - from_s
    if gap_s < unacked_s / 2:
        raise Failed(Text(f"沉默 {gap_s:.1f} 秒就重新加入", f"it joined again after {gap_s:.1f} s of silence"))


def kept(stand: Stand) -> Steps[None]:
    """After a power cut the store is the one of before, and the record is owed and sent as it was."""
    if not stand.cuts:
        raise Skipped(Text("没有人断电（--power）", "nobody cuts the power (--power)"))
    first = yield from _sold(stand)
    before = stand.talk.hello if stand.talk else None
    stand.said.append(Text("请断电，再上电", "cut the power, and switch it on again"))
    after = yield from _started_anew(stand, before)
    if before is None or after.storage != before.storage:
        raise Failed(Text("断电之后存储号变了", "after the power cut its storage id is another one"))
    talk = yield from stand.challenged()
    row = next((row for row in talk.rows if row.epoch == first.epoch), None)
    if row is None or not row.oldest <= first.seq <= row.last:
        raise Failed(Text(f"断电之后序号 {first.seq} 没有了", f"seq {first.seq} is gone after the power cut"))
    stand.say(stand.welcome(talk, stand.epoch))
    if (yield from stand.record(_AGAIN_S, first.epoch, first.seq)) is None:
        raise Failed(Text(f"断电之后没有发序号 {first.seq}", f"seq {first.seq} was not sent after the power cut"))


def _started_anew(stand: Stand, before: Hello | None) -> Steps[Hello]:
    """Its first HELLO of another start."""
    until_s = stand.now.mono_s + POWER_S
    while True:
        heard = yield from stand.until(until_s - stand.now.mono_s, Type.HELLO)
        if heard is None:
            raise Skipped(Text(f"{POWER_S:g} 秒内没有重新启动", f"it did not start anew within {POWER_S:g} s"))
        hello = link.HELLO.decode(heard.raw)
        if before is None or hello.boot != before.boot:
            return hello


def spoiled(raw: bytes) -> bytes:
    """The same with its last bit wrong."""
    return raw[:-1] + bytes((raw[-1] ^ 1,))
