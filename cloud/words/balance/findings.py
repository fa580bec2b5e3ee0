"""Findings of cards 发现 and 卡账核对, as text and as JSON, in both languages. Pure."""

from collections.abc import Iterator, Sequence
from typing import Any

from cloud.ledger.findings.found import CAPS, REFUSES, STANDINGS, CardFinding, Deed
from cloud.ledger.read.shown.closing import CardNow, NotClosing, Owes, PurseNow
from shared.clocks.campus_clock import WALL
from shared.clocks.clock import time_text
from shared.facts.terms import CARD_FINDINGS, PURSES
from shared.fleet.capped import MEAL_FEN, UNTIL_UNDONE
from shared.money import yuan
from shared.words.voice import Text

SHOWN_MAX = 200
"""Lines for people; a program gets all."""
DEEDS = {Deed.CONFIRM: Text("确认", "confirmed"), Deed.UNDO: Text("解除", "undone")}
_WORDS = ("main", "subsidy")


def finding_word(one: CardFinding) -> Text:
    """What it is."""
    return Text(*CARD_FINDINGS[one.seen.what.name.lower()])


def does(one: CardFinding) -> Text:
    """What follows from it now, and until when."""
    if not one.acts:
        return Text("不限", "nothing follows")
    if one.seen.what in REFUSES:
        return Text("列入黑名单，拒卡", "its card is on the hotlist, and refused")
    if one.seen.what not in CAPS:
        return Text("不限", "nothing follows")
    meal = yuan(MEAL_FEN)
    if one.until_s == UNTIL_UNDONE:
        return Text(f"自下一餐起每餐限 ¥{meal}，直到解除", f"¥{meal} a meal period from the next on, until undone")
    until = time_text(one.until_s)
    return Text(
        f"自下一餐起每餐限 ¥{meal}，{until} 到期（三个上课日）",
        f"¥{meal} a meal period from the next on; it lapses at {until}, after three school days",
    )


def finding_json(one: CardFinding) -> dict[str, Any]:
    """Times in Unix milliseconds, until_s in campus seconds; 0: it caps nobody."""
    seen = one.seen
    return {
        "number": one.number, "card": one.label, "purse": _WORDS[seen.application], "kind": seen.what.name.lower(),
        "mark": seen.mark, "record": seen.record, "beside": seen.beside, "state": one.standing.name.lower(),
        "acts": one.acts, "refuses": one.acts and seen.what in REFUSES, "caps": one.acts and seen.what in CAPS,
        "found_ms": one.found_ms, "until_s": one.until_s, "changed_ms": one.changed_ms,
        "words": [
            {"deed": word.deed.name.lower(), "who": word.who, "reason": word.reason, "at_ms": word.at_ms}
            for word in one.words
        ],
    }  # fmt: skip


def finding_lines(one: CardFinding) -> Iterator[str]:
    """One, with its records, what follows, and who has said what."""
    what, how, follows = finding_word(one), STANDINGS[one.standing], does(one)
    when, purse = time_text(WALL.at(one.found_ms / 1000)), Text(*PURSES[_WORDS[one.seen.application]])
    yield str(
        Text(
            f"发现 {one.number}：{what.zh}  卡 {one.label} {purse.zh}  {when}  {how.zh}",
            f"finding {one.number}: {what.en}  card {one.label}, {purse.en}  {when}  {how.en}",
        )
    )
    records = ", ".join(str(number) for number in (one.seen.record, one.seen.beside) if number is not None)
    yield "  " + str(Text(f"证据：记录 {records or '—'}", f"evidence: records {records or '—'}"))
    yield f"  {follows}"
    for word in one.words:
        yield f"  {DEEDS[word.deed]}  {word.who}: {word.reason}"


def list_lines(found: Sequence[CardFinding]) -> Iterator[str]:
    """The newest SHOWN_MAX, and how many act."""
    for one in found[-SHOWN_MAX:]:
        yield from finding_lines(one)
    acting = sum(one.acts for one in found)
    yield str(Text(f"发现 {len(found)}，生效 {acting}", f"findings {len(found)}, acting {acting}"))
    if acting:
        then = "findings confirm|undo --number N --who NAME --reason TEXT"
        yield str(Text(f"  查明后：{then}", f"  when it is known: {then}"))


