"""Differences between card and ledger as text and as JSON, in both languages. Pure."""

from collections.abc import Iterator, Sequence
from typing import Any

from cloud.ledger.findings.rows import MAIN, Difference, Kind, State
from shared.clocks.campus_clock import WALL
from shared.clocks.clock import time_text
from shared.facts.terms import PURSES
from shared.money import yuan
from shared.words.voice import Text

SHOWN_MAX = 200
"""Lines for people; a program gets all."""
UNEXPLAINED, EXPLAINED, CLEARED, WAITING = "unexplained", "explained", "cleared", "waiting"
_STATES = {
    UNEXPLAINED: Text("未说明", "unexplained"),
    EXPLAINED: Text("已说明", "explained"),
    CLEARED: Text("已消除", "cleared"),
    WAITING: Text("等欠交的记录", "waits for records that are owed"),
}
_OF = {State.OPEN: UNEXPLAINED, State.CLEARED: CLEARED, State.WAITING: WAITING}


def state_of(one: Difference) -> str:
    """UNEXPLAINED, EXPLAINED, CLEARED or WAITING."""
    return EXPLAINED if one.explanation else _OF[one.state]


def difference_json(one: Difference) -> dict[str, Any]:
    """Sums in fen, times in Unix milliseconds. counter: of a chain, else 0."""
    found, said = one.found, one.explanation
    return {
        "number": one.number, "card": one.label, "purse": _purse(one)[0], "kind": found.kind.name.lower(),
        "counter": _counter(one), "expected_fen": found.expected_fen, "read_fen": found.read_fen,
        "record": found.record, "state": state_of(one), "found_ms": one.found_ms, "changed_ms": one.changed_ms,
        "who": said.who if said else "", "reason": said.reason if said else "",
    }  # fmt: skip


def difference_lines(found: Sequence[Difference]) -> Iterator[str]:
    """Each with what it is about, and how many there are."""
    for one in found[-SHOWN_MAX:]:
        yield str(_head(one))
        yield f"  {_what(one)}"
        if one.explanation:
            yield f"  {one.explanation.who}: {one.explanation.reason}"
    wanting = [one for one in found if one.is_unexplained]
    yield str(
        Text(f"差异 {len(found)}，未说明 {len(wanting)}", f"differences {len(found)}, unexplained {len(wanting)}")
    )
    if wanting:
        then = "differences explain --number N --who NAME --reason TEXT"
        yield str(Text(f"  查明后：{then}", f"  when it is known: {then}"))


def _head(one: Difference) -> Text:
    state, purse = _STATES[state_of(one)], Text(*_purse(one)[1])
    when = time_text(WALL.at(one.found_ms / 1000))
    return Text(
        f"差异 {one.number}：{state.zh}  卡 {one.label} {purse.zh}  {when}",
        f"difference {one.number}: {state.en}  card {one.label}, {purse.en}  {when}",
    )


def _what(one: Difference) -> Text:
    expected, read = yuan(one.found.expected_fen), yuan(one.found.read_fen)
    match one.found.kind:
        case Kind.NEGATIVE:
            return Text(
                f"卡账 ¥{read}：卡上花掉了账本没有给过的钱",
                f"card account ¥{read}: the card has spent money that the ledger never gave",
            )
        case Kind.CHAIN:
            counter = _counter(one)
            return Text(
                f"余额应为 ¥{expected}，读到 ¥{read}，计数器 {counter}",
                f"the balance should be ¥{expected}, ¥{read} was read, counter {counter}",
            )
        case Kind.LOST:
            return Text(f"挂失后消费：¥{read}", f"spent since it was reported lost: ¥{read}")


def _counter(one: Difference) -> int:
    return one.found.mark & 0xFFFF if one.found.kind is Kind.CHAIN else 0


def _purse(one: Difference) -> tuple[str, tuple[str, str]]:
    word = "main" if one.found.application == MAIN else "subsidy"
    return word, PURSES[word]
