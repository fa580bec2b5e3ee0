"""What the kernel says of a box's lines: is the interface or port there, is the bus up, what has it counted."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from edge.settings import LinkKind, LinkSetting
from shared.support.checks import Answer, bad, care, good, unknown
from shared.words.voice import Text

NETWORKS = Path("/sys/class/net")
BUS_ERRORS_CARE = 1_000
_UP = 1
"""Of an interface's flags."""


def link_answers(links: Iterable[LinkSetting], networks: Path = NETWORKS) -> Iterator[Answer]:
    """Of each; a TCP link has no wire of its own."""
    wired = [link for link in links if link.kind is not LinkKind.TCP]
    if not wired:
        yield good(Text("只有 TCP 终端", "it has TCP terminals alone"))
    for link in wired:
        if link.kind is LinkKind.CAN:
            yield can_answer(link, networks / link.name)
        else:
            yield _serial(link)


def can_answer(link: LinkSetting, interface: Path) -> Answer:
    """As sysfs has it."""
    if not interface.exists():
        return unknown(
            Text("本机没有这个 CAN 接口", "there is no such CAN interface here"),
            Text(
                "插上 USB-CAN，名称用 .link 固定；模拟总线无须理会",
                "plug the USB-CAN in and fix its name by .link; a simulated bus has none",
            ),
            link.name,
        )
    if not int((interface / "flags").read_text(encoding="ascii"), 16) & _UP:
        return bad(
            Text("接口没有启用", "the interface is down"),
            Text(f"systemctl start openykt-can@{link.name}", f"systemctl start openykt-can@{link.name}"),
            link.name,
        )
    errors = sum(_count(interface / "statistics" / name) for name in ("rx_errors", "tx_errors"))
    said = Text(f"启用，错误累计 {errors}", f"up, {errors} errors so far")
    if errors >= BUS_ERRORS_CARE:
        fix = Text(
            f"量终端电阻（60 Ω）、屏蔽与支线：openykt edge commission --link {link.name}",
            f"measure the termination (60 Ω), see to shield and stubs: openykt edge commission --link {link.name}",
        )
        return care(said, fix, link.name)
    return good(said, link.name)


def _count(file: Path) -> int:
    return int(file.read_text(encoding="ascii")) if file.exists() else 0


def _serial(link: LinkSetting) -> Answer:
    ports = [path for pattern in ("ttyUSB*", "ttyACM*", "openykt/line-*") for path in Path("/dev").glob(pattern)]
    if not ports:
        return unknown(
            Text("本机没有 USB 串口", "there is no USB serial port here"),
            Text("插上转换器；模拟线路无须理会", "plug the converter in; a simulated line has none"),
            link.name,
        )
    closed = [port for port in ports if not os.access(port, os.R_OK | os.W_OK)]
    if closed:
        return bad(
            Text(f"{closed[0]} 不能读写", f"{closed[0]} cannot be read and written"),
            Text(
                "以 openykt 用户（组 dialout）运行；装上随包的 udev 规则",
                "run as the user openykt (group dialout); install the udev rules of the package",
            ),
            link.name,
        )
    return good(Text(f"{len(ports)} 个串口可用", f"{len(ports)} serial ports can be used"), link.name)
