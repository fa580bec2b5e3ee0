"""The split of a holder's money 账户分割, and its rules, as text and as JSON, in both languages. Pure."""

from collections.abc import Iterable, Iterator
from typing import Any

from cloud.ledger.loads.split.moving import Movable, Quota, Why
from cloud.ledger.read.shown.split import RuleRow, SplitView
from cloud.words.both import both, halves
from shared.money import yuan
from shared.words.voice import Text

WHYS = {
    Why.NO_RULE: Text("没有自动圈存规则，也没有预约", "no rule, and nothing is ordered"),
    Why.ENOUGH: Text("卡内不低于阈值", "the purse is not below its threshold"),
    Why.FLOOR: Text("电子账户除保底外没有更多", "the online account has no more than must stay"),
    Why.FULL: Text("卡内已到上限", "the purse has no room for more"),
    Why.DAY: Text("已到规则的每日上限", "as much as the rule loads on a day was loaded"),
    Why.BARRED: Text("卡在黑名单", "the card is on the hotlist"),
    Why.EMPTY: Text("卡内没有款", "nothing is on the card"),
    Why.TOO_LITTLE: Text("不足一元，不动卡", "less than a yuan, not worth a tap"),
    Why.DESK: Text("持卡到卡务中心圈提", "unloaded at the card office, with the card"),
}


def split_lines(one: SplitView, *, is_apart: bool) -> Iterator[Text]:
    """Both quotas and the rule. is_apart: also what the purse without aid holds, and so what is due."""
    offline, online, pending = yuan(one.offline_fen), yuan(one.online_fen), yuan(one.pending_fen)
    floor = yuan(one.holding.floor_fen)
    yield Text(
        f"卡 {one.label}：脱机可用 ¥{offline}（卡内，按账本），联机可用 ¥{online}（电子账户，已除保底 ¥{floor}）",
        f"card {one.label}: offline ¥{offline} (on the card, by the books), online ¥{online} (the account, without the "
        f"¥{floor} that stay)",
    )
    if is_apart:
        purse, subsidy = yuan(one.holding.purse_fen), yuan(one.subsidy_fen)
        yield Text(f"卡内：主钱包 ¥{purse}，补助 ¥{subsidy}", f"on the card: main purse ¥{purse}, aid ¥{subsidy}")
        yield Text(f"待领 ¥{pending}（任一终端领款）", f"to be claimed: ¥{pending}, at any terminal")
    yield quota_text(one.quota)
    if one.order is not None:
        fen = yuan(one.order.fen)
        yield Text(f"已预约圈存 ¥{fen}，等卡下次联机刷卡", f"¥{fen} ordered onto the card, at its next tap on line")
    if is_apart:
        yield _due_text(one.due)
        yield _back_text(one.back)


def quota_text(quota: Quota | None) -> Text:
    """A rule in words."""
    if quota is None:
        return Text("自动圈存：没有，或已关闭", "auto-load: none, or switched off")
    below, target, day = yuan(quota.below_fen), yuan(quota.target_fen), yuan(quota.day_fen)
    return Text(
        f"自动圈存：低于 ¥{below} 补到 ¥{target}，每日至多 ¥{day}",
        f"auto-load: below ¥{below} up to ¥{target}, ¥{day} a day at most",
    )


def _due_text(due: Movable) -> Text:
    if not due.fen:
        why = WHYS[due.why] if due.why else WHYS[Why.NO_RULE]
        return Text(f"下次联机刷卡不自动圈存：{why.zh}", f"nothing is loaded at the next tap on line: {why.en}")
    fen = yuan(due.fen)
    said = Text(f"下次联机刷卡自动圈存 ¥{fen}", f"¥{fen} is loaded at the card's next tap on line")
    return _with_why(said, due.why)


def _back_text(back: Movable) -> Text:
    fen = f" ¥{yuan(back.fen)}" if back.fen else ""
    return _with_why(Text(f"退回电子账户{fen}", f"back into the account{fen}"), back.why)


def _with_why(said: Text, why: Why | None) -> Text:
    return said if why is None else Text(f"{said.zh}：{WHYS[why].zh}", f"{said.en}: {WHYS[why].en}")


def split_json(one: SplitView, *, is_apart: bool) -> dict[str, Any]:
    """Sums in fen. Without is_apart nothing tells what of the card's money is aid."""
    quota = one.quota._asdict() if one.quota else None
    apart = {
        "purse_fen": one.holding.purse_fen, "subsidy_fen": one.subsidy_fen, "pending_fen": one.pending_fen,
        "today_fen": one.holding.today_fen, "due": _movable(one.due), "orderable": _movable(one.orderable),
        "back": _movable(one.back),
    }  # fmt: skip
    return {
        "card": one.label, "class": one.card_class, "offline_fen": one.offline_fen, "online_fen": one.online_fen,
        "floor_fen": one.holding.floor_fen, "auto_load": quota, "ordered_fen": one.order.fen if one.order else 0,
        "words": [both(line) for line in split_lines(one, is_apart=is_apart)], **(apart if is_apart else {}),
    }  # fmt: skip


def rule_json(one: RuleRow) -> dict[str, Any]:
    """Sums in fen; card '': the rule is of a class."""
    return {**one.rule._asdict(), "card": one.label, "has_cards": one.has_cards}


def rule_lines(found: Iterable[RuleRow]) -> Iterator[Text]:
    """Each rule with the label of its card; of a class that no card has, that too: it may be a slip."""
    lines = [_rule_text(one) for one in found]
    yield from lines
    yield Text(f"共 {len(lines)} 条规则，其余不自动圈存", f"{len(lines)} rules, nothing else is loaded by itself")


def _rule_text(one: RuleRow) -> Text:
    rule, label, has_cards = one
    said, by = quota_text(rule.quota), " ".join(part for part in (rule.who, rule.reason) if part)
    if label:
        return Text(f"卡 {label} {said.zh}  {by}", f"card {label} {said.en}  {by}")
    zh, en = halves(None if has_cards else Text("（没有这一类的卡）", " (no card has it)"))
    return Text(f"卡类 {rule.card_class}{zh} {said.zh}  {by}", f"class {rule.card_class}{en} {said.en}  {by}")


def _movable(one: Movable) -> dict[str, Any]:
    """why: null where nothing bounds it."""
    return {"fen": one.fen, "why": str(one.why) if one.why else None}
