"""DATA/cloud/docking.toml: what is docked beyond what the command line says; without the file nothing is.

`[http]` where POSTs are taken; `[node]` makes us an edge node at somebody's broker, and is off unless it is there.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from cloud.watch.docking.sparkplug.topics import Source, is_id
from shared.errors import ConfigFault
from shared.input.endpoint import host_port
from shared.input.section import Section
from shared.words.voice import Text

FILE = "docking.toml"
NODE = "openykt"


@dataclass(frozen=True, slots=True)
class NodePlan:
    """Ourselves as an edge node. broker None: the one that strangers dock at. login, ca: files; empty: none."""

    source: Source
    primary_host: str = ""
    broker: tuple[str, int] | None = None
    login: str = ""
    ca: str = ""


@dataclass(frozen=True, slots=True)
class DockingSettings:
    """All of it. host: our id as a host application; http: where POSTs are taken, None: nowhere."""

    host: str
    http: tuple[str, int] | None = None
    node: NodePlan | None = None


def read_settings(folder: Path, campus: int) -> DockingSettings:
    """ConfigFault: the file is wrong."""
    try:
        raw = tomllib.loads((folder / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raw = {}
    except ValueError as fault:
        raise ConfigFault(Text(f"{FILE}: 不是 TOML", f"{FILE}: not TOML")) from fault
    top = Section(raw, file=FILE)
    host = _id(top, "host", f"openykt-{campus}")
    http, node = top.optional_section("http"), top.optional_section("node")
    top.done()
    return DockingSettings(host, _http(http) if http else None, _node(node) if node else None)


def _http(one: Section) -> tuple[str, int]:
    found = host_port(one.take("listen", str), one.name("listen"))
    one.done()
    return found


def _node(one: Section) -> NodePlan:
    broker, login, ca = one.take("broker", str, ""), one.take("login", str, ""), one.take("ca", str, "")
    source = Source(_id(one, "group"), _id(one, "node", NODE))
    primary = _id(one, "primary_host") if one.has("primary_host") else ""
    one.done()
    if login and not broker:
        raise ConfigFault(f"{one.name('login')}: {Text('须有 broker', 'goes with a broker')}")
    return NodePlan(source, primary, host_port(broker, one.name("broker")) if broker else None, login, ca)


def _id(one: Section, key: str, default: str | None = None) -> str:
    text: str = one.take(key, str, default)
    if not is_id(text):
        told = Text("1 至 128 个字符，不含 / + #", "1 to 128 characters, without / + #")
        raise ConfigFault(f"{one.name(key)}: {told}")
    return text