# --- 卡账核对 --------------------------------------------------------------------------------------------------------


def purse_json(one: PurseNow) -> dict[str, Any]:
    """Sums in fen; at_s in campus seconds, 0: nobody knows."""
    a = one.apart
    return {
        "card": one.label, "purse": _WORDS[a.whose[1]], "expected_fen": a.expected_fen, "known_fen": a.known_fen,
        "difference_fen": a.difference_fen, "late_fen": a.late_fen, "unexplained_fen": a.unexplained_fen,
        "missing": a.missing, "record": a.record, "terminal": one.terminal, "place": one.place, "at_s": one.at_s,
        "since_ms": a.since_ms,
    }  # fmt: skip


def card_json(one: CardNow) -> dict[str, Any]:
    """One card."""
    return {
        "card": one.label, "closes": one.closes, "purses": [purse_json(purse) for purse in one.purses],
        "owes": [owing._asdict() for owing in one.owes], "findings": [finding_json(each) for each in one.findings],
    }  # fmt: skip


def closing_json(one: NotClosing) -> dict[str, Any]:
    """The list."""
    return {**one.counts._asdict(), "purses": [purse_json(purse) for purse in one.purses]}


def card_lines(one: CardNow) -> Iterator[str]:
    """One card, as a person reads it."""
    closed = Text("核对平", "closes") if one.closes else Text("核对不平", "does not close")
    yield str(Text(f"卡 {one.label}：{closed.zh}", f"card {one.label}: {closed.en}"))
    if not one.purses:
        unknown = Text("卡上实有：未知，没有它的流水，或余款已转出", "no record of it, or its balance has moved on")
        yield f"  {unknown}"
    for purse in one.purses:
        yield from (f"  {line}" for line in purse_lines(purse))
    for owing in one.owes:
        yield f"  {owes_line(owing)}"
    for each in one.findings:
        yield from (f"  {line}" for line in finding_lines(each))


def purse_lines(one: PurseNow) -> Iterator[str]:
    """expected + late + unexplained is what the card was last known to hold."""
    a, purse = one.apart, Text(*PURSES[_WORDS[one.apart.whose[1]]])
    where = f"{one.terminal} {one.place} {time_text(one.at_s)}" if one.at_s else "—"
    expected, late, odd, known = map(yuan, (a.expected_fen, a.late_fen, a.unexplained_fen, a.known_fen))
    yield str(
        Text(
            f"{purse.zh}：应存 ¥{expected} + 迟到 ¥{late} + 不明 ¥{odd} = 最近实有 ¥{known}（{where}）",
            f"{purse.en}: expected ¥{expected} + late ¥{late} + unexplained ¥{odd} = last known ¥{known} ({where})",
        )
    )
    if a.missing:
        yield str(Text(f"缺 {a.missing} 笔消费", f"{a.missing} purchases are missing"))


def owes_line(one: Owes) -> Text:
    """Which terminal owes which range, and at most how much of it is this card's."""
    most = yuan(one.most_fen)
    if not one.first:
        return Text(
            f"可能欠：{one.terminal} {one.place} 久未联网，至多 ¥{most}",
            f"may owe: {one.terminal} {one.place}, silent for long, at most ¥{most}",
        )
    numbers = f"{one.first}" if one.first == one.last else f"{one.first}–{one.last}"
    return Text(
        f"欠交：{one.terminal} {one.place} 第 {one.epoch} 代 {numbers}，至多 ¥{most}",
        f"owes: {one.terminal} {one.place}, epoch {one.epoch}, {numbers}, at most ¥{most}",
    )


def closing_lines(one: NotClosing) -> Iterator[str]:
    """The list, and the sums."""
    for purse in one.purses[:SHOWN_MAX]:
        yield str(Text(f"卡 {purse.label}", f"card {purse.label}"))
        yield from (f"  {line}" for line in purse_lines(purse))
    cards, odd = one.counts.cards, one.counts.unexplained
    late, unexplained = yuan(one.counts.late_fen), yuan(one.counts.unexplained_fen)
    yield str(
        Text(
            f"不平的卡 {cards}，其中有不明 {odd}；迟到 ¥{late}，不明 ¥{unexplained}",
            f"cards that do not close: {cards}, {odd} of them unexplained; late ¥{late}, unexplained ¥{unexplained}",
        )
    )
