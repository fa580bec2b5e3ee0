"""What a plan asks of a campus that stands: what comes, what is wired otherwise, what retires, what is refused. Pure.

Nothing that the books know changes: a body keeps its number, kind, box, place and merchant, a card its label and what
it opened with. Whoever is gone from the plan is retired and stays known: it may still owe records. A card is never
taken back by a plan: those of batches stand in none.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from provisioning.plan.plan import BoxPlan, CardPlan, LinkKind, LinkPlan, Plan, SparePlan, TerminalPlan
from shared.ids import BoxId
from shared.words.voice import Text

NAMED_MAX = 10
"""Of a kind so many are named, the others counted."""
_One = TypeVar("_One", LinkPlan, SparePlan)


@dataclass(frozen=True, slots=True)
class Standing:
    """A made campus, as its own files and its signed inventory tell. boxes: with all of their bodies, the retired ones
    among them; cards by label; profile '': it has no card yet."""

    campus: int
    region: int
    name: str
    demo: bool
    profile: str
    boxes: Mapping[BoxId, BoxPlan]
    cards: Mapping[str, CardPlan]
    retired: frozenset[str]


@dataclass(frozen=True, slots=True)
class Extension:
    """boxes: new ones, whole. bodies, spares, links: new at boxes that stand. rewired: (box, body as it shall be).
    relinked: (box, line as it shall be). regrouped: cards whose holder's class changes. retired, back: names."""

    boxes: tuple[BoxPlan, ...] = ()
    bodies: tuple[tuple[BoxId, TerminalPlan], ...] = ()
    spares: tuple[tuple[BoxId, SparePlan], ...] = ()
    links: tuple[tuple[BoxId, LinkPlan], ...] = ()
    rewired: tuple[tuple[BoxId, TerminalPlan], ...] = ()
    relinked: tuple[tuple[BoxId, LinkPlan], ...] = ()
    cards: tuple[CardPlan, ...] = ()
    regrouped: tuple[CardPlan, ...] = ()
    retired: tuple[str, ...] = ()
    back: tuple[str, ...] = ()
    refused: tuple[Text, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Is the campus as the plan says already?"""
        return self == Extension()

    @property
    def new_bodies(self) -> tuple[tuple[BoxId, TerminalPlan], ...]:
        """At boxes old and new, in the order that numbers them."""
        return (*((box.box, one) for box in self.boxes for one in box.terminals), *self.bodies)

    @property
    def new_spares(self) -> tuple[tuple[BoxId, SparePlan], ...]:
        """At boxes old and new, in the order that numbers them."""
        return (*((box.box, one) for box in self.boxes for one in box.spares), *self.spares)


def extension(standing: Standing, plan: Plan) -> Extension:
    """What it takes to bring the campus to its plan; `refused` says what it cannot be brought to, and why."""
    kept = [(standing.boxes[box.box], box) for box in plan.boxes if box.box in standing.boxes]
    known = _bodies(standing.boxes.values())
    return Extension(
        boxes=tuple(box for box in plan.boxes if box.box not in standing.boxes),
        bodies=tuple((new.box, one) for _, new in kept for one in new.terminals if one.name not in known),
        spares=tuple((new.box, one) for old, new in kept for one in _unknown(old.spares, new.spares)),
        links=tuple((new.box, one) for old, new in kept for one in _unknown(old.links, new.links)),
        rewired=tuple((new.box, one) for old, new in kept for one in new.terminals if _is_rewired(old, one)),
        relinked=tuple((new.box, one) for old, new in kept for one in new.links if _is_relinked(old, one)),
        cards=tuple(card for card in plan.cards if card.label not in standing.cards),
        regrouped=tuple(card for card in plan.cards if _is_regrouped(standing, card)),
        retired=tuple(sorted(_gone(standing, plan) - standing.retired)),
        back=tuple(sorted(standing.retired - _gone(standing, plan))),
        refused=tuple(_refused(standing, plan)),
    )


def told(wanted: Extension) -> Iterator[Text]:
    """A line for each kind of change; none: the campus is as the plan says."""
    yield from _named(Text("新增网关", "new boxes"), [box.box for box in wanted.boxes])
    yield from _named(Text("新增线路", "new lines"), [f"{box}/{one.name}" for box, one in wanted.links])
    yield from _named(Text("新增终端", "new terminals"), [f"{box}/{one.name}" for box, one in wanted.new_bodies])
    yield from _named(Text("新增备用机", "new spares"), [f"{box}/{one.name}" for box, one in wanted.new_spares])
    yield from _named(Text("新增卡", "new cards"), [card.label for card in wanted.cards])
    yield from _named(Text("改接线", "wired otherwise"), [f"{box}/{one.name}" for box, one in wanted.rewired])
    yield from _named(Text("线路改参数", "lines changed"), [f"{box}/{one.name}" for box, one in wanted.relinked])
    yield from _named(Text("持卡人换班级", "holders in another class"), [card.label for card in wanted.regrouped])
    yield from _named(Text("停用（仍认得）", "retired, still known"), wanted.retired)
    yield from _named(Text("恢复使用", "in use again"), wanted.back)


def _named(what: Text, names: Sequence[str]) -> Iterator[Text]:
    if not names:
        return
    shown, many = ", ".join(names[:NAMED_MAX]), len(names)
    if many > NAMED_MAX:
        yield Text(f"{what.zh}：{shown} 等共 {many}", f"{what.en}: {shown} and others, {many} in all")
    else:
        yield Text(f"{what.zh}：{shown}", f"{what.en}: {shown}")


def _bodies(boxes: Iterable[BoxPlan]) -> dict[str, tuple[BoxPlan, TerminalPlan]]:
    return {one.name: (box, one) for box in boxes for one in box.terminals}


def _unknown(old: Sequence[_One], new: Sequence[_One]) -> list[_One]:
    known = {one.name for one in old}
    return [one for one in new if one.name not in known]


def _is_rewired(old: BoxPlan, one: TerminalPlan) -> bool:
    was = next((body for body in old.terminals if body.name == one.name), None)
    return was is not None and (was.link, was.address) != (one.link, one.address)


def _is_relinked(old: BoxPlan, one: LinkPlan) -> bool:
    """Whether a TCP link has TLS is `terminal-tls`'s to say."""
    was = next((link for link in old.links if link.name == one.name), None)
    return was is not None and was != one and was.kind is one.kind is not LinkKind.TCP


def _is_regrouped(standing: Standing, card: CardPlan) -> bool:
    was = standing.cards.get(card.label)
    return was is not None and bool(card.group) and card.group != was.group


def _gone(standing: Standing, plan: Plan) -> set[str]:
    """Bodies, spares and boxes that the plan does not have."""
    wanted = {box.box: box for box in plan.boxes}
    gone: set[str] = {box for box in standing.boxes if box not in wanted}
    named = {one.name for _, one in plan.terminals()} | {one.name for _, one in plan.spares()}
    for box in standing.boxes.values():
        here = {one.name for one in box.terminals} | {one.name for one in box.spares}
        gone |= here - named
    return gone


# --- what is refused -----------------------------------------------------------------------------------------------


def _refused(standing: Standing, plan: Plan) -> Iterator[Text]:
    yield from _other_campus(standing, plan)
    known, spares = _bodies(standing.boxes.values()), _spares(standing)
    for box, one in plan.terminals():
        if one.name in known:
            yield from _other_body(*known[one.name], box, one)
        elif one.name in spares:
            yield Text(f"{one.name}：是备用机的名字", f"{one.name}: is the name of a spare")
    for box, spare in plan.spares():
        was = spares.get(spare.name)
        if spare.name in known or (was is not None and was != (box.box, spare.kind)):
            yield Text(f"{spare.name}：名字已给了别的机身", f"{spare.name}: the name was given to another body")
    for new in plan.boxes:
        if new.box in standing.boxes:
            yield from _other_box(standing.boxes[new.box], new, standing.retired)
    for card in plan.cards:
        yield from _other_card(standing.cards.get(card.label), card)


def _other_campus(standing: Standing, plan: Plan) -> Iterator[Text]:
    profile = standing.profile or plan.profile.name
    for what, was, now in (
        (Text("校园编号", "campus number"), standing.campus, plan.campus),
        (Text("地区号", "region"), standing.region, plan.region),
        (Text("校名", "name"), standing.name, plan.name),
        (Text("演示", "demo"), standing.demo, plan.demo),
        (Text("卡型", "profile"), profile, plan.profile.name),
    ):
        if was != now:
            yield Text(
                f"{what.zh} {was} → {now}：密钥、卡与账本都属于原来的校园，只能另建",
                f"{what.en} {was} → {now}: keys, cards and books belong to the campus as it was: make another one",
            )


def _other_body(old_box: BoxPlan, old: TerminalPlan, box: BoxPlan, new: TerminalPlan) -> Iterator[Text]:
    if old_box.box != box.box:
        yield Text(
            f"{old.name}：在 {old_box.box}，计划写 {box.box}：换网关由两人用 cloud device move，不由计划",
            f"{old.name}: stands at {old_box.box}, not {box.box}: two persons move it, by `cloud device move`",
        )
    if old.merchant != new.merchant:
        yield Text(
            f"{old.name}：商户 {old.merchant} → {new.merchant}：以前的收款属于原商户；用新名字加一台，旧的停用",
            f"{old.name}: merchant {old.merchant} → {new.merchant}: its takings so far are the former's; add a body "
            "under a new name and retire this one",
        )
    for what, was, now in (
        (Text("类型", "kind"), old.kind.value, new.kind.value),
        (Text("点位", "position"), old.place, new.place),
        (Text("上下车门", "door"), old.door, new.door),
        (Text("线路号", "line"), old.line, new.line),
    ):
        if was != now:
            yield Text(
                f"{old.name}：{what.zh} {was} → {now}：已登记的不改；用新名字加一台",
                f"{old.name}: {what.en} {was} → {now}: what is registered stays: add a body under a new name",
            )


def _other_box(old: BoxPlan, new: BoxPlan, retired: frozenset[str]) -> Iterator[Text]:
    if old.name != new.name:
        yield Text(
            f"{old.box}：地点 {old.name} → {new.name}：已登记的不改",
            f"{old.box}: site {old.name} → {new.name}: what is registered stays",
        )
    kinds = {link.name: link.kind for link in old.links}
    for link in new.links:
        if kinds.get(link.name, link.kind) is not link.kind:
            yield Text(
                f"{old.box}/{link.name}：线路类型改了：用新的线路名",
                f"{old.box}/{link.name}: another kind of line: give it a new name",
            )
    wanted = {one.name for one in new.terminals}
    held = {(one.link, one.address): one.name for one in old.terminals if one.address and one.name not in wanted}
    for one in new.terminals:
        owner = held.get((one.link, one.address))
        if owner is not None:
            state = Text("停用的", "the retired ") if owner in retired else Text("将停用的", "the soon retired ")
            yield Text(
                f"{one.name}：地址 {one.link}:{one.address} 仍属{state.zh} {owner}，它可能还欠流水：换一个地址",
                f"{one.name}: address {one.link}:{one.address} still belongs to {state.en}{owner}, which may owe "
                "records: take another",
            )


def _other_card(was: CardPlan | None, card: CardPlan) -> Iterator[Text]:
    if was is None:
        return
    opened, wanted = (replace(one, group="", subsidy_fen=one.subsidy_fen or 0) for one in (was, card))
    if opened != wanted:
        yield Text(
            f"卡 {card.label}：开卡余额已入账，不改",
            f"card {card.label}: what it opened with is posted and does not change",
        )


def _spares(standing: Standing) -> dict[str, tuple[BoxId, object]]:
    return {one.name: (box.box, one.kind) for box in standing.boxes.values() for one in box.spares}
