"""`provisioning plan …` 校园计划: written from a school's own tables, checked, carried into a campus that stands."""

import argparse
import sys
from pathlib import Path
from typing import Any

from provisioning.campus.settings import to_bytes
from provisioning.cli.arguments import Verbs, add_store, add_token, add_who, say
from provisioning.cli.beside import may_lie_open
from provisioning.cli.plans.apply import apply, diff
from provisioning.plan.demo import CARDS, demo_plan
from provisioning.plan.differences import differences, summary
from provisioning.plan.plan import parse_plan
from provisioning.plan.sheets import plan_of
from shared.input.data_folder import add_data
from shared.input.functions import WHOLE, preset_of
from shared.input.section import from_json
from shared.words.voice import Text


def add_to(verbs: Verbs) -> None:
    """Add the verb and its steps."""
    parser = verbs.add_parser("plan", help=Text("写出、核对、执行校园计划", "write, check and carry out a plan"))
    kinds = parser.add_subparsers(required=True, metavar="WHICH")
    demo = kinds.add_parser("demo", help=Text("演示校园", "the demonstration's"))
    demo.add_argument("--cards", type=int, default=CARDS, help=Text("多少张卡", "how many cards"))
    demo.set_defaults(run=lambda chosen: _write_plan(chosen, demo_plan(chosen.cards)))
    tables = Text("由学校的两张表：终端、卡", "from a school's two tables: terminals, cards")
    new = kinds.add_parser("new", help=tables, description=_TABLES)
    new.add_argument("--campus", type=int, required=True, metavar="N", help=Text("校园编号", "the campus's number"))
    new.add_argument("--name", required=True, help=Text("校名", "the school's name"))
    new.add_argument("--terminals", type=Path, required=True, metavar="CSV", help=Text("终端表", "its terminals"))
    new.add_argument("--cards", type=Path, metavar="CSV", help=Text("卡表；没有则分批制卡", "cards; else by batches"))
    new.add_argument(
        "--preset",
        metavar="NAME",
        default=WHOLE.name,
        help=Text("预设：中学关闭用不到的功能", "a preset: `school` puts off what it does not need"),
    )
    new.set_defaults(run=_new_plan)
    for one in (demo, new):
        one.add_argument(
            "--out", type=Path, required=True, metavar="FILE", help=Text("- 为标准输出", "- is standard output")
        )
    check = kinds.add_parser("check", help=Text("核对一份计划，可与旧的比较", "check a plan, and against an old one"))
    check.add_argument("plan", type=Path, metavar="PLAN.json", help=Text("要核对的计划", "the plan to check"))
    check.add_argument("--than", type=Path, metavar="OLD.json", help=Text("旧计划", "the old one"))
    check.set_defaults(run=_check_plan)
    held = kinds.add_parser("diff", help=Text("与已建成的校园比较", "against the campus that stands"))
    held.set_defaults(run=diff)
    add_data(held)
    may_lie_open(held)
    carried = kinds.add_parser(
        "apply",
        help=Text("按新计划扩展已建成的校园", "extend the campus that stands by its new plan"),
        description=_APPLY,
    )
    carried.set_defaults(run=apply)
    add_store(carried)
    add_token(carried)
    add_who(carried)
    for one in (held, carried):
        one.add_argument("plan", type=Path, metavar="PLAN.json", help=Text("新计划", "the new plan"))


_APPLY = Text(
    "新增网关、线路、终端、PSAM、备用机、卡；计划里没有了的只停用；会改动历史的，说明缘由后拒绝，什么也不写。"
    "中断后再执行即续完。接着 cloud import，重启有改动的网关与 broker。",
    "Adds boxes, lines, terminals, PSAMs, spares, cards; what the plan has no more is retired only; what would break "
    "history is refused with the reason, and nothing is written. Cut anywhere, the next run ends it. Then cloud "
    "import, and restart the boxes that changed and the broker.",
)
_TABLES = Text(
    "终端表的列：网关、地点、线路、线路类型（can、485、tcp）、速率、终端、类型（消费机、车载机、圈存机、卡务台、备用消费机）、"
    "地址、商户、点位；卡表的列：卡面号、班级、开卡余额（元）、补助（元）。UTF-8 或 GB18030，列序不限。",
    "Columns of terminals: box, site, link, link kind (can, 485, tcp), rate, terminal, kind (pos, validator, load, "
    "desk, spare pos), address, merchant, place; of cards: label, class, opening and subsidy (yuan). UTF-8 or GB18030.",
)


def _new_plan(chosen: argparse.Namespace) -> None:
    cards = chosen.cards.read_bytes() if chosen.cards else None
    preset = preset_of(chosen.preset)
    _write_plan(chosen, plan_of(chosen.campus, chosen.name, chosen.terminals.read_bytes(), cards, preset))
    for one in sorted(preset.off) if str(chosen.out) != "-" else ():
        say(Text(f"已关：{one.said.zh}\n", f"off: {one.said.en}\n"))


def _write_plan(chosen: argparse.Namespace, raw: dict[str, Any]) -> None:
    made, text = parse_plan(raw), to_bytes(raw)
    if str(chosen.out) == "-":
        sys.stdout.write(text.decode())
        return
    chosen.out.write_bytes(text)
    say(Text(f"{summary(made).zh}：{chosen.out}\n", f"{summary(made).en}: {chosen.out}\n"))


def _check_plan(chosen: argparse.Namespace) -> None:
    made = parse_plan(from_json(chosen.plan.read_bytes(), str(chosen.plan)))
    say(Text(f"{summary(made).zh}\n", f"{summary(made).en}\n"))
    if chosen.than is None:
        return
    found = differences(parse_plan(from_json(chosen.than.read_bytes(), "--than")), made)
    same = Text("与旧计划相同", "the same as the old one")
    for line in found or [same]:
        say(Text(f"{line.zh}\n", f"{line.en}\n"))
