"""Where a load 圈存 stands: its stage, its age, the evidence for it, and what will happen next and when. Pure.

The one place of these words: command line, console and `verify` say what stands here. Nothing is decided here; money
moves by the card's counter and by TACs (cloud.ledger.loads.cases), never by a clock and never by a terminal's word.
"""

from dataclasses import dataclass
from enum import StrEnum

from shared.money import yuan
from shared.online import RESULT_TEXT, LoadResult
from shared.words.spans import span
from shared.words.voice import Text

RECORD_DUE_S = 75
"""A terminal writes down what it cannot prove after 60 s; a granted load without any record is younger, or owed."""
SILENT_S = 60
"""A terminal's STATUS comes every 10 s: after this it counts as unreachable."""


class Stage(StrEnum):
    """How far a load has come. Up to UNDEBITED it is open."""

    AUTHORISED = "authorised"
    """The account has paid, MAC2 was given out; nothing more is known."""
    NOT_CREDITED = "not-credited"
    """As AUTHORISED, and the terminal says that the card did not take it. A word, no proof."""
    UNPROVEN = "unproven"
    """As AUTHORISED, and the terminal says that it does not know."""
    UNDEBITED = "undebited"
    """A terminal reports a load in doubt that this ledger never granted: nothing is in transit for it."""
    REFUSED = "refused"
    CONFIRMED = "confirmed"
    CONFIRMED_BY_COUNTER = "confirmed-by-counter"
    REVERSED = "reversed"
    WANTED = "wanted"
    """Given back, and tried once more at the card's next tap on line."""
    IN_VAIN = "in-vain"
    """Given back, and the one second try was made, or offered so often that nobody heard it: for the desk, until the
    holder loads or claims anew."""


OPEN = frozenset({Stage.AUTHORISED, Stage.NOT_CREDITED, Stage.UNPROVEN, Stage.UNDEBITED})
"""Money is in transit, or may be on the card."""
UNFINISHED = OPEN | {Stage.WANTED, Stage.IN_VAIN}
"""What is listed as half done."""


class Next(StrEnum):
    """What decides an open load next, and so when."""

    RECORD = "record"
    """Its record is due within seconds."""
    TERMINAL = "terminal"
    """The terminal still owes records: when it is on line again, and by the card in any case."""
    CARD = "card"
    """The card's next tap at any terminal on line: its MAC1 proves the counter."""
    RETRY = "retry"
    """The card's next tap at any terminal on line tries it once more."""
    DESK = "desk"
    """A person: the card is listed or past its dates, or the second try was in vain."""
    NOTHING = "nothing"


class TerminalWord(StrEnum):
    """What the terminal's own records say of a load."""

    NONE = "none"
    NOT_CREDITED = "not-credited"
    UNPROVEN = "unproven"


@dataclass(frozen=True, slots=True)
class LoadFacts:
    """All that the books hold of one load case. state, source, retry: the names of the case's own. result: why refused.

    heard_ms: the terminal's last STATUS of the case's epoch, 0 = none. owes: records that this epoch has not brought.
    replaced: the body works under a newer epoch since (other storage or PSAM), or is in no inventory any more.
    awaited: the card may still be presented (not on the hotlist, in its dates).
    """

    state: str
    debited: bool
    result: str
    word: TerminalWord
    counter: int
    balance_fen: int
    amount_fen: int
    opened_ms: int
    changed_ms: int
    heard_ms: int
    owes: int
    replaced: bool
    awaited: bool
    source: str = "online"
    retry: str = "open"


@dataclass(frozen=True, slots=True)
class LoadState:
    """age_s: of an open load since it was asked, of another since it was decided. will: empty when nothing will."""

    stage: Stage
    age_s: int
    said: Text
    evidence: tuple[Text, ...]
    next: Next
    will: Text

    @property
    def is_open(self) -> bool:
        """Is its money in transit, or perhaps on the card?"""
        return self.stage in OPEN

    @property
    def is_unfinished(self) -> bool:
        """Is anything still to come, by itself or at the desk?"""
        return self.stage in UNFINISHED


def load_state(facts: LoadFacts, now_ms: int) -> LoadState:
    """The one reading of a load case."""
    stage = _stage(facts)
    since_ms = facts.opened_ms if stage in OPEN else facts.changed_ms
    age_s = max(0, now_ms - since_ms) // 1000
    after = _next(stage, facts, age_s, now_ms)
    return LoadState(stage, age_s, STAGES[stage], _evidence(stage, facts, now_ms), after, _will(after, facts))


