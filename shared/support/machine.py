"""Checks of any machine that something of ours runs on: Python, clock, room, what is mounted, memory, the journal."""

import ctypes
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from shared.support.checks import Answer, Check, bad, care, good, unknown
from shared.support.files import writable_again
from shared.words.voice import Text

MIB = 1 << 20
PYTHON_LEAST, PYTHON_MOST = (3, 11), (3, 13)
"""The lock has wheels for these minors."""
FREE_BAD, FREE_CARE = 256 * MIB, 2048 * MIB
INODES_BAD, INODES_CARE = 2.0, 10.0
"""Percent left."""
EARLIEST_S = 1_780_000_000
"""2026-05: no clock of ours is right before."""
AHEAD_S = 3600
"""A file of ours that was written so far in the future was written by a wrong clock, or it is wrong now."""
FILES_MAX = 2_000
"""Files whose times are looked at."""
FLEETING = frozenset({"tmpfs", "ramfs", "overlay"})
"""What is kept there is gone with the power, or with the container."""
MEMORY_CARE_KIB = 64 * 1024
JOURNAL_CONF = (Path("/etc/systemd/journald.conf"), Path("/etc/systemd/journald.conf.d"))
JOURNAL_DAYS = 180
MOUNTS = Path("/proc/self/mountinfo")
_TIME_ERROR = 5
"""adjtimex: the clock is not synchronised."""


class Mount(NamedTuple):
    """One line of mountinfo."""

    point: str
    kind: str
    is_read_only: bool


def machine_checks(folder: Path) -> list[Check]:
    """Of the machine on which this folder lies."""
    return [
        Check("python", Text("Python 的版本能用吗？", "can this Python be used?"), _python),
        Check("clock", Text("时钟可信吗？", "can the clock be believed?"), lambda: _clock(folder)),
        Check("clock-synchronised", Text("时钟在对时吗？", "is the clock kept right?"), _synchronised),
        Check("disk-room", Text("磁盘还有地方吗？", "is there room on the disk?"), lambda: _room(folder)),
        Check("disk-inodes", Text("还能建文件吗？", "can files still be made?"), lambda: _inodes(folder)),
        Check("mounted", Text("数据在能写、断电不丢的盘上吗？", "do the data lie where they can be written and stay?"),
              lambda: _mounted(folder)),
        Check("memory", Text("内存够吗？", "is there memory?"), lambda: memory(Path("/proc/meminfo"))),
        Check("journal", Text("系统日志有上限、留得够久吗？", "is the journal bounded, and kept long enough?"),
              lambda: journal(JOURNAL_CONF)),
    ]  # fmt: skip


def _python() -> Iterator[Answer]:
    minor = sys.version_info[:2]
    said = ".".join(map(str, minor))
    if PYTHON_LEAST <= minor <= PYTHON_MOST:
        yield good(Text(f"Python {said}", f"Python {said}"))
        return
    yield bad(
        Text(f"Python {said}，本版本用 3.11 至 3.13", f"Python {said}, this release is for 3.11 to 3.13"),
        Text("装上 3.11 至 3.13 中的一个再重装本软件", "install one of 3.11 to 3.13, then this software again"),
    )


def _clock(folder: Path) -> Iterator[Answer]:
    now_s, newest_s = time.time(), _newest_s(folder)
    fix = Text(
        "对时：timedatectl set-ntp true，装 RTC 电池", "set it right: timedatectl set-ntp true; fit an RTC battery"
    )
    if now_s < EARLIEST_S:
        yield bad(Text("时钟停在过去", "the clock stands in the past"), fix)
    elif newest_s > now_s + AHEAD_S:
        hours = round((newest_s - now_s) / 3600)
        said = Text(
            f"有文件写于 {hours} 小时之后：时钟曾快过，或现在慢了",
            f"a file is of {hours} h from now: the clock was fast, or is slow",
        )
        yield bad(said, fix)
    else:
        at = time.strftime("%Y-%m-%d %H:%M:%S %z")
        yield good(Text(f"{at}，不早于数据", f"{at}, and no file is of later"))


def _newest_s(folder: Path) -> float:
    newest_s = 0.0
    for at, file in enumerate(_files(folder)):
        if at >= FILES_MAX:
            break
        newest_s = max(newest_s, file.stat().st_mtime)
    return newest_s


def _files(folder: Path) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _files(Path(entry.path))
            elif entry.is_file(follow_symlinks=False):
                yield entry


def _synchronised() -> Iterator[Answer]:
    asked = ctypes.create_string_buffer(512)  # struct timex, all 0: nothing is set
    state = ctypes.CDLL(None, use_errno=True).adjtimex(asked)
    if state < 0:
        yield unknown(Text("内核不答", "the kernel does not say"))
    elif state == _TIME_ERROR:
        yield care(
            Text("没有在对时", "nobody keeps it right"),
            Text("装 chrony 或启用 systemd-timesyncd：timedatectl set-ntp true", "install chrony, or enable "
                 "systemd-timesyncd: timedatectl set-ntp true"),
        )  # fmt: skip
    else:
        yield good(Text("在对时", "it is kept right"))


