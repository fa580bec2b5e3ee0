"""`cloud people letters`: for each holder of a class a letter with his code, for the class teacher to hand out.

The file is the only place that has the codes: its owner's alone, never over another file. The new codes count, and the
old ones do not, before it is written; cut between the two, the same command again makes others.
"""

import argparse
import sys
import time
from contextlib import closing
from pathlib import Path

from cloud.process.settings import FOLDER, load_settings
from cloud.process.whole_file import write_whole
from cloud.wallet.back.opening import open_people
from cloud.wallet.people.records.letters import LETTER_MS
from cloud.wallet.people.records.printed import made_letters, page, table
from cloud.wallet.settings import DEMONSTRATION, FILE, Binding, read_wallet
from shared.clocks.campus_clock import WALL
from shared.clocks.clock import day_number, day_text
from shared.errors import ConfigFault
from shared.words.refused import why_not
from shared.words.voice import Text

PAGE = (".html", ".htm")
def write_letters(chosen: argparse.Namespace) -> int:
    """--class NAME, or --number N for one; --out FILE: .html is printed, any other is CSV. ConfigFault."""
    if chosen.out is None or not (chosen.group or chosen.number):
        raise ConfigFault(Text("需要 --out，以及 --class 或 --number", "--out, and --class or --number are needed"))
    settings, now_s = load_settings(chosen.data), time.time()
    _require_place(chosen.out)
    wallet = read_wallet(settings.data / FOLDER)
    address = chosen.address or wallet.address or DEMONSTRATION
    with closing(open_people(settings.data)) as people:
        made = made_letters(people, chosen.group or "", chosen.number or "", int(now_s * 1000))
    until = day_text(day_number(WALL.at(now_s + LETTER_MS / 1000)))
    told = page if chosen.out.suffix.lower() in PAGE else table
    try:
        write_whole(chosen.out, told(made, settings.name, until, address))
    except OSError as fault:
        why = why_not(fault)
        raise ConfigFault(
            Text(f"{chosen.out}: 未写出，旧信已作废，请重做：{why.zh}",
                 f"{chosen.out}: not written, and the old letters are dead: do it again: {why.en}")
        ) from fault  # fmt: skip
    done = Text(
        f"激活信 {len(made)} 封，有效至 {until}，网址写作 {address}",
        f"{len(made)} letters, good until {until}, naming {address}",
    )
    sys.stdout.write(f"{done}\n")
    if wallet.binding is not Binding.LETTER:
        said = Text(
            f"学校现在仍按出生日期绑定：{FILE} 里写 binding = \"letter\"，重启 accounts 后激活码才算数",
            f"the school still binds by birth: the codes count once {FILE} says binding = \"letter\" and accounts was "
            "started anew",
        )  # fmt: skip
        sys.stdout.write(f"{said}\n")
    return 0


def _require_place(out: Path) -> None:
    if out.exists():
        raise ConfigFault(Text(f"{out}: 已存在", f"{out}: is there already"))
    if not out.parent.is_dir():
        raise ConfigFault(Text(f"{out.parent}: 没有此文件夹", f"{out.parent}: no such folder"))