_RETRIES = {
    "open": Stage.WANTED,
    "offered": Stage.WANTED,
    "offered_twice": Stage.WANTED,
    "offered_last": Stage.IN_VAIN,
    "second": Stage.IN_VAIN,
}
"""Of a load that was given back, by its retry mark; any other: done with."""


def _stage(facts: LoadFacts) -> Stage:
    if facts.state == "reversed" and facts.debited:
        return _RETRIES.get(facts.retry, Stage.REVERSED)
    if facts.state != "pending":
        return Stage(facts.state.replace("_", "-"))
    if not facts.debited:
        return Stage.UNDEBITED
    by_word = {TerminalWord.NOT_CREDITED: Stage.NOT_CREDITED, TerminalWord.UNPROVEN: Stage.UNPROVEN}
    return by_word.get(facts.word, Stage.AUTHORISED)


def _next(stage: Stage, facts: LoadFacts, age_s: int, now_ms: int) -> Next:
    if stage in UNFINISHED - OPEN:
        return Next.RETRY if stage is Stage.WANTED and facts.awaited else Next.DESK
    if stage not in OPEN:
        return Next.NOTHING
    if stage is Stage.AUTHORISED and age_s <= RECORD_DUE_S:
        return Next.RECORD
    may_still_say = stage is Stage.AUTHORISED and not facts.replaced
    if may_still_say and (facts.owes or _silent_s(facts, now_ms) > SILENT_S):
        return Next.TERMINAL
    return Next.CARD if facts.awaited else Next.DESK


def _silent_s(facts: LoadFacts, now_ms: int) -> int:
    return max(0, now_ms - facts.heard_ms) // 1000


# --- words --------------------------------------------------------------------------------------------------------

SILENCE = Text(*("", ""))
"""Nothing is to be said."""
STAGES = {
    Stage.AUTHORISED: Text("已批准，等结果", "granted, its outcome is awaited"),
    Stage.NOT_CREDITED: Text("终端称未入卡，待证", "not credited, says the terminal; to be proven"),
    Stage.UNPROVEN: Text("终端不知是否入卡，待证", "in doubt at the terminal; to be proven"),
    Stage.UNDEBITED: Text("存疑圈存，本账未见批准", "in doubt, and never granted by this ledger"),
    Stage.REFUSED: Text("未批准", "refused"),
    Stage.CONFIRMED: Text("已入卡（TAC）", "credited, proven by its TAC"),
    Stage.CONFIRMED_BY_COUNTER: Text("已入卡（计数器）", "credited, proven by the card's next counter"),
    Stage.REVERSED: Text("未入卡，已退回", "not credited, given back"),
    Stage.WANTED: Text("未入卡，已退回，待补一次", "not credited, given back, to be tried once more"),
    Stage.IN_VAIN: Text("未入卡，已退回，补一次未成", "not credited, given back, tried once more in vain"),
}
ACCOUNTS = {"online": Text("电子账户", "the online account"), "pending": Text("过渡余额", "the pending load")}


def _evidence(stage: Stage, facts: LoadFacts, now_ms: int) -> tuple[Text, ...]:
    return tuple(_about_card(stage, facts)) + tuple(_about_terminal(stage, facts, now_ms))


def _about_card(stage: Stage, facts: LoadFacts) -> list[Text]:
    n, before = facts.counter, yuan(facts.balance_fen)
    if stage is Stage.UNDEBITED:
        return [Text(f"终端记录：联机计数 {n}，无 TAC", f"the terminal's record: online counter {n}, no TAC")]
    if stage is Stage.REFUSED:
        return [_result_words(facts.result)]
    asked = Text(f"MAC1：申请时联机计数 {n}，余额 ¥{before}", f"MAC1: online counter {n}, balance ¥{before} when asked")
    later = {
        Stage.CONFIRMED: Text("TAC 已核", "TAC checked"),
        Stage.CONFIRMED_BY_COUNTER: Text(f"其后计数已过 {n}", f"a later MAC1 or TAC with a counter above {n}"),
    }
    for back in (Stage.REVERSED, Stage.WANTED, Stage.IN_VAIN):
        later[back] = Text(f"其后计数 {n} 未被此笔占用", f"counter {n} was proven later and not used by this load")
    found = [asked, later.get(stage, Text("TAC 未到，其后计数未见", "no TAC yet, no later counter seen"))]
    return found + ([SECOND_TRY[facts.retry]] if stage in (Stage.WANTED, Stage.IN_VAIN) else [])


