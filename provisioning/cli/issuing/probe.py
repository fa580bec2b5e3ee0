"""`provisioning card probe`: sample bodies tried at a reader before a school orders, and the sheet of the delivery.

Reads alone; with --write each blank becomes a card of keys that nobody keeps, and is waste. Exit code 1: do not order.
"""

import argparse
import os
import time
from pathlib import Path

from provisioning.cli.arguments import Verbs, now_s, say
from provisioning.cli.issuing.desk import add_reader, opened_desk
from provisioning.custody.journal import read_private, write_private
from provisioning.issue.feeding import Hand, NobodyCame
from provisioning.issue.probing.asking import ask, looks_blank
from provisioning.issue.probing.sheet import Probed, body_lines, passes, sum_lines, to_json
from provisioning.issue.probing.trial import Trial, not_tried
from provisioning.issue.reader import DeskReader, Laid
from provisioning.keys import components
from provisioning.keys.store import KeyKind
from shared.errors import ConfigFault
from shared.purse.crypto import Key
from shared.words.voice import Text

COUNT, COUNT_MAX = 10, 100
_ABOUT = Text(
    "订货前试样卡：ATR、速率、应用、文件、随机数、算法、次数、耗时、断电。只读；--write 才写，只写空白卡，写后报废。",
    "Sample bodies before an order: ATR, rate, applications, files, challenges, algorithm, tries, timings, power cuts. "
    "It reads alone; --write writes, to blanks alone, which are waste then.",
)


def add_to(steps: Verbs) -> None:
    """Add the step to the verb `card`."""
    probe = steps.add_parser(
        "probe", help=Text("试样卡，订货之前", "try sample bodies before an order"), description=_ABOUT
    )
    add_reader(probe)
    probe.add_argument("--count", type=int, default=COUNT, help=Text(f"几张（{COUNT}）", f"how many bodies ({COUNT})"))
    probe.add_argument("--out", type=Path, metavar="FILE", help=Text("合格单另存为 JSON", "the sheet as JSON"))
    probe.add_argument(
        "--write",
        action="store_true",
        help=Text("写卡试验：只写空白卡，写后报废", "a trial write, of blanks alone: waste then"),
    )
    probe.add_argument(
        "--sheet", type=Path, action="append", default=[],
        help=Text("传输密钥分量单（600），给两次，随 --write", "sheet of the transport key's components, twice"),
    )  # fmt: skip
    probe.set_defaults(run=_probe)


def _probe(chosen: argparse.Namespace) -> int:
    if chosen.reader is None:
        raise ConfigFault(Text("缺少 --reader", "--reader is missing"))
    if not 1 <= chosen.count <= COUNT_MAX:
        raise ConfigFault(f"--count: 1..{COUNT_MAX}")
    transport = _transport(chosen) if chosen.write else None
    bodies: list[Probed] = []
    with opened_desk(chosen) as (desk, hand):
        while len(bodies) < chosen.count:
            one = _next(desk, hand, len(bodies) + 1, transport)
            if one is None:
                break
            bodies.append(one)
            say(Text(f"样卡 {one.number}\n", f"sample {one.number}\n"))
            for line in body_lines(one):
                say(Text(f"{line.zh}\n", f"{line.en}\n"))
    for line in sum_lines(bodies, chosen.count):
        say(Text(f"{line.zh}\n", f"{line.en}\n"))
    if chosen.out is not None:
        write_private(chosen.out, to_json(bodies, chosen.count, now_s()))
    return 0 if passes(bodies, chosen.count) else 1


def _next(desk: DeskReader, hand: Hand, number: int, transport: Key | None) -> Probed | None:
    """None when nobody comes any more."""
    try:
        laid = hand.laid(Text(f"放上样卡 {number}", f"lay sample {number}"))
    except NobodyCame:
        return None
    return _probed(desk, laid, number, transport)


def _probed(desk: DeskReader, laid: Laid, number: int, transport: Key | None) -> Probed:
    def power() -> bool:
        desk.free()
        return desk.lay() is not None

    found = ask(desk, laid.atr, power, time.monotonic)
    if transport is not None and looks_blank(found):
        power()
        found += Trial(desk, power, time.monotonic, transport, os.urandom, now_s()).run()
    else:
        found += not_tried()
    return Probed(number, laid.atr, tuple(found))


def _transport(chosen: argparse.Namespace) -> Key:
    """From the two parts as they came; nothing of it is kept."""
    texts = [read_private(path).decode("ascii", "replace") for path in chosen.sheet]
    parts = [part.octets for text in texts for part in components.parse_sheet(text, (KeyKind.TRANSPORT,))]
    return Key(components.joined(parts))
