"""Exposure 风险敞口 with its formula and its inputs, as text and as JSON, in both languages. Pure."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from cloud.ledger.read.shown.risk import CardRisk, Part, PlaceRisk, Risk, TillRisk, Unknown
from cloud.words.both import both
from shared.clocks.clock import time_text
from shared.money import yuan
from shared.words.spans import span
from shared.words.voice import Text

SHOWN_MAX = 20
"""Lines of each kind for people, the worst; a program gets all."""
UNKNOWN = {
    Unknown.CAPS: Text("限额未知或不限", "caps unknown, or none"),
    Unknown.HOTLIST: Text("所用黑名单未知", "its hotlist is unknown"),
    Unknown.HEARD: Text("未联系，其后所售未知", "silent, what it sold since is unknown"),
}
PARTS = {
    Part.LOADS: Text("圈存在途，未知是否入卡", "loads granted, not known to be on the card"),
    Part.PAYMENTS: Text("账户支付待核", "account payments held for two persons"),
    Part.MEALS: Text("应急餐欠款", "meal debts"),
    Part.CODES: Text("脱机付款码，学校至多承担", "certificates for offline codes, the school bears at most"),
}
FORMULA = (
    Text(
        "欠交：(欠交流水 + 未完成) × 单笔上限", "owed: (records owed + unfinished ones) × the cap of one purchase"
    ),
    Text(
        "名单：每张应拒的卡，尚未拒收它的各终端：当日上限（按名单龄）× 列入以来的营业日，合计不超过卡内余额",
        "hotlist: of each card to be refused, where it is not refused yet: the cap of a day (by the list's age) × "
        "business days since it was listed, in all no more than its purses hold",
    ),
    Text(
        "未知的按最坏计：限额未知即一笔花光最满的卡，名单未知即谁也不拒",
        "what is unknown counts at its worst: no cap known, one purchase empties the fullest purse; no list known, "
        "nobody is refused",
    ),
    Text(
        "未联系：各卡类张数 × 餐次上限（不超过当日上限）× 失联以来的餐次，合计不超过全部卡内余额；另列，不计入",
        "silent: cards of each class × the cap of a meal (of a day at most) × meal periods since it was heard, in all "
        "no more than all purses hold; named beside the sum, not in it",
    ),
    Text(
        "脱机付款码：未用的各次 × 单码限额；每台未联系的终端再各一次，不超过其当日限额 × 失联以来的营业日；另列",
        "offline codes: each use left × the limit of a code, once; and once more at each silent terminal, its sum of a "
        "day × business days since at most; named beside the sum",
    ),
)


def exposure_lines(risk: Risk) -> Iterator[str]:
    """The sum, the formula, and the worst of each kind."""
    yield str(head(risk))
    for line in FORMULA:
        yield f"  {line}"
    yield f"  {inputs(risk)}"
    yield from (f"  {line}" for line in item_lines(risk))
    yield from (f"  {line}" for line in unknown_lines(risk))
    for title, lines in parts(risk):
        yield from _section(title, lines)


def parts(risk: Risk) -> Iterator[tuple[Text, list[Text]]]:
    """By canteen, merchant, box, terminal and card, the worst first, without those where nothing is at risk and all is
    known."""
    places = (
        (Text("按食堂", "by canteen"), risk.canteens), (Text("按商户", "by merchant"), risk.merchants),
        (Text("按网关", "by box"), risk.boxes),
    )  # fmt: skip
    for title, found in places:
        yield title, [place_text(one) for one in found if one.fen or one.silent_fen or one.unknown]
    yield Text("按终端", "by terminal"), [till_text(one) for one in risk.terminals if one.fen or one.unknown]
    yield Text("按卡", "by card"), [card_text(one) for one in risk.cards]


def head(risk: Risk) -> Text:
    """How much, of what, as of when; and of how many terminals an input is not known."""
    fen, owed, listed = yuan(risk.fen), yuan(risk.arrears_fen), yuan(risk.listed_fen)
    when, lacking = time_text(risk.now_s), sum(bool(one.unknown) for one in risk.terminals)
    if not lacking:
        return Text(
            f"风险敞口 ¥{fen}：欠交 ¥{owed}，名单 ¥{listed}（截至 {when}）",
            f"exposure ¥{fen}: owed ¥{owed}, hotlist ¥{listed} (as of {when})",
        )
    return Text(
        f"风险敞口 ¥{fen}：欠交 ¥{owed}，名单 ¥{listed}（截至 {when}，{lacking} 台有未知）",
        f"exposure ¥{fen}: owed ¥{owed}, hotlist ¥{listed} (as of {when}; {lacking} terminals with unknowns)",
    )


def inputs(risk: Risk) -> Text:
    """What went in."""
    records = sum(one.till.records for one in risk.terminals)
    slots = sum(one.till.open_slots for one in risk.terminals)
    tills, cards, fullest = len(risk.terminals), len(risk.cards), yuan(risk.fullest_fen)
    return Text(
        f"输入：{tills} 台终端，欠交 {records} 条，未完成 {slots} 笔，未处处拒收的卡 {cards} 张，"
        f"最满的卡不过 ¥{fullest}",
        f"inputs: {tills} terminals, {records} records owed, {slots} unfinished, {cards} cards not refused everywhere, "
        f"the fullest purse holds ¥{fullest} at most",
    )


def unknown_lines(risk: Risk) -> Iterator[Text]:
    """How many terminals lack which input."""
    for what, count in risk.unknown.items():
        if count:
            said = UNKNOWN[what]
            yield Text(f"{count} 台：{said.zh}", f"{count} terminals: {said.en}")


def item_lines(risk: Risk) -> Iterator[Text]:
    """What stands beside the sum: what silent terminals may have sold, and what is under way, each by its name."""
    if silent := [one for one in risk.terminals if one.till.is_silent]:
        fen, all_fen = yuan(risk.silent_fen), yuan(risk.purses_fen)
        yield Text(
            f"另：{len(silent)} 台未联系，其后所售至多 ¥{fen}（全部卡内余额 ¥{all_fen}）",
            f"beside it: {len(silent)} terminals are silent and may have sold ¥{fen} since, at most (all purses: "
            f"¥{all_fen})",
        )
    for item in risk.items:
        said, fen = PARTS[item.part], yuan(item.fen)
        yield Text(f"另：{said.zh} {item.cases} 笔 ¥{fen}", f"beside it: {said.en}: {item.cases}, ¥{fen}")


def place_text(one: PlaceRisk) -> Text:
    """A line, of a canteen, a merchant or a box."""
    said = _place_text(one)
    if not one.silent_fen:
        return said
    fen = yuan(one.silent_fen)
    return Text(f"{said.zh}；未联系的其后至多 ¥{fen}", f"{said.en}; its silent ones ¥{fen} since, at most")


def _place_text(one: PlaceRisk) -> Text:
    name = Text(one.name, one.name) if one.name else Text("未登记", "not said")
    fen, owed, listed = yuan(one.fen), yuan(one.arrears_fen), yuan(one.listed_fen)
    return Text(
        f"{name.zh} ¥{fen}：{one.terminals} 台，欠交 {one.records} 条 ¥{owed}，名单 ¥{listed}，{one.unknown} 台有未知",
        f"{name.en} ¥{fen}: {one.terminals} terminals, {one.records} owed ¥{owed}, hotlist ¥{listed}, "
        f"{one.unknown} with unknowns",
    )


def till_text(one: TillRisk) -> Text:
    """A line: the numbers that were multiplied, and what nobody knows."""
    till, fen, single = one.till, yuan(one.fen), yuan(one.single_fen)
    count, owed, listed = till.records + till.open_slots, yuan(one.arrears_fen), yuan(one.listed_fen)
    age = _age(one)
    said = [
        Text(f"欠交 {count} × ¥{single} = ¥{owed}", f"owed {count} × ¥{single} = ¥{owed}"),
        Text(
            f"名单{age.zh}，未拒 {one.open_cards} 张 ¥{listed}",
            f"hotlist {age.en}, {one.open_cards} cards not refused ¥{listed}",
        ),
        *(UNKNOWN[what] for what in Unknown if what in one.unknown and what is not Unknown.HEARD),
    ]
    if till.is_silent:
        said.append(_since(one))
    where = " ".join(part for part in (till.name, till.place) if part)
    zh, en = "；".join(each.zh for each in said), "; ".join(each.en for each in said)
    return Text(f"{where} ¥{fen}：{zh}", f"{where} ¥{fen}: {en}")


def _since(one: TillRisk) -> Text:
    fen = yuan(one.silent_fen)
    if not one.till.heard_ms:
        return Text(f"从未联系，所售至多 ¥{fen}", f"never heard, it may have sold ¥{fen} at most")
    zh, en = span(one.till.silent_s)
    return Text(f"{zh}未联系，其后所售至多 ¥{fen}", f"silent for {en}, it may have sold ¥{fen} since, at most")


def card_text(one: CardRisk) -> Text:
    """A line."""
    card, fen, purse = one.card, yuan(one.fen), yuan(one.card.purse_fen)
    since = time_text(max(0, card.since_s))
    bound = Text(f"卡内不过 ¥{purse}", f"¥{purse} on it at most")
    if not card.is_bounded:
        bound = Text("账目异常，不以余额为限", "found by the books: its balance bounds nothing")
    return Text(
        f"{card.label} ¥{fen}：{since} 列入，{one.terminals} 台未拒收；{bound.zh}",
        f"{card.label} ¥{fen}: listed {since}, {one.terminals} terminals do not refuse it; {bound.en}",
    )


def _age(one: TillRisk) -> Text:
    if one.age_s is None:
        return Text("龄未知", "of unknown age")
    zh, en = span(one.age_s)
    return Text(f"龄 {zh}", f"{en} old")


def _section(title: Text, lines: Sequence[Text]) -> Iterator[str]:
    if lines:
        yield str(Text(f"{title.zh}（{len(lines)}）", f"{title.en} ({len(lines)})"))
        yield from (f"  {line}" for line in lines[:SHOWN_MAX])
    if len(lines) > SHOWN_MAX:
        more = len(lines) - SHOWN_MAX
        yield f"  {Text(f'… 另有 {more}，--json 列出全部', f'… {more} more, --json lists all')}"


def exposure_json(risk: Risk) -> dict[str, Any]:
    """Sums in fen, times in campus seconds; null: unknown."""
    return {
        "fen": risk.fen, "arrears_fen": risk.arrears_fen, "listed_fen": risk.listed_fen, "as_of": risk.now_s,
        "fullest_fen": risk.fullest_fen, "unknown": {str(what): count for what, count in risk.unknown.items()},
        "formula": [both(line) for line in FORMULA],
        "silent_fen": risk.silent_fen, "purses_fen": risk.purses_fen,
        "items": [{"item": str(one.part), "count": one.cases, "fen": one.fen} for one in risk.items],
        "boxes": [_place_json("box", one) for one in risk.boxes],
        "canteens": [_place_json("canteen", one) for one in risk.canteens],
        "merchants": [_place_json("merchant", one) for one in risk.merchants],
        "terminals": [_till_json(one) for one in risk.terminals],
        "cards": [
            {"card": one.card.label, "fen": one.fen, "terminals": one.terminals, "purse_fen": one.card.purse_fen,
             "since": one.card.since_s, "bounded": one.card.is_bounded}
            for one in risk.cards
        ],
    }  # fmt: skip


def _place_json(key: str, one: PlaceRisk) -> dict[str, Any]:
    rest = one._asdict()
    return {key: rest.pop("name"), "fen": one.fen, **rest}


def _till_json(one: TillRisk) -> dict[str, Any]:
    till = one.till
    return {
        "terminal": till.name, "place": till.place, "box": till.box, "merchant": till.merchant,
        "canteen": till.canteen, "fen": one.fen, "silent_fen": one.silent_fen, "records": till.records,
        "open_slots": till.open_slots, "single_fen": one.single_fen, "arrears_fen": one.arrears_fen,
        "open_cards": one.open_cards, "listed_fen": one.listed_fen, "age_s": one.age_s,
        "hotlist": till.generation, "unknown": _words(one.unknown),
    }  # fmt: skip


def _words(unknown: Collection[Unknown]) -> list[str]:
    return sorted(map(str, unknown))