def _result_words(name: str) -> Text:
    """Of the result by its name; the name itself when a newer program wrote it."""
    known = LoadResult.__members__.get(name.upper())
    return RESULT_TEXT[known] if known is not None else Text(f"结果 {name}", f"result {name}")


SECOND_TRY = {
    "open": Text("尚未补", "not tried again yet"),
    "offered": Text("已通知终端补 1 次，终端未来要款", "offered to a terminal once, none has asked for it"),
    "offered_twice": Text("已通知终端补 2 次，终端未来要款", "offered to a terminal twice, none has asked for it"),
    "offered_last": Text(
        "已通知终端补 3 次，终端未来要款，不再通知", "offered to a terminal 3 times, none has asked; no more"
    ),
    "second": Text("此笔即为补的那一次", "this was itself the second try"),
}
"""What became of the second try of a load that was given back, by its retry mark."""


def _about_terminal(stage: Stage, facts: LoadFacts, now_ms: int) -> list[Text]:
    if stage not in OPEN:
        return []
    found = []
    if facts.replaced:
        found.append(Text("终端已更换，原机或已无话可说", "the terminal was replaced, the old one may never speak"))
    elif not facts.heard_ms:
        found.append(Text("终端尚无状态上报", "the terminal has sent no STATUS yet"))
    elif (silent_s := _silent_s(facts, now_ms)) > SILENT_S:
        zh, en = span(silent_s)
        found.append(Text(f"终端 {zh}未联系", f"the terminal was not heard for {en}"))
    if facts.owes:
        found.append(Text(f"终端尚欠 {facts.owes} 笔记录", f"the terminal still owes {facts.owes} records"))
    if not facts.awaited:
        found.append(Text("卡在黑名单或已过期", "the card is on the hotlist or past its dates"))
    return found


def _will(after: Next, facts: LoadFacts) -> Text:
    if after is Next.NOTHING:
        return SILENCE
    if facts.state == "reversed":
        return _of_given_back(after, facts)
    when, where, by_mac1 = WHEN[after], WHERE.get(after, AT_ANY_TAP), _by_mac1(facts)
    return Text(f"{when.zh}{where.zh}{by_mac1.zh}", f"{when.en}{where.en}{by_mac1.en}")


WHEN = {
    Next.RECORD: Text("一分钟内应有终端记录；否则", "its record is due within a minute; else "),
    Next.TERMINAL: Text("终端联网后补传记录；或", "the terminal's records come when it is on line again; or "),
    Next.CARD: SILENCE,
    Next.DESK: SILENCE,
}
AT_ANY_TAP = Text("该卡下次在任一联机终端刷卡时", "the card's next tap at any terminal on line ")
WHERE = {Next.DESK: Text("须持卡到卡务中心，", "the card is needed at the card office, which ")}
"""Where the card's MAC1 is to be had, if not at any tap: nobody else serves a card that is listed or past its dates."""


def _by_mac1(facts: LoadFacts) -> Text:
    n, back = facts.counter, _back(facts)
    return Text(
        f"由 MAC1 判定：计数仍为 {n} 则{back.zh}；已过则入账",
        f"decides by MAC1: counter still {n}: {back.en}; beyond: posted",
    )


def _back(facts: LoadFacts) -> Text:
    """What follows when the card did not take it."""
    if not facts.debited:
        return Text("无款可退，结案", "there is nothing to give back, the case is closed")
    fen, to = yuan(facts.amount_fen), ACCOUNTS[facts.source]
    if facts.retry == "open":
        return Text(f" ¥{fen} 退回{to.zh}，并补一次", f"¥{fen} given back to {to.en} and tried once more")
    return Text(f" ¥{fen} 退回{to.zh}，不再补", f"¥{fen} given back to {to.en}, not tried again")


def _of_given_back(after: Next, facts: LoadFacts) -> Text:
    fen, at = yuan(facts.amount_fen), ACCOUNTS[facts.source]
    if after is Next.RETRY:
        return Text(
            f"该卡下次在任一联机终端刷卡（消费、圈存、领款）时补 ¥{fen}，只补一次",
            f"¥{fen} is tried once more, once, at the card's next tap at any terminal on line (sale, load, claim)",
        )
    anew = Text("再领", "claim") if facts.source == "pending" else Text("再圈存", "load")
    return Text(
        f"¥{fen} 在{at.zh}；持卡人可{anew.zh}，或到卡务中心",
        f"¥{fen} is in {at.en}; the holder may {anew.en} again, or come to the card office",
    )
