"""Letters 激活信 as they are printed or go home as a sheet, and made for a class or for one holder. No address but the
wallet's stands in one, and nothing that anybody wrote becomes markup.
"""

import html
from collections.abc import Sequence
from typing import NamedTuple

from cloud.store.db import Database
from cloud.wallet.people.records.erasures import is_on_roster
from cloud.wallet.people.records.letters import make_letter
from cloud.wallet.people.roster import Holder, holder_of, holders_in
from shared.errors import ConfigFault
from shared.input.sheet import sheet
from shared.words.voice import Text

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


def made_letters(people: Database, group: str, number: str, now_ms: int) -> list[Letter]:
    """Of this holder, else of all in the class: the ones of before are dead. Committed when this returns. ConfigFault:
    the roster has nobody of that."""
    with people.writing():
        if number:
            found = holder_of(people, number)
            holders = [found] if found is not None and is_on_roster(people, found.number) else []
        else:
            holders = holders_in(people, group)
        if not holders:
            raise ConfigFault(Text("名册上没有", "the roster has nobody of that class or number"))
        return [Letter(one, make_letter(people, one.number, now_ms)) for one in holders]


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
