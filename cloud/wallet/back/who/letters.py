"""`cloud people letters`: for each holder of a class a letter with his code, for the class teacher to hand out.

The file is the only place that has the codes: its owner's alone, never over another file. The new codes count, and the
old ones do not, before it is written; cut between the two, the same command again makes others.
"""

import argparse
import html
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from cloud.process.settings import FOLDER, load_settings
from cloud.process.whole_file import write_whole
from cloud.store.db import Database
from cloud.wallet.back.opening import open_people
from cloud.wallet.binding import FILE, Binding, read_binding
from cloud.wallet.people.records.erasures import is_on_roster
from cloud.wallet.people.records.letters import LETTER_MS, make_letter
from cloud.wallet.people.roster import Holder, holder_of, holders_in
from shared.clocks.campus_clock import WALL
from shared.clocks.clock import day_number, day_text
from shared.errors import ConfigFault
from shared.input.sheet import sheet
from shared.words.refused import why_not
from shared.words.voice import Text

PAGE = (".html", ".htm")
HEAD = (Text("学号", "number"), Text("姓名", "name"), Text("班级", "class"), Text("激活码", "code"),
        Text("有效至", "good until"), Text("钱包网址", "wallet"))  # fmt: skip
_STYLE = (
    "body{font:12pt/1.5 sans-serif;margin:0}section{border-bottom:1px dashed #777;padding:8mm 12mm;break-inside:avoid}"
    "h1{font-size:14pt;margin:0 0 2mm}code{font-size:18pt;letter-spacing:.1em}p{margin:1mm 0}.soft{color:#444;"
    "font-size:10pt}@page{size:A4;margin:10mm}"
)
TITLE = Text("校园钱包激活信", "Activation letter of the campus wallet")
STEPS = (
    Text(
        "打开上面的网址，选“首次使用：绑定”，填学号、姓名、激活码和手机号，再填短信验证码。家长填学生的学号和姓名，手机号用学校登记的那个。",
        "Open the address, choose “First time here”; give number, name, this code and your phone, then the code of the "
        "SMS. A parent gives the pupil's number and name, and the phone that the school has.",
    ),
    Text(
        "激活码只能用一次，不要给别人；遗失请向班主任要新的，旧的随即作废。",
        "The code is good once: give it to nobody. If it is lost ask the class teacher: a new letter kills the old.",
    ),
)


class Letter(NamedTuple):
    """One holder's, with his code."""

    holder: Holder
    code: str


def write_letters(chosen: argparse.Namespace) -> int:
    """--class NAME, or --number N for one; --out FILE: .html is printed, any other is CSV. ConfigFault."""
    if chosen.out is None or not (chosen.group or chosen.number):
        raise ConfigFault(Text("需要 --out，以及 --class 或 --number", "--out, and --class or --number are needed"))
    settings, now_s = load_settings(chosen.data), time.time()
    _require_place(chosen.out)
    with closing(open_people(settings.data)) as people:
        made = _made(people, chosen, int(now_s * 1000))
    until = day_text(day_number(WALL.at(now_s + LETTER_MS / 1000)))
    told = page if chosen.out.suffix.lower() in PAGE else table
    try:
        write_whole(chosen.out, told(made, settings.name, until, chosen.address))
    except OSError as fault:
        why = why_not(fault)
        raise ConfigFault(
            Text(f"{chosen.out}: 未写出，旧信已作废，请重做：{why.zh}",
                 f"{chosen.out}: not written, and the old letters are dead: do it again: {why.en}")
        ) from fault  # fmt: skip
    done = Text(
        f"激活信 {len(made)} 封，有效至 {until}，网址写作 {chosen.address}",
        f"{len(made)} letters, good until {until}, naming {chosen.address}",
    )
    sys.stdout.write(f"{done}\n")
    if read_binding(settings.data / FOLDER) is not Binding.LETTER:
        said = Text(
            f"学校现在仍按出生日期绑定：{FILE} 里写 binding = \"letter\"，重启 accounts 后激活码才算数",
            f"the school still binds by birth: the codes count once {FILE} says binding = \"letter\" and accounts was "
            "started anew",
        )  # fmt: skip
        sys.stdout.write(f"{said}\n")
    return 0


def table(made: Sequence[Letter], _: str, until: str, address: str) -> bytes:
    """As CSV."""
    rows = [(one.number, one.name, one.group, code, until, address) for one, code in made]
    return sheet([str(name) for name in HEAD], rows)


def page(made: Sequence[Letter], school: str, until: str, address: str) -> bytes:
    """As HTML of its own, a letter whole on its sheet; nothing that anybody wrote becomes markup."""
    return "".join(
        ["<!doctype html>\n<html lang=\"zh-CN\"><meta charset=\"utf-8\">", f"<title>{_both(TITLE)}</title>",
         f"<style>{_STYLE}</style>\n", *(_letter(one, school, until, address) for one in made), "</html>\n"]
    ).encode()  # fmt: skip


def _letter(one: Letter, school: str, until: str, address: str) -> str:
    holder = one.holder
    who = " · ".join(cell for cell in (holder.group, holder.name, holder.number) if cell)
    good = Text(f"有效至 {until}", f"good until {until}")
    steps = "".join(f"<p>{html.escape(step.zh)}</p><p class=\"soft\">{html.escape(step.en)}</p>" for step in STEPS)
    return (
        f"<section><h1>{html.escape(school)} · {_both(TITLE)}</h1><p>{html.escape(who)}</p>"
        f"<p><code>{one.code}</code></p><p>{_both(good)}</p><p>{html.escape(address)}</p>{steps}</section>\n"
    )


def _both(text: Text) -> str:
    return html.escape(f"{text.zh} {text.en}")


def _made(people: Database, chosen: argparse.Namespace, now_ms: int) -> list[Letter]:
    """Committed when this returns."""
    with people.writing():
        if chosen.number:
            found = holder_of(people, chosen.number)
            holders = [found] if found is not None and is_on_roster(people, found.number) else []
        else:
            holders = holders_in(people, chosen.group)
        if not holders:
            raise ConfigFault(Text("名册上没有", "the roster has nobody of that class or number"))
        return [Letter(one, make_letter(people, one.number, now_ms)) for one in holders]


def _require_place(out: Path) -> None:
    if out.exists():
        raise ConfigFault(Text(f"{out}: 已存在", f"{out}: is there already"))
    if not out.parent.is_dir():
        raise ConfigFault(Text(f"{out.parent}: 没有此文件夹", f"{out.parent}: no such folder"))
