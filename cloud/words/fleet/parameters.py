"""Parameters 参数, pushes and proposals about them, as text and as JSON, in both languages. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from cloud.ledger.fleet.parameters.canaries import Watched
from cloud.ledger.fleet.parameters.rows import KeptFile, Push, PushKind
from cloud.ledger.fleet.parameters.spent import DAYS, Refused
from cloud.ledger.held.tightening import read_offer
from cloud.ledger.held.two_persons import Proposal
from cloud.parameters.campus_file import CampusFile
from cloud.parameters.canary import Rate, Word
from cloud.parameters.differences import change_text
from cloud.words.both import both, halves
from cloud.words.held import decision_lines, state_of
from shared.money import yuan
from shared.words.voice import Text

NAMED = 6
"""Most terminals that are named on a line."""
Names = Mapping[bytes, str]
"""Device → what people call it."""
KINDS = {
    PushKind.PUSH: Text("下发", "push"),
    PushKind.CANARY: Text("先行", "canary"),
    PushKind.BACK: Text("自动恢复", "back by itself"),
    PushKind.CONTINUE: Text("续推", "continued"),
    PushKind.ROLLBACK: Text("回退", "rollback"),
    PushKind.TRIAL: Text("双人收紧", "tighter, by two persons"),
    PushKind.END: Text("到期恢复", "ended, former limits back"),
    PushKind.AGAIN: Text("同文换号重发", "the same under a higher number"),
}


def named_text(names: Sequence[str]) -> Text:
    """'pos-01、pos-02 等 13 台'."""
    shown, count = names[:NAMED], len(names)
    if count <= NAMED:
        return Text("、".join(shown), ", ".join(shown))
    return Text(f"{'、'.join(shown)} 等 {count} 台", f"{', '.join(shown)} and others, {count} in all")


def difference_text(groups: Mapping[tuple[Text, ...], Sequence[str]]) -> Iterator[str]:
    """Terminals that change alike are told together. groups: lines → names."""
    if not groups:
        yield str(Text("没有变化", "nothing changes"))
    for lines, names in groups.items():
        yield f"{named_text(names)}{Text('：', ':')}"
        yield from (f"  {line}" for line in lines)


def difference_json(groups: Mapping[tuple[Text, ...], Sequence[str]]) -> list[dict[str, Any]]:
    """Each line in both languages."""
    return [{"terminals": list(names), "changes": [both(line) for line in lines]} for lines, names in groups.items()]


def refused_lines(file: CampusFile, found: Sequence[Refused], names: Names) -> Iterator[str]:
    """What the last days would have been."""
    times, fen = sum(one.times for one in found), sum(one.fen for one in found)
    if not found:
        yield str(Text(f"近 {DAYS} 天的消费中，不会拒绝任何一笔", f"it would have refused nothing in {DAYS} days"))
        return
    yield str(
        Text(
            f"按近 {DAYS} 天的消费，会拒绝 {times} 笔，¥{yuan(fen)}：",
            f"of the last {DAYS} days' purchases, {times} would have been refused, ¥{yuan(fen)}:",
        )
    )
    for one in sorted(found, key=lambda one: -one.times)[: 4 * NAMED]:
        meal, name = file.meal_name(one.meal), names.get(one.device, one.device.hex())
        yield str(
            Text(
                f"  {name} {meal.zh}：{one.of} 笔中 {one.times} 笔，¥{yuan(one.fen)}，{one.cards} 张卡",
                f"  {name}, {meal.en}: {one.times} of {one.of}, ¥{yuan(one.fen)}, {one.cards} cards",
            )
        )


def refused_json(found: Iterable[Refused], names: Names) -> list[dict[str, Any]]:
    """By terminal and meal."""
    return [
        {
            "terminal": names.get(one.device, one.device.hex()), "meal": one.meal, "times": one.times, "of": one.of,
            "fen": one.fen, "cards": one.cards,
        }
        for one in found
    ]  # fmt: skip


def tighter_lines(file: CampusFile, found: Iterable[tuple[str, Sequence[Any]]]) -> Iterator[str]:
    """Which limits refuse what they allowed."""
    yield str(Text("收紧限额，须两人：", "tighter limits, for two persons:"))
    for name, changes in found:
        for one in changes[:NAMED]:
            text = change_text(file, one)
            yield str(Text(f"  {name} {text.zh}", f"  {name}: {text.en}"))


WORDS = {
    Word.WATCHED: Text("观察中", "watched"),
    Word.QUIET: Text("刷卡太少，不自动续推", "too few taps, does not go on by itself"),
    Word.ALONE: Text("无可比较，不自动续推", "nothing to compare with, does not go on by itself"),
    Word.HELD: Text("正常，待人工续推", "well, a person has to go on"),
    Word.BACK: Text("拒绝增多，已自动恢复", "declines rose, went back by itself"),
    Word.ON: Text("正常，已自动续推", "well, went on by itself"),
    Word.OVERTAKEN: Text("其间另有下发", "something else was pushed meanwhile"),
    Word.STUCK: Text("拒绝增多，无可恢复", "declines rose, nothing to go back to"),
}


def canary_line(said: Sequence[Word], stands: Watched | None) -> str:
    """What became of a canary, and how it does."""
    last, rates = WORDS[said[-1]], halves(None if stands is None else _rates(stands))
    return str(Text(f"    先行：{last.zh}{rates[0]}", f"    canary: {last.en}{rates[1]}"))


def _rates(stands: Watched) -> Text:
    mine, own, rest = map(_rate, (stands.canary, stands.own, stands.rest))
    return Text(
        f"；刷卡 {mine.zh}，此前一周 {own.zh}，其余终端 {rest.zh}",
        f"; declined: {mine.en}, in the week before {own.en}, at the others {rest.en}",
    )


def _rate(one: Rate) -> Text:
    return Text(f"{one.taps} 次拒绝 {one.percent}%", f"{one.percent} % of {one.taps} taps")


def push_line(push: Push, file: KeptFile, title: str, at: str) -> str:
    """One line of the history."""
    made, all_of, kind = len(push.made), len(push.targets), KINDS[push.kind]
    waits, then = len(push.left), f"continue {push.number}"
    tail = Text(f"，{waits} 台待续：{then}", f", {waits} wait: {then}") if waits else None
    said = Text(
        f"第 {push.number} 次  {at}  {kind.zh}  {made}/{all_of} 台  {push.who}  {title or '（无题）'}  "
        f"{file.digest.hex()[:8]}{tail.zh if tail else ''}",
        f"push {push.number}  {at}  {kind.en}  {made}/{all_of} terminals  {push.who}  {title or '(no title)'}  "
        f"{file.digest.hex()[:8]}{tail.en if tail else ''}",
    )
    return str(said)


def push_json(
    push: Push, file: KeptFile, title: str, names: Names, said: Sequence[Word] = ()
) -> dict[str, Any]:  # fmt: skip
    """Times: Unix milliseconds. canary: what was said of it, oldest first."""
    return {
        "canary": [one.name.lower() for one in said],
        "push": push.number, "kind": push.kind.name.lower(), "who": push.who, "at_ms": push.at_ms, "title": title,
        "file": file.digest.hex(), "proposal": push.proposal,
        "targets": [names.get(one, one.hex()) for one in push.targets],
        "made": {names.get(one, one.hex()): generation for one, generation in push.made.items()},
        "waiting": [names.get(one, one.hex()) for one in push.left],
    }  # fmt: skip


def proposal_lines(one: Proposal, names: Names, now_ms: int) -> Iterator[str]:
    """What was proposed, how it stands, and what the second person does."""
    offer = read_offer(one.document)
    where = named_text([names.get(device, device.hex()) for device in offer.devices])
    times, fen = offer.times, yuan(offer.fen)
    what = Text(
        f"{where.zh} 收紧限额 {offer.days} 天，近 {DAYS} 天会拒绝 {times} 笔，¥{fen}",
        f"tighter limits at {where.en} for {offer.days} days; {times} refusals in {DAYS} days, ¥{fen}",
    )
    return decision_lines(one, what, now_ms, "parameters confirm")


def proposal_json(one: Proposal, names: Names, now_ms: int) -> dict[str, Any]:
    """Times: Unix milliseconds."""
    offer, said = read_offer(one.document), one.decision
    return {
        "proposal": one.number, "state": state_of(one, now_ms), "days": offer.days, "times": offer.times,
        "fen": offer.fen, "terminals": [names.get(device, device.hex()) for device in offer.devices],
        "maker": one.maker, "reason": one.reason, "until_ms": one.until_ms, "checker": said.checker if said else "",
    }  # fmt: skip
