"""`cloud people` of what the school says of somebody: who keeps which stall, and what it answers to a dispute.

Written beside the running accounts service, as by_command.py.
"""

import argparse
import json
import sys
import time
from contextlib import closing
from datetime import UTC, datetime

from cloud.ledger.books.chart import AccountKind
from cloud.payments.disputes.rows import WAYS, answer, open_disputes
from cloud.process.settings import load_settings
from cloud.store.db import Database, open_database
from cloud.wallet.back.money.receipts import checked
from cloud.wallet.back.opening import open_people
from cloud.wallet.people.persons import Person, add_person, person_with_phone
from cloud.wallet.people.records.stalls import bind_stall, end_stall, keepers
from shared.errors import ConfigFault
from shared.words.voice import Text

RECEIPT_MAX = 64 * 1024
"""Characters of one."""


def disputes(chosen: argparse.Namespace) -> int:
    """What holders and guardians dispute and nobody has answered, oldest first; one a line."""
    with closing(open_people(load_settings(chosen.data).data)) as people, people.reading():
        found = open_disputes(people)
    for one in found:
        entry = Text("分录", "entry")
        sys.stdout.write(f"{one.id}  {_moment(one.at_ms)}  {one.holder}  {entry} {one.entry}  {one.why}\n")
    if not found:
        sys.stdout.write(f"{Text('没有未答复的异议', 'no dispute is open')}\n")
    return 0


def answered(chosen: argparse.Namespace) -> int:
    """--dispute N --word TEXT --way WAY --who NAME: it is closed, and its holder hears of it."""
    if not chosen.dispute or not chosen.word or not chosen.who:
        raise ConfigFault(Text("需要 --dispute、--word、--who", "--dispute, --word and --who are needed"))
    with closing(open_people(load_settings(chosen.data).data)) as people, people.writing():
        answer(people, chosen.dispute, chosen.way, chosen.word, chosen.who, _now_ms())
    done = Text(f"已答复；办理：{WAYS[chosen.way].zh}", f"answered; how: {WAYS[chosen.way].en}")
    sys.stdout.write(f"{done}\n")
    return 0


def receipt(chosen: argparse.Namespace) -> int:
    """--file FILE, as the wallet has given it out: what of it the books say, too; 1: not all."""
    if chosen.file is None:
        raise ConfigFault(Text("需要 --file", "--file is needed"))
    try:
        shown = json.loads(chosen.file.read_text(encoding="utf-8")[:RECEIPT_MAX])
    except (OSError, ValueError, RecursionError) as fault:
        raise ConfigFault(Text(f"{chosen.file}: 无法读取", f"{chosen.file}: cannot be read")) from fault
    if not isinstance(shown, dict):
        raise ConfigFault(Text(f"{chosen.file}: 不是凭证", f"{chosen.file}: is no receipt"))
    with closing(open_database(load_settings(chosen.data).dsn(chosen.dsn))) as db, db.reading():
        found = list(checked(db, shown))
    yes, no = Text("与账本一致", "as the books say"), Text("不一致", "not as the books say")
    for what, is_so in found:
        sys.stdout.write(f"{what}{Text('：', ': ')}{yes if is_so else no}\n")
    return 0 if all(is_so for _, is_so in found) else 1


def stall(chosen: argparse.Namespace) -> int:
    """--phone P --merchant M --who NAME binds, with --end takes back; without them: who keeps which."""
    settings = load_settings(chosen.data)
    with closing(open_people(settings.data)) as people:
        if not chosen.phone:
            return _list(people)
        if not chosen.merchant or not chosen.who:
            raise ConfigFault(Text("需要 --merchant 与 --who", "--merchant and --who are needed"))
        if chosen.end:
            return _end(people, chosen)
        _require_merchant(settings.dsn(chosen.dsn), chosen.merchant)
        with people.writing():
            person = _keeper(people, chosen)
            bind_stall(people, person.id, chosen.merchant, chosen.who, _now_ms())
    said = Text("已绑定；登录用 people link --phone", "bound; people link --phone makes a sign-in link")
    sys.stdout.write(f"{chosen.merchant}  {said}\n")
    return 0


def _list(people: Database) -> int:
    with people.reading():
        found = keepers(people)
    for one in found:
        sys.stdout.write(f"{one.merchant}  {one.name}  {one.phone}  {_moment(one.from_ms)}  {one.who}\n")
    if not found:
        sys.stdout.write(f"{Text('还没有绑定档口经营户', 'no stall keeper is bound')}\n")
    return 0


def _end(people: Database, chosen: argparse.Namespace) -> int:
    with people.writing():
        person = person_with_phone(people, chosen.phone)
        if person is None or not end_stall(people, person.id, chosen.merchant, chosen.who, _now_ms()):
            raise ConfigFault(Text("此人没有经营该档口", "he does not keep that stall"))
    sys.stdout.write(f"{Text('已解除，下一次访问起无权查看', 'taken back: from his next call on he sees nothing')}\n")
    return 0


def _keeper(people: Database, chosen: argparse.Namespace) -> Person:
    known = person_with_phone(people, chosen.phone)
    return known or add_person(people, chosen.phone, chosen.name or "", "", _now_ms())


def _require_merchant(dsn: str, merchant: str) -> None:
    with closing(open_database(dsn)) as db, db.reading():
        sql = "SELECT 1 FROM account WHERE code = ? AND kind = ?"
        if not db.run(sql, (f"merchant:{merchant}", str(AccountKind.MERCHANT))):
            raise ConfigFault(Text(f"没有商户 {merchant}", f"no such merchant: {merchant}"))


def _moment(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="minutes")


def _now_ms() -> int:
    return int(time.time() * 1000)
