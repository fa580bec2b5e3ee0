"""`cloud people`: the school's roster into the file of people, and a one-time link for somebody at the desk.

Both are written beside the running accounts service. Whoever may write that file may do this: it is the right it takes.
"""

import argparse
import sys
import time
from contextlib import closing

from cloud.process.settings import FOLDER, load_settings
from cloud.wallet.back.opening import open_people
from cloud.wallet.people.persons import add_person, bind_guardian, person_with_holder, person_with_phone
from cloud.wallet.people.roster import classes_taught, holder_of, name_on_roster, take_roster, wards_of
from cloud.wallet.people.roster_file import read_roster, read_teachers
from cloud.wallet.people.sessions import make_link
from cloud.wallet.settings import DEMONSTRATION, read_wallet
from shared.errors import ConfigFault
from shared.words.voice import Text


def take(chosen: argparse.Namespace) -> int:
    """The newest roster in the place of the one before."""
    if chosen.file is None:
        raise ConfigFault(Text("需要 --file", "--file is needed"))
    try:
        raw = chosen.file.read_text(encoding="utf-8")
    except (OSError, ValueError) as fault:
        raise ConfigFault(Text(f"{chosen.file}: 无法读取", f"{chosen.file}: cannot be read")) from fault
    holders, guardians = read_roster(raw)
    with closing(open_people(load_settings(chosen.data).data)) as people, people.writing():
        take_roster(people, holders, guardians, read_teachers(raw))
    count = f"{len(holders)} + {len(guardians)}"
    sys.stdout.write(f"{Text('名册已导入（持卡人 + 监护人）：', 'roster taken (holders + guardians): ')}{count}\n")
    return 0


def link(chosen: argparse.Namespace) -> int:
    """For the holder with --number, the guardian or class teacher with --phone, who stands at the desk and has shown
    who he is."""
    now_ms, settings = int(time.time() * 1000), load_settings(chosen.data)
    address = chosen.address or read_wallet(settings.data / FOLDER).address or DEMONSTRATION
    with closing(open_people(settings.data)) as people, people.writing():
        if chosen.phone:
            wards = wards_of(people, chosen.phone)
            person = person_with_phone(people, chosen.phone)
            if person is None and (wards or classes_taught(people, chosen.phone)):
                person = add_person(people, chosen.phone, name_on_roster(people, chosen.phone), "", now_ms)
            for ward in wards if person else ():
                bind_guardian(people, person.id if person else 0, ward, now_ms)
        else:
            holder = holder_of(people, chosen.number or "")
            person = person_with_holder(people, chosen.number or "")
            if person is None and holder is not None:
                person = add_person(people, "", holder.name, holder.number, now_ms)
        if person is None:
            raise ConfigFault(Text("名册上没有", "the roster has nobody of that number or phone"))
        token = make_link(people, person.id, now_ms)
    said = Text("登录链接（24 小时内用一次）：", "sign-in link, to be used once within 24 hours: ")
    sys.stdout.write(f"{said}{address.rstrip('/')}/#link={token}\n")
    return 0
