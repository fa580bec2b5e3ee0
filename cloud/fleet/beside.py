"""What runs beside a command or the console on this machine: the key process's socket for orders, a replay's clock.

By command line, of this user's processes and of this data folder only (/proc). Nothing found is nothing: options can
say it instead.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from cloud.process.settings import FOLDER
from shared.clocks.campus_clock import CampusClock, parse_clock
from shared.errors import ConfigFault
from shared.input.data_folder import CAMPUS
from shared.words.voice import Text

ORDERS, SIGNER = "orders.sock", "signer.sock"
"""In DATA/cloud: the key process's for orders and the signer's for persons, where each service sees itself alone."""


class _Beside(NamedTuple):
    """A part beside this process: the name of its socket in DATA/cloud, its verb, the option that says where its socket
    is, and what is said where there is none."""

    name: str
    verb: str
    option: str
    nobody: Text


_KEYS = _Beside(
    ORDERS, "keys", "--fleet-socket",
    Text(
        "没有运行中的密钥进程：先 ./ykt up，或用 --keys 指定其指令接口",
        "no key process runs: ./ykt up first, or name its socket for orders with --keys",
    ),
)  # fmt: skip
_SIGNER = _Beside(
    SIGNER, "signer", "--office-socket",
    Text(
        "没有运行中的签发进程：先启动，或用 --signer 指定其接口",
        "no signer runs: start it, or name its socket with --signer",
    ),
)  # fmt: skip


def orders_socket(data: Path, given: Path | None) -> Path:
    """Where orders are signed: as given, or of the running key process. ConfigFault where there is neither."""
    return given or _socket(_KEYS, data)


def signer_socket(data: Path, given: Path | None) -> Path:
    """Where boxes' codes and revocations are asked for: as given, or of the running signer. ConfigFault."""
    return given or _socket(_SIGNER, data)


def _socket(one: _Beside, data: Path) -> Path:
    found = _put_there(data, one.name) or _option(data, "provisioning", one.verb, one.option)
    if not found:
        raise ConfigFault(one.nobody)
    return Path(found)


def campus_clock(data: Path, given: str) -> CampusClock:
    """As given, or of the running ingest; else this machine's."""
    return parse_clock(given or _option(data, "cloud", "ingest", "--clock") or None)


def _put_there(data: Path, name: str) -> str:
    """A socket in the cloud's folder: whoever installed it has put it there, because no process is to be seen."""
    place = data / FOLDER / name
    return str(place) if place.is_socket() else ""


def _option(data: Path, module: str, verb: str, name: str) -> str:
    """The word after an option of the first such process; empty: there is none."""
    for words in _running(data, module, verb):
        return _word_after(words, name)
    return ""


def _running(data: Path, module: str, verb: str) -> Iterator[tuple[str, ...]]:
    for entry in Path("/proc").iterdir():
        words = _read(entry) if entry.name.isdecimal() else ()
        if not any(words[at : at + 3] == ("-m", module, verb) for at in range(len(words) - 2)):
            continue
        folder = _word_after(words, "--data")
        if (Path(folder) if folder else CAMPUS).absolute() == data.absolute():
            yield words


def _word_after(words: tuple[str, ...], name: str) -> str:
    places = [at for at, word in enumerate(words[:-1]) if word == name]
    return words[places[0] + 1] if places else ""


def _read(entry: Path) -> tuple[str, ...]:
    try:
        if entry.stat().st_uid != os.getuid():
            return ()
        return tuple((entry / "cmdline").read_bytes().decode("utf-8", "replace").split("\0"))
    except OSError:
        return ()
