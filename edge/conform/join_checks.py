"""Checks of the join: HELLO, CHALLENGE, AUTH, WELCOME, REFUSE. docs/protocol/join.md. Pure."""

from edge.conform.report import Failed, Hopeless
from edge.conform.stand import ANSWER_S, COME_S, PATIENCE_S, Stand, Steps
from edge.link import messages as link
from edge.link.messages import Refusal, Type
from edge.link.seal import Direction, Session, session_key
from edge.terminal.firmware.line import JOIN_S
from shared.words.voice import Text

_UNPROVEN = (Type.HEARTBEAT, Type.HELLO, Type.AUTH)
"""What a terminal may say that has not been welcomed."""


def hello(stand: Stand) -> Steps[None]:
    """It calls, as the device of --terminal."""
    stand.said.append(Text("请给终端上电", "switch the terminal on"))
    heard = yield from stand.until(COME_S, Type.HELLO)
    if heard is None:
        raise Hopeless(Text(f"{COME_S:g} 秒内没有 HELLO", f"no HELLO within {COME_S:g} s"))


def refused(stand: Stand) -> Steps[None]:
    """After a REFUSE the next HELLO waits longer than JOIN_S."""
    yield from stand.called()
    refused_s = stand.now.mono_s
    stand.refuse(Refusal.UNKNOWN_DEVICE)
    yield from stand.called()
    gap_s = stand.now.mono_s - refused_s
    if gap_s < 1.5 * JOIN_S:
        raise Failed(
            Text(f"被拒后 {gap_s:.1f} 秒就再次 HELLO", f"the next HELLO came {gap_s:.1f} s after the REFUSE")
        )


def repeated(stand: Stand) -> Steps[None]:
    """An unanswered HELLO comes again, byte for byte."""
    yield from stand.parted()
    first = yield from stand.called()
    first_s = stand.now.mono_s
    again = yield from stand.called()
    gap_s = stand.now.mono_s - first_s
    if again != first:
        raise Failed(Text("再次发送的 HELLO 与前一个不同", "the HELLO that came again differs from the first"))
    if gap_s < JOIN_S / 2:
        raise Failed(Text(f"{gap_s:.1f} 秒后就重复", f"it was repeated after {gap_s:.1f} s"))
    stand.hello = again


def wrong_proof(stand: Stand) -> Steps[None]:
    """A WELCOME that does not prove K_term is no WELCOME."""
    yield from stand.parted()
    talk = yield from stand.challenged()
    r_edge = talk.challenge[2:18]
    wrong = session_key(bytes(16), r_edge, talk.hello.r_term, talk.hello.device)
    genuine, talk.session = talk.session, Session(wrong, talk.hello.device, Direction.DOWN)
    stand.say(stand.welcome(talk, stand.epoch_for(talk)))
    talk.session = genuine
    yield from _stays_out(stand)


def replayed(stand: Stand) -> Steps[None]:
    """CHALLENGE and WELCOME of an earlier join prove nothing in this one, for R_term is another."""
    talk = yield from stand.challenged()
    before, genuine = talk.hello.r_term, stand.welcome(talk, stand.epoch_for(talk))
    yield from stand.parted()
    raw = yield from stand.called()
    again = link.HELLO.decode(raw)
    if again.r_term == before:
        raise Failed(Text("R_term 没有换新", "R_term is the same in another conversation"))
    stand.say(talk.challenge)
    yield from stand.until(ANSWER_S / 3)
    stand.say(genuine)
    yield from _stays_out(stand)


def proven(stand: Stand) -> Steps[None]:
    """AUTH proves the key, and its epochs are sane."""
    yield from stand.parted()
    talk = yield from stand.challenged()
    if len({row.epoch for row in talk.rows}) != len(talk.rows) or any(not row.epoch for row in talk.rows):
        raise Failed(Text("AUTH 中某存储代为 0 或重复", "AUTH: an epoch is 0 or stands twice"))
    stand.hello = None


def no_epoch(stand: Stand) -> Steps[None]:
    """WELCOME with epoch 0: it joins again soon, and what is tapped meanwhile is not sold."""
    yield from stand.parted()
    talk = yield from stand.challenged()
    has_one = any(row.psam == talk.hello.psam for row in talk.rows)
    if stand.tap_s and not has_one:
        stand.said.append(Text("请刷一张卡：终端应拒绝", "tap a card: the terminal must refuse it"))
    until_s = stand.now.mono_s + (0.0 if has_one else stand.tap_s)
    while True:
        stand.say(stand.welcome(talk, 0))
        if (yield from stand.until(PATIENCE_S, Type.HELLO)) is None:
            raise Failed(Text("没有存储代却不再加入", "without an epoch it did not join again"))
        if stand.now.mono_s >= until_s:
            break
        talk = yield from stand.challenged()
    yield from _sold_nothing(stand, has_one=has_one)


def _sold_nothing(stand: Stand, *, has_one: bool) -> Steps[None]:
    yield from stand.joined()
    if (yield from stand.until(ANSWER_S, Type.STATUS)) is None or stand.status is None:
        raise Failed(Text("加入后没有 STATUS", "no STATUS after WELCOME"))
    if has_one:
        return
    last = next((row.last for row in stand.status.epochs if row.epoch == stand.epoch), 0)
    if last:
        raise Failed(Text(f"没有存储代时记了 {last} 笔", f"{last} records were made without an epoch"))


def status(stand: Stand) -> Steps[None]:
    """A STATUS follows a WELCOME at once, and names the epoch."""
    yield from stand.parted()
    yield from stand.joined()
    if (yield from stand.until(ANSWER_S, Type.STATUS)) is None or stand.status is None:
        raise Failed(Text("加入后没有 STATUS", "no STATUS after WELCOME"))
    if all(row.epoch != stand.epoch for row in stand.status.epochs):
        raise Failed(Text(f"STATUS 没有存储代 {stand.epoch}", f"STATUS does not name epoch {stand.epoch}"))


def _stays_out(stand: Stand) -> Steps[None]:
    """Until its next HELLO it says nothing that only a welcomed terminal says."""
    until_s = stand.now.mono_s + PATIENCE_S
    while True:
        heard = yield from stand.hear(until_s)
        if heard is None:
            raise Failed(Text("不再 HELLO", "it did not say HELLO again"))
        if heard.kind is Type.HELLO:
            return
        if heard.raw[0] not in _UNPROVEN:
            raise Failed(Text("信了没有证明的 WELCOME", "it took a WELCOME that proves nothing"))
