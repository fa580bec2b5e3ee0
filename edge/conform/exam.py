"""The whole examination: the checks in their order, driven by messages and time. Sans-I/O: a bench or a test drives it.

Inputs: wire, message, tick, each with its time. Outputs, emptied by the owner: `out` messages for the terminal, `said`
words for the person, `hangs_up`. `report` grows check by check; `is_over` when the last one is done.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from edge.conform import code_checks, document_checks, join_checks, online_checks, record_checks, session_checks
from edge.conform.report import Failed, Finding, Hopeless, Report, Skipped, Verdict
from edge.conform.stand import Now, Stand, Steps
from edge.conform.subject import Subject
from edge.conform.watch import KNOWN, ORDER, PROOF, RECORD, SAME_BYTES, STATUS, WINDOW
from shared.errors import WireFault
from shared.words.voice import Text


@dataclass(frozen=True, slots=True)
class Check:
    """One of them. clause: a page of docs/protocol and its heading."""

    name: str
    clause: str
    title: Text
    run: Callable[[Stand], Steps[None]]


CHECKS = (
    Check("join.hello", "join.md#hello", Text("来联：HELLO", "it says HELLO"), join_checks.hello),
    Check(
        "refuse.waits", "errors.md#refuse", Text("被拒后等得更久", "REFUSE makes it wait longer"), join_checks.refused,
    ),
    Check(
        "join.repeat", "join.md#hello", Text("未答的 HELLO 原样重发", "an unanswered HELLO comes again as it was"),
        join_checks.repeated,
    ),
    Check("join.proof", "join.md#auth", Text("AUTH 证明密钥", "AUTH proves the key"), join_checks.proven),
    Check(
        "epoch.none", "flow.md#epochs", Text("没有存储代不收款，并很快再加入", "without an epoch it sells nothing"),
        join_checks.no_epoch,
    ),
    Check("status.first", "flow.md#status", Text("加入后报 STATUS", "STATUS follows WELCOME"), join_checks.status),
    Check(
        "join.wrong_proof", "join.md#welcome", Text("不信密钥不对的 WELCOME", "a WELCOME under another key is refused"),
        join_checks.wrong_proof,
    ),
    Check(
        "join.replayed", "join.md#session-key", Text("不信重放的 CHALLENGE", "a replayed CHALLENGE proves nothing"),
        join_checks.replayed,
    ),
    Check(
        "record.again", "flow.md#records", Text("未应答的记录重发", "a record comes again until its ACK"),
        record_checks.again,
    ),
    Check(
        "mac.ack", "join.md#short-form", Text("不信 MAC 错误的 ACK", "an ACK with a wrong MAC is ignored"),
        record_checks.forged_ack,
    ),
    Check("record.acked", "flow.md#records", Text("应答后不再发", "an ACK ends the re-sending"), record_checks.acked),
    Check(
        "settled.above", "flow.md#settled", Text("不信高于 ACK 的 SETTLED", "SETTLED above the ACK is refused"),
        record_checks.settled_above,
    ),
    Check(
        "welcome.held", "flow.md#welcome", Text("同一存储已有的不重发", "what the store holds is not sent again"),
        record_checks.held,
    ),
    Check(
        "welcome.store", "flow.md#welcome", Text("换了存储就全部重发", "another store gets all above SETTLED"),
        record_checks.other_store,
    ),
    Check(
        "settled.status", "flow.md#status", Text("STATUS 报告已入账", "STATUS says what is settled"),
        record_checks.settled,
    ),
    Check(
        "time.applied", "flow.md#time", Text("采用 TIME，不信重放和伪造的", "TIME is taken, a replayed one is not"),
        session_checks.times,
    ),
    Check(
        "counter.window", "join.md#counter", Text("计数器不得超前太多", "a counter too far ahead is refused"),
        session_checks.counters,
    ),
    Check(
        "mac.sixteen", "join.md#counter", Text("第 16 个错误 MAC 结束会话", "the sixteenth wrong MAC ends it"),
        session_checks.sixteen,
    ),
    Check(
        "messages.unknown", "messages.md#rules", Text("不认识的消息不理会", "unknown messages are passed over"),
        session_checks.unknown,
    ),
    Check(
        "refuse.hint", "errors.md#refuse", Text("未密封的 REFUSE 只是提示", "a REFUSE that is not sealed is a hint"),
        session_checks.hint,
    ),
    Check(
        "online.reversed", "online.md#account-payment",
        Text("未答的账户支付要冲正", "an unanswered payment is reversed"), online_checks.reversed_,
    ),
    Check(
        "online.code", "online.md#payment-by-code",
        Text("付款码问中心，记录中没有码", "a code is asked about, and is in no record"), online_checks.by_code,
    ),
    Check(
        "online.order", "online.md#order",
        Text("收款码：按节奏查，付了才算", "an order is looked at, and ends one way"), online_checks.order,
    ),
    Check(
        "edge.silent", "flow.md#silence", Text("网关沉默就重新加入", "it joins a silent edge again"),
        record_checks.silent,
    ),
    Check(
        "power.kept", "flow.md#durable", Text("断电之后记录还在", "what was shown is there after a power cut"),
        record_checks.kept,
    ),
    Check(
        "document.taken", "documents.md#fetch", Text("取来、验证、采用文件", "a signed document is taken"),
        document_checks.taken,
    ),
    Check(
        "document.delta", "documents.md#delta", Text("采用增量", "a delta is taken"), document_checks.delta,
    ),
    Check(
        "document.forged", "documents.md#head", Text("不信签名不对的文件", "a wrong signature is refused"),
        document_checks.forged,
    ),
    Check(
        "document.scope", "documents.md#checks", Text("不收给别人的文件", "one for somebody else is refused"),
        document_checks.scoped,
    ),
    Check(
        "document.older", "documents.md#never-backwards", Text("不倒退", "an older one is refused"),
        document_checks.older,
    ),
    Check(
        "document.fork", "documents.md#never-backwards", Text("报告分叉", "a fork is told"), document_checks.forked,
    ),
    Check(
        "document.listed", "documents.md#hotlist", Text("拒绝黑名单中的卡", "a listed card is refused"),
        document_checks.listed,
    ),
    Check(
        "document.order", "documents.md#order", Text("照指令锁定、解锁", "it locks and unlocks when ordered"),
        document_checks.ordered,
    ),
    Check(
        "code.once", "codes.md#checks", Text("脱机付款码只收一次，不收伪造的", "an offline code is taken once"),
        code_checks.once,
    ),
    Check(
        "document.expired", "documents.md#order", Text("过期的指令不执行", "an expired order is not begun"),
        document_checks.expired,
    ),
)  # fmt: skip
LAWS = (
    (PROOF, "join.md#envelope", Text("全部信封可验证", "every envelope proves")),
    (KNOWN, "messages.md#rules", Text("全部消息可解读", "every message is one")),
    (RECORD, "records.md#rules", Text("全部记录可解读", "every record is one")),
    (SAME_BYTES, "flow.md#records", Text("同一序号内容不变", "a seq never has other bytes")),
    (ORDER, "flow.md#records", Text("记录按序不缺", "records come in order")),
    (WINDOW, "flow.md#records", Text("在途记录不超过窗口", "no more in flight than the window")),
    (STATUS, "flow.md#status", Text("STATUS 数目合理", "STATUS is within its bounds")),
)
"""What is held against everything that was said."""


class Exam:
    """One terminal, once."""

    def __init__(
        self, subject: Subject, random: Callable[[int], bytes], *, is_bus: bool, tap_s: float, takes: bool = False,
        cuts: bool = False,
    ) -> None:  # fmt: skip
        """See Stand."""
        self.report = Report()
        self.is_over = False
        self.due_s = 0.0
        self._stand = Stand(subject, random, is_bus=is_bus, tap_s=tap_s, takes=takes, cuts=cuts)
        self._steps = self._all()

    def begin(self, now: Now) -> None:
        """The wire is open."""
        self._go_on(None, now)

    def message(self, raw: bytes, now: Now) -> None:
        """From the terminal."""
        self._go_on(raw, now)

    def wire(self, up: bool, now: Now) -> None:  # the port's own word
        """A connection came or went."""
        self._stand.now = now
        self._stand.wire(up)

    def tick(self, now: Now) -> None:
        """Time has passed."""
        if now.mono_s >= self.due_s:
            self._go_on(None, now)

    def take_out(self) -> list[bytes]:
        """Messages for the terminal, in order."""
        out, self._stand.out = self._stand.out, []
        return out

    def take_said(self) -> list[Text]:
        """Words for the person."""
        said, self._stand.said = self._stand.said, []
        return said

    def take_hang_up(self) -> bool:
        """Is the connection to be ended? Behind what is in `out`."""
        hangs_up, self._stand.hangs_up = self._stand.hangs_up, False
        return hangs_up

    def _go_on(self, raw: bytes | None, now: Now) -> None:
        if self.is_over:
            return
        self._stand.now = now
        try:
            self.due_s = self._steps.send(raw)
        except StopIteration:
            self.is_over = True

    def _all(self) -> Steps[None]:
        for check in CHECKS:
            found = yield from self._one(check)
            self.report.findings.append(found)
            if self.report.hopeless:
                return
            self._stand.catch_up()
        self.report.findings += self._laws()
        self._give_back()

    def _one(self, check: Check) -> Steps[Finding]:
        stand = self._stand
        try:
            yield from check.run(stand)
        except Skipped as skipped:
            return Finding(check.name, check.clause, check.title, Verdict.SKIPPED, skipped.why)
        except Failed as failed:
            self.report.hopeless = isinstance(failed, Hopeless)
            why, seen = failed.why, stand.watch.transcript.newest
            return Finding(check.name, check.clause, check.title, Verdict.FAILED, why, seen)
        except WireFault as fault:
            why, seen = Text(f"无法解读：{fault}", f"malformed: {fault}"), stand.watch.transcript.newest
            return Finding(check.name, check.clause, check.title, Verdict.FAILED, why, seen)
        return Finding(check.name, check.clause, check.title, Verdict.PASSED)

    def _laws(self) -> Iterator[Finding]:
        for law, clause, title in LAWS:
            breach = self._stand.watch.breaches.get(law)
            if breach is None:
                yield Finding(law, clause, title, Verdict.PASSED)
            else:
                yield Finding(law, clause, title, Verdict.FAILED, breach.why, breach.seen)

    def _give_back(self) -> None:
        """Free the slots of what the bench took."""
        stand = self._stand
        for epoch in stand.talk.epochs if stand.talk else ():
            if stand.acked.get(epoch, 0) > stand.settled.get(epoch, 0):
                stand.settle(epoch, stand.acked[epoch])
