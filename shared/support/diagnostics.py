"""`diagnostics`: shows what a bundle would hold, and writes it where it is told to; nothing is sent anywhere."""

import argparse
import os
import sys
from pathlib import Path

from shared.support.bundle import Bundle, assemble, zipped
from shared.support.gathering import Room, gather, known_secrets
from shared.support.sweeping import Sweep
from shared.words.columns import right
from shared.words.voice import Text

DONE, WRONG = 0, 1


def diagnostics(part: str, room: Room, doctor: object, chosen: argparse.Namespace) -> int:
    """The bundle of a part: shown, and written where that is wanted."""
    sweep = Sweep(known_secrets([room.root, room.campus]))
    items, left_out = gather(room, doctor)
    bundle = assemble(part, items, left_out, sweep)
    if chosen.show:
        return _show(bundle, chosen.show)
    sys.stdout.write("".join(f"{line}\n" for line in _preview(bundle, sweep)))
    if chosen.out is None:
        again = Text("只是预览；写出：再加 --out 文件", "this was a preview; to write it add --out FILE")
        sys.stdout.write(f"{again}\n")
        return DONE
    _write(chosen.out, zipped(bundle))
    written = Text(
        f"已写入 {chosen.out}，先看一遍再交给别人", f"written to {chosen.out}: look at it before you hand it on"
    )
    sys.stdout.write(f"{written}\n")
    return DONE


def room_of(data: Path, run: Path, journal: tuple[str, ...] = ()) -> Room:
    """Of a campus's data folder, as the parts' commands name it."""
    return Room(data.parent if data.name == "campus" else data, data, run, journal)


def _preview(bundle: Bundle, sweep: Sweep) -> list[str]:
    rows = [f"{right(f'{row.size:,}', 10)}  {row.name}{' …' if row.is_cut else ''}" for row in bundle.rows]
    dash = right("–", 10)
    out = [str(Text(f"{dash}  {name}：{why}", f"{dash}  {name}: {why}")) for name, why in bundle.left_out]
    total = Text(
        f"{len(rows)} 个文件，{bundle.size():,} 字节；已知机密写法 {sweep.known} 种，抹去 {sweep.taken} 处",
        f"{len(rows)} files, {bundle.size():,} octets; {sweep.known} spellings known to be secret, {sweep.taken} gone",
    )
    return [*rows, *out, str(total)]


def _show(bundle: Bundle, name: str) -> int:
    for item in bundle.items:
        if item.name == name:
            sys.stdout.write(item.text)
            return DONE
    sys.stderr.write(f"{Text(f'其中没有 {name}', f'there is no {name} in it')}\n")
    return WRONG


def _write(file: Path, raw: bytes) -> None:
    """New and its owner's alone; FileExistsError where there is one."""
    fd = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "wb") as out:
        out.write(raw)