def _room(folder: Path) -> Iterator[Answer]:
    found = os.statvfs(_there(folder))
    free, said = found.f_bavail * found.f_frsize, f"{found.f_bavail * found.f_frsize // MIB:,} MiB"
    fix = Text(
        f"腾出地方：du -xh {folder} | sort -h | tail；删旧备份与旧日志",
        f"make room: du -xh {folder} | sort -h | tail; remove old backups and logs",
    )
    left = Text(f"还剩 {said}", f"{said} left")
    if free < FREE_BAD:
        yield bad(left, fix)
    elif free < FREE_CARE:
        yield care(left, fix)
    else:
        yield good(left)


def _inodes(folder: Path) -> Iterator[Answer]:
    found = os.statvfs(_there(folder))
    if not found.f_files:
        yield good(Text("此文件系统不限文件数", "this file system does not count them"))
        return
    left = 100 * found.f_favail / found.f_files
    said = Text(f"还剩 {left:.0f} %", f"{left:.0f} % left")
    fix = Text("删去成堆的小文件：df -i 看是哪个盘", "remove heaps of small files: df -i says on which disk")
    if left < INODES_BAD:
        yield bad(said, fix)
    elif left < INODES_CARE:
        yield care(said, fix)
    else:
        yield good(said)


def _there(folder: Path) -> Path:
    """The folder, or the nearest above it that is there."""
    return next((one for one in (folder, *folder.parents) if one.exists()), Path("/"))


def _mounted(folder: Path) -> Iterator[Answer]:
    mount = mount_of(folder.resolve(), mounts(MOUNTS.read_text(encoding="utf-8")))
    if mount is None:
        yield unknown(Text("看不出在哪个盘上", "it cannot be told on which disk it lies"))
        return
    where = f"{mount.point} ({mount.kind})"
    if mount.is_read_only:
        yield bad(
            Text(f"{where} 是只读的", f"{where} is mounted read-only"),
            writable_again(mount.point),
        )
    elif mount.kind in FLEETING:
        yield care(
            Text(f"{where} 断电或重建容器即丢失", f"what is on {where} goes with the power, or with the container"),
            Text("把数据目录放到数据分区或绑定的目录上", "put the data folder on the data partition, or on a folder "
                 "that is bound in"),
        )  # fmt: skip
    else:
        yield good(Text(f"在 {where}，可写", f"on {where}, which can be written"))


def mounts(text: str) -> list[Mount]:
    """Of mountinfo's text; a line that is none is passed over."""
    return [found for line in text.splitlines() if (found := _mount(line)) is not None]


def _mount(line: str) -> Mount | None:
    before, dash, after = line.partition(" - ")
    fields, last = before.split(), after.split()
    if not dash or len(fields) < 6 or len(last) < 3:
        return None
    options = {*fields[5].split(","), *last[2].split(",")}
    return Mount(fields[4].replace("\\040", " "), last[0], "ro" in options)


def mount_of(folder: Path, found: list[Mount]) -> Mount | None:
    """The one on which the folder lies: the deepest above it, the last of several at one place."""
    above = [one for one in found if folder.is_relative_to(one.point)]
    return max(enumerate(above), key=lambda one: (len(one[1].point), one[0]))[1] if above else None


def memory(meminfo: Path) -> Iterator[Answer]:
    """What can still be had."""
    lines = (line.partition(":") for line in meminfo.read_text(encoding="ascii").splitlines())
    free = {name: int(rest.split()[0]) for name, _, rest in lines}["MemAvailable"]
    said = Text(f"还有 {free // 1024:,} MiB", f"{free // 1024:,} MiB can be had")
    if free < MEMORY_CARE_KIB:
        yield care(said, Text("看谁占得多：ps aux --sort -rss | head", "see who has it: ps aux --sort -rss | head"))
    else:
        yield good(said)


CONTAINER_MARKS = (Path("/.dockerenv"), Path("/run/.containerenv"))


def journal(places: tuple[Path, ...], marks: tuple[Path, ...] = CONTAINER_MARKS) -> Iterator[Answer]:
    """journald.conf and what is beside it; where there is no journald, nobody knows where logs go."""
    files = [file for place in places for file in ([place] if place.is_file() else sorted(place.glob("*.conf")))]
    if any(mark.exists() for mark in marks):
        yield good(
            Text(
                "容器的引擎收着日志，上限见 compose.yaml",
                "the engine of the container keeps it, bounded by compose.yaml",
            )
        )
        return
    if not files:
        yield unknown(Text("本机没有 journald 的设置", "there are no settings of a journald here"))
        return
    said = settings_of("\n".join(file.read_text(encoding="utf-8", errors="replace") for file in files))
    missing = [name for name in ("SystemMaxUse", "MaxRetentionSec") if not said.get(name)]
    if missing or said.get("Storage") in ("volatile", "none"):
        what = ", ".join([*missing, *(["Storage=persistent"] if said.get("Storage") in ("volatile", "none") else [])])
        yield care(
            Text(f"没有写明：{what}", f"not said: {what}"),
            Text("装上随网关软件的 journald 设置（上限 64 MiB，留 200 天）", "install the journald settings that come "
                 "with the box's package (64 MiB at most, 200 days)"),
        )  # fmt: skip
    else:
        use, keep = said["SystemMaxUse"], said["MaxRetentionSec"]
        yield good(Text(f"上限 {use}，留 {keep}", f"{use} at most, kept {keep}"))


def settings_of(text: str) -> dict[str, str]:
    """NAME=VALUE lines; the last of a name counts."""
    lines = (line.partition("=") for line in text.splitlines() if not line.lstrip().startswith(("#", ";", "[")))
    return {name.strip(): value.strip() for name, equals, value in lines if equals}
