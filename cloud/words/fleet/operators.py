"""Operator cards 主管卡 as a document of the fleet, as text and as JSON, in both languages. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from cloud.ledger.fleet.documents.rows import Document
from cloud.words.fleet.documents import document_name
from shared.clocks.clock import time_text
from shared.ids import CardId
from shared.words.voice import Text


class OperatorCards(NamedTuple):
    """Which cards void sales: of the newest document, None: there was never one. labels: what is printed on them."""

    document: Document | None
    cards: frozenset[CardId]
    labels: Mapping[CardId, str]


class OperatorsReach(NamedTuple):
    """How many terminals use the newest list; names of those that are heard and do not, and of those that are away."""

    there: int
    late: tuple[str, ...]
    away: tuple[str, ...]


def operators_lines(found: OperatorCards) -> Iterator[str]:
    """The list and its cards."""
    if found.document is None:
        yield str(
            Text("还没有下发主管卡名单：各消费机以本机设置为准", "no list was made yet: tills go by their settings")
        )
        return
    made = found.document
    at = time_text(made.made_s)
    yield str(
        Text(
            f"主管卡名单第 {made.generation} 版，{len(found.cards)} 张，{at} {made.who}",
            f"operator cards, generation {made.generation}: {len(found.cards)}, {at} by {made.who}",
        )
    )
    for card in sorted(found.cards):
        yield f"  {card.hex()}  {found.labels.get(card, '–')}"


def pushed_line(made: Document | None, cards: int) -> Text:
    """What became of a push."""
    if made is None:
        return Text(f"没有变化：{cards} 张主管卡", f"nothing changes: {cards} operator cards")
    return Text(
        f"已下发主管卡名单第 {made.generation} 版：{cards} 张，其余的卡即刻不能撤销",
        f"operator cards, generation {made.generation}: {cards}; no other card voids from now on",
    )


def reach_line(reach: OperatorsReach) -> Text:
    """How far it has come."""
    late, away = ", ".join(reach.late) or "–", ", ".join(reach.away) or "–"
    return Text(
        f"已生效 {reach.there} 台；在线未生效：{late}；离线：{away}",
        f"in use at {reach.there}; online and not yet: {late}; away: {away}",
    )


def operators_json(found: OperatorCards) -> dict[str, Any]:
    """generation 0: there was never a list."""
    return {
        "generation": found.document.generation if found.document else 0,
        "cards": [{"card": card.hex(), "label": found.labels.get(card)} for card in sorted(found.cards)],
    }


def pushed_json(made: Document | None, cards: int, reach: OperatorsReach | None) -> dict[str, Any]:
    """generation null: nothing has changed."""
    told = reach._asdict() if reach else None
    return {"generation": made.generation if made else None, "cards": cards, "reach": told}


def mended_lines(made: Sequence[tuple[Document, bool]]) -> Iterator[str]:
    """What was made anew, and what was left."""
    if not made:
        yield str(Text("没有分叉的人工下发文件", "no document of persons is a fork"))
    for one, is_left in made:
        name = document_name(one.kind, one.scope)
        if is_left:
            yield str(
                Text(f"{name.zh}：限额试行中，到期自行换号", f"{name.en}: limits are on trial, whose end mends it")
            )
        else:
            yield str(
                Text(f"{name.zh}：同文改为第 {one.generation} 版", f"{name.en}: the same, generation {one.generation}")
            )
