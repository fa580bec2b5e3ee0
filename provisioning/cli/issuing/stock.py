"""`provisioning stock …` 空白卡库存: bodies come in, are counted and spoiled; the transport key that they answer to."""

import argparse
import os
import sys
from pathlib import Path

from provisioning.cli.arguments import Verbs, add_group, add_store, add_who, now_s, say, vault_of
from provisioning.cli.beside import may_lie_open
from provisioning.custody.chain import Act, Event, check_value, name_of
from provisioning.custody.journal import read_private
from provisioning.custody.vault import Vault, merged
from provisioning.issue import bodies as body_file
from provisioning.issue.campus_facts import read_campus
from provisioning.issue.files import FOLDER, Batches
from provisioning.issue.production import Span
from provisioning.issue.sheet import stock_text
from provisioning.keys import components
from provisioning.keys.store import KeyKind, KeyStore, Level, StoredKey
from shared.errors import ConfigFault
from shared.purse.cos.images import blank_card_image
from shared.words.voice import Text

BLANKS = "blanks"
TRANSPORT_VERSION = 1
VIRTUAL_MAX = 100_000


def add_to(verbs: Verbs) -> None:
    """Add the verb and its steps."""
    steps = add_group(verbs, "stock", Text("空白卡库存", "the stock of blank cards"))
    receive = steps.add_parser("receive", help=Text("按号段入库", "a range of bodies comes in"))
    receive.add_argument("--first", type=int, required=True, help=Text("起号", "first number"))
    receive.add_argument("--count", type=int, required=True, help=Text("张数", "how many"))
    receive.add_argument("--virtual", action="store_true", help=Text("同时造虚拟空白卡", "make software bodies, too"))
    receive.set_defaults(run=_receive)
    spoil = steps.add_parser("spoil", help=Text("库内报废", "a body in the stock is waste"))
    spoil.add_argument("--blank", type=int, required=True, help=Text("哪一号", "which number"))
    spoil.add_argument("--reason", required=True, help=Text("缘由", "why"))
    spoil.set_defaults(run=_spoil)
    count = steps.add_parser("count", help=Text("盘点", "enter what somebody counted"))
    count.add_argument("--left", type=int, required=True, help=Text("实点张数", "how many were counted"))
    count.set_defaults(run=_count)
    transport = steps.add_parser(
        "transport", help=Text("录入传输密钥（二人分量）", "take the transport key in from two components")
    )
    transport.add_argument(
        "--sheet",
        type=Path,
        action="append",
        required=True,
        help=Text("分量单（600），给两次", "sheet of components (600), given twice"),
    )
    transport.set_defaults(run=_transport)
    sheet = steps.add_parser("sheet", help=Text("库存表", "the stock's sum"))
    sheet.set_defaults(run=_sheet)
    may_lie_open(sheet)
    for step in (receive, spoil, count, transport, sheet):
        add_store(step)
    for step in (receive, spoil, count, transport):
        add_who(step)


def batches(chosen: argparse.Namespace) -> Batches:
    """The issuing office that --data names."""
    return Batches(chosen.data, vault_of(chosen), lambda: read_campus(chosen.data).next_card, now_s)


def school_store(vault: Vault) -> KeyStore:
    """The school's masters; ConfigFault when there is no store."""
    school = vault.read(Level.SCHOOL)
    if school is None:
        raise ConfigFault(Text("没有学校密钥库", "there is no store of the school"))
    return school


def _receive(chosen: argparse.Namespace) -> None:
    if not 1 <= chosen.count <= VIRTUAL_MAX:
        raise ConfigFault(f"--count: 1..{VIRTUAL_MAX}")
    blanks = Span(chosen.first, chosen.first + chosen.count - 1)
    office = batches(chosen)
    if chosen.virtual:
        image = _virtual_image(office.vault)
        numbers = range(blanks.first, blanks.last + 1)
        sheet = office.receive(
            blanks, chosen.who, lambda: body_file.new_bodies(chosen.data / FOLDER / BLANKS, numbers, image)
        )
    else:
        sheet = office.receive(blanks, chosen.who)
    sys.stdout.write(stock_text(sheet))


def _virtual_image(vault: Vault) -> bytes:
    """A blank that answers to the school's transport key; for a virtual campus one is drawn when there is none."""
    school = school_store(vault)
    if not school.versions(KeyKind.TRANSPORT):
        _put_transport(vault, os.urandom(components.SIZE), "")
        school = school_store(vault)
    return blank_card_image(school.one(KeyKind.TRANSPORT, TRANSPORT_VERSION).card_key(KeyKind.TRANSPORT))


def _spoil(chosen: argparse.Namespace) -> None:
    sys.stdout.write(stock_text(batches(chosen).spoil(chosen.blank, chosen.who, chosen.reason)))


def _count(chosen: argparse.Namespace) -> int:
    difference = batches(chosen).count(chosen.left, chosen.who)
    say(Text(f"盘点差：{difference}\n", f"difference: {difference}\n"))
    return 1 if difference else 0


def _sheet(chosen: argparse.Namespace) -> int:
    stock = batches(chosen).office().sheet()
    sys.stdout.write(stock_text(stock))
    return 1 if stock.difference else 0


def _transport(chosen: argparse.Namespace) -> None:
    kinds = (KeyKind.TRANSPORT,)
    texts = [read_private(path).decode("ascii", "replace") for path in chosen.sheet]
    parts = [component.octets for text in texts for component in components.parse_sheet(text, kinds)]
    check = _put_transport(vault_of(chosen), components.joined(parts), chosen.who)
    say(Text(f"传输密钥：KCV {check.hex().upper()}\n", f"transport key: KCV {check.hex().upper()}\n"))


def _put_transport(vault: Vault, octets: bytes, who: str) -> bytes:
    school = school_store(vault)
    key = StoredKey(KeyKind.TRANSPORT, TRANSPORT_VERSION, octets)
    merged(school, [key])
    check = check_value(key)
    told = Event(now_s(), Act.IMPORTED, Level.SCHOOL, key.kind, key.version, check, name_of(who))
    vault.record([told])
    vault.add(Level.SCHOOL, school.campus, [key])
    return check
