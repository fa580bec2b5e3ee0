"""Activation letters 激活信 of a class, or of one holder, made as `./ykt cloud people letters` makes them.

The codes stand in the file that is sent and nowhere else; those of before are dead by then. Without an address of the
wallet (wallet.toml) there are none: a letter that names no place is of no use.
"""

import time
from contextlib import closing
from pathlib import Path

from flask import render_template, request, url_for
from werkzeug.wrappers import Response

from cloud.console.access.rights import Right
from cloud.console.frame.page import Menu, Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.frame.told import tell
from cloud.process.settings import FOLDER, PEOPLE_FILE
from cloud.store.db import open_database
from cloud.wallet.people.records.letters import LETTER_MS
from cloud.wallet.people.records.printed import Letter, made_letters, page, table
from cloud.wallet.people.roster import classes_here
from cloud.wallet.people.schema import make_tables
from cloud.wallet.settings import Binding, WalletSettings, read_wallet
from shared.clocks.campus_clock import WALL
from shared.clocks.clock import day_number, day_text
from shared.errors import ConfigFault
from shared.words.voice import Text

TEXT_MAX = 64
KINDS = {"html": "text/html; charset=utf-8", "csv": "text/csv; charset=utf-8"}
_NO_WALLET = Text("这里没有钱包", "there is no wallet here")
_NO_ADDRESS = Text(
    "钱包网址未设：wallet.toml 写 address = \"https://…\"", "wallet.toml does not say the wallet's address yet"
)
_NOBODY = Text("写班级或学号", "say a class, or a number")


def _letters(sources: Sources) -> Reply:
    folder = sources.settings.data / FOLDER
    classes: list[str] = []
    if (folder / PEOPLE_FILE).exists():
        with closing(open_database(str(folder / PEOPLE_FILE))) as people:
            make_tables(people)
            with people.reading():
                classes = classes_here(people)
    wallet, fault = _chosen(folder)
    by_letter = wallet.binding is Binding.LETTER
    return render_template(
        "people/letters.html", classes=classes, address=wallet.address, fault=fault, by_letter=by_letter, most=TEXT_MAX
    )  # fmt: skip


def _chosen(folder: Path) -> tuple[WalletSettings, Text | str]:
    """And why not, where the file is wrong."""
    try:
        return read_wallet(folder), ""
    except ConfigFault as fault:
        return WalletSettings(), fault.args[0]


def _print(sources: Sources) -> Reply:
    group, number = (request.form.get(name, "").strip()[:TEXT_MAX] for name in ("group", "number"))
    kind, now_s = request.form.get("kind", ""), time.time()
    try:
        found, address = _made(sources.settings.data / FOLDER, group, number, int(now_s * 1000))
    except ConfigFault as refused:
        return render_template("fault.html", fault=refused.args[0], back=url_for("letters")), 409
    count, whose = len(found), f"card-number:{number}" if number else f"class:{group}"
    tell(whose, Text(f"打印激活信 {count} 封，旧信作废", f"made {count} activation letters; the old ones are dead"))
    until = day_text(day_number(WALL.at(now_s + LETTER_MS / 1000)))
    kind = kind if kind in KINDS else "html"
    body = (page if kind == "html" else table)(found, sources.settings.name, until, address)
    answer = Response(body, content_type=KINDS[kind])
    answer.headers["Content-Disposition"] = f'attachment; filename="letters.{kind}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _made(folder: Path, group: str, number: str, now_ms: int) -> tuple[list[Letter], str]:
    """Letters, and the address that they name. ConfigFault."""
    address = read_wallet(folder).address
    if not address:
        raise ConfigFault(_NO_ADDRESS)
    if not group and not number:
        raise ConfigFault(_NOBODY)
    if not (folder / PEOPLE_FILE).exists():
        raise ConfigFault(_NO_WALLET)
    with closing(open_database(str(folder / PEOPLE_FILE))) as people:
        make_tables(people)
        return made_letters(people, group, number, now_ms), address


PAGES = (
    Page("letters", "/letters", Right.ISSUE, _letters, Menu.CARDS, whole=True),
    Page("print_letters", "/letters", Right.ISSUE, _print, writes=True, whole=True),
)
