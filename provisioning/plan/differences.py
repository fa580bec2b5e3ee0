"""What differs between two plans, for whoever decides whether it is what he meant. Pure."""

from collections.abc import Iterator
from dataclasses import fields

from provisioning.plan.plan import Plan
from shared.words.voice import Text

NAMED_MAX = 10
"""Of a kind so many are named, the others counted."""


def differences(old: Plan, new: Plan) -> list[Text]:
    """A line each; none: they are the same."""
    found = [
        *_sets(Text("网关", "box"), {one.box: (one.name, one.links) for one in old.boxes},
               {one.box: (one.name, one.links) for one in new.boxes}),
        *_sets(Text("终端", "terminals"), _bodies(old), _bodies(new)),
        *_sets(Text("备用机", "spares"), _spares(old), _spares(new)),
        *_sets(Text("卡", "cards"), {one.label: one for one in old.cards}, {one.label: one for one in new.cards}),
    ]  # fmt: skip
    others = [one.name for one in fields(Plan) if one.name not in ("boxes", "cards")]
    changed = ", ".join(name for name in others if getattr(old, name) != getattr(new, name))
    return [*found, Text(f"也不同：{changed}", f"also different: {changed}")] if changed else found


def summary(plan: Plan) -> Text:
    """How much there is of it."""
    bodies, spares = sum(1 for _ in plan.terminals()), sum(1 for _ in plan.spares())
    return Text(
        f"{plan.name}：网关 {len(plan.boxes)} 台，终端 {bodies} 台，备用机 {spares} 台，卡 {len(plan.cards)} 张",
        f"{plan.name}: {len(plan.boxes)} boxes, {bodies} terminals, {spares} spares, {len(plan.cards)} cards",
    )


def _bodies(plan: Plan) -> dict[str, object]:
    return {f"{box.box}/{one.name}": one for box, one in plan.terminals()}


def _spares(plan: Plan) -> dict[str, object]:
    return {f"{box.box}/{one.name}": one for box, one in plan.spares()}


def _sets(what: Text, old: dict[str, object], new: dict[str, object]) -> Iterator[Text]:
    both = old.keys() & new.keys()
    for words, names in (
        (Text("新增", "new"), new.keys() - old.keys()),
        (Text("去掉", "gone"), old.keys() - new.keys()),
        (Text("改动", "changed"), {name for name in both if old[name] != new[name]}),
    ):
        if names:
            shown, more = sorted(names)[:NAMED_MAX], len(names) - NAMED_MAX
            said = ", ".join(shown)
            if more > 0:
                yield Text(f"{what.zh}{words.zh}：{said} 等，另 {more}", f"{what.en} {words.en}: {said}, {more} more")
            else:
                yield Text(f"{what.zh}{words.zh}：{said}", f"{what.en} {words.en}: {said}")
