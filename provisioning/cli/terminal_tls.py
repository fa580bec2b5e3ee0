"""`provisioning terminal-tls`: TLS on the TCP links of a campus that was made before it, box by box.

`certificates` gives a box and its terminals new ones (a campus of now has them from the start); `on` lets terminals
call by TLS and, unless --terminals is said, the box take nothing else; `off` goes back. The pre-shared key needs no
file: both ends have K_term. Refuses a box without a TCP link. Whoever is changed reads it at its next start.
"""

import argparse
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from provisioning.campus.links import link_files
from provisioning.campus.settings import to_bytes
from provisioning.campus.standing import read_json
from provisioning.cli.arguments import Verbs, add_group, say
from provisioning.cli.beside import may_lie_open
from provisioning.custody.journal import alone_in, write_private
from provisioning.plan.plan import LinkKind
from shared.errors import ConfigFault
from shared.ids import DeviceId, device_id
from shared.input.command_line import Parser
from shared.input.data_folder import add_data
from shared.words.voice import Text

EDGE, TERMINAL, TERMINALS = "edge.json", "terminal.json", "terminals"


class _Box(NamedTuple):
    """A box's settings, and which bodies of it are on TCP, by name."""

    name: str
    file: Path
    raw: dict[str, Any]
    bodies: dict[str, DeviceId]


def add_to(verbs: Verbs) -> None:
    """Add the verb and its steps."""
    steps = add_group(verbs, "terminal-tls", Text("终端 TCP 链路的加密", "TLS on the TCP links of terminals"))
    certificates = steps.add_parser(
        "certificates", help=Text("重发网关与终端的链路证书", "new link certificates for a box and its terminals")
    )
    certificates.set_defaults(run=_certificates)
    on = steps.add_parser("on", help=Text("只收 TLS；先加 --terminals", "TLS alone; first with --terminals"))
    on.add_argument(
        "--terminals",
        action="store_true",
        help=Text("只改终端，网关暂时两样都收", "the terminals alone: their box takes both meanwhile"),
    )
    on.set_defaults(run=_on)
    off = steps.add_parser("off", help=Text("退回明文，各处有警示", "back to plain, with a warning everywhere"))
    off.set_defaults(run=_off)
    for step in (certificates, on, off):
        _add_box(step)
        may_lie_open(step)


def _add_box(parser: Parser) -> None:
    add_data(parser)
    parser.add_argument("--box", required=True, metavar="ID", help=Text("数据网关", "an edge box"))


def _certificates(chosen: argparse.Namespace) -> None:
    box = _box(chosen)
    now = datetime.fromtimestamp(time.time(), UTC)
    for file in link_files(box.name, box.bodies, now):
        write_private(chosen.data / file.path, file.body)
    many = len(box.bodies)
    _said(Text(f"{box.name}: 已备好 {many} 台终端的证书", f"{box.name}: certificates of {many} terminals are made"))


def _on(chosen: argparse.Namespace) -> None:
    box = _box(chosen)
    _change_terminals(chosen.data, box, is_plain=False)
    if chosen.terminals:
        _said(Text(f"{box.name}: 终端改用 TLS，网关两样都收", f"{box.name}: its terminals call by TLS, it takes both"))
        return
    _change_box(box, is_plain=False)
    _said(Text(f"{box.name}: 终端与网关只用 TLS", f"{box.name}: it and its terminals speak TLS alone"))


def _off(chosen: argparse.Namespace) -> None:
    """The box first: it takes both then."""
    box = _box(chosen)
    _change_box(box, is_plain=True)
    _change_terminals(chosen.data, box, is_plain=True)
    _said(Text(f"{box.name}: 终端改用明文", f"{box.name}: its terminals call in plain"))


def _said(what: Text) -> None:
    say(Text(f"{what.zh}；重启生效\n", f"{what.en}; restart them\n"))


def _box(chosen: argparse.Namespace) -> _Box:
    """ConfigFault when there is no such box, or none of its links is TCP."""
    file = chosen.data / "boxes" / chosen.box / EDGE
    if not file.is_file():
        raise ConfigFault(Text(f"{chosen.box}: 没有此数据网关", f"{chosen.box}: no such box"))
    raw = read_json(file)
    try:
        on_tcp = {link["name"] for link in raw["links"] if _is_tcp(link)}
        known = [one for one in raw["terminals"] if one["link"] in on_tcp] + raw.get("spares", [])
        bodies = {str(one["name"]): device_id(bytes.fromhex(one["device"])) for one in known}
    except (KeyError, TypeError, ValueError, AttributeError) as fault:
        raise ConfigFault(Text(f"{file}: 已损坏", f"{file}: is damaged")) from fault
    if not on_tcp:
        raise ConfigFault(Text(f"{chosen.box}: 没有 TCP 链路", f"{chosen.box}: has no TCP link"))
    there = {name: device for name, device in bodies.items() if (chosen.data / TERMINALS / name).is_dir()}
    return _Box(chosen.box, file, raw, there)


def _change_box(box: _Box, *, is_plain: bool) -> None:
    write_private(box.file, to_bytes({**box.raw, "links": [_changed(link, is_plain) for link in box.raw["links"]]}))


def _change_terminals(data: Path, box: _Box, *, is_plain: bool) -> None:
    with alone_in(data / TERMINALS):  # a new operator card is written into the same files
        for file in (data / TERMINALS / name / TERMINAL for name in box.bodies):
            raw = read_json(file)
            write_private(file, to_bytes({**raw, "link": _changed(raw["link"], is_plain)}))


def _changed(link: dict[str, Any], is_plain: bool) -> dict[str, Any]:
    return {**link, "plain": is_plain} if _is_tcp(link) else link


def _is_tcp(link: dict[str, Any]) -> bool:
    return bool(link["kind"] == LinkKind.TCP.value)
