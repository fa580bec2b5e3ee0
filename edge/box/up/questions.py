"""Which of the ledger's answers this box has asked for: each is signed over box and question, and taken once. Pure.

Refuses bare and wrongly signed ones, with a fact, and those to no question of ours: a replay, or one that was so late
that a restart of this box came in between. At ASKED_MAX the oldest questions are forgotten: their answers are refused.
"""

from collections import Counter
from collections.abc import Callable

from edge.box.terminals.terminals import Tell
from edge.box.values.effects import Now
from shared.facts.boxes import AnswerForged, AnswerStale, AnswerUnsigned
from shared.wire.messages import (
    BackupMark,
    Bound,
    EpochAnswer,
    EpochRequest,
    Hello,
    LedgerTime,
    OnlineRequest,
    Recover,
    ReleaseSaid,
    ReleaseWanted,
    SignedAnswer,
    Tag,
    decode_bound,
)

ASKED_MAX = 1024
"""Questions remembered for each kind of answer."""

Verify = Callable[[SignedAnswer], bool]
"""Is the signature that of the ledger-ack key, over our box and the question that it names?"""
Question = Hello | EpochRequest | OnlineRequest | ReleaseSaid

_ANSWERS: dict[type[Question], tuple[Tag, ...]] = {
    Hello: (Tag.LEDGER_TIME, Tag.RECOVER, Tag.BACKUP_MARK),
    EpochRequest: (Tag.EPOCH_ANSWER,),
    OnlineRequest: (Tag.LEDGER_TIME,),
    ReleaseSaid: (Tag.RELEASE_WANTED,),
}
_TAGS: dict[type[Bound], Tag] = {
    EpochAnswer: Tag.EPOCH_ANSWER,
    Recover: Tag.RECOVER,
    LedgerTime: Tag.LEDGER_TIME,
    BackupMark: Tag.BACKUP_MARK,
    ReleaseWanted: Tag.RELEASE_WANTED,
}
_WORDS = {
    Tag.EPOCH_ANSWER: "epoch", Tag.RECOVER: "recover", Tag.LEDGER_TIME: "time", Tag.BACKUP_MARK: "backup-mark",
    Tag.RELEASE_WANTED: "release",
}  # fmt: skip


class Questions:
    """What was asked, and whether it was answered."""

    def __init__(self, verify: Verify, tell: Tell) -> None:
        self.counters: Counter[str] = Counter()
        self._verify = verify
        self._tell = tell
        self._answered: dict[Tag, dict[bytes, bool]] = {tag: {} for tag in _WORDS}

    def asked(self, question: Question) -> None:
        """It goes up now."""
        for tag in _ANSWERS[type(question)]:
            asked = self._answered[tag]
            if len(asked) >= ASKED_MAX:
                del asked[next(iter(asked))]
            asked[question.asked] = False

    def opened(self, now: Now, signed: SignedAnswer) -> Bound | None:
        """The answer, if it is one to a question of ours that has none yet. Malformed: WireFault."""
        answer = decode_bound(signed.body)
        tag = _TAGS[type(answer)]
        if not self._verify(signed):
            self.counters["answers_forged"] += 1
            self._tell(now, AnswerForged(_WORDS[tag]))
            return None
        answered = self._answered[tag].get(signed.asked)
        if answered is None:
            self.counters["answers_stale"] += 1
            self._tell(now, AnswerStale(_WORDS[tag]))
        elif answered:
            self.counters["answers_repeated"] += 1  # a question that was delivered twice
        else:
            self._answered[tag][signed.asked] = True
            return answer
        return None

    def bare(self, now: Now, answer: Bound) -> None:
        """It came without a signature: anybody can have said it."""
        self.counters["answers_forged"] += 1
        self._tell(now, AnswerUnsigned(_WORDS[_TAGS[type(answer)]]))
