"""DATA/cloud/functions.json: which functions are off here. Read at a process's start."""

import json
from pathlib import Path

from cloud.process.settings import FOLDER
from cloud.process.whole_file import write_whole
from shared.errors import ConfigFault
from shared.input.functions import FILE, WHOLE, Function, preset_of
from shared.input.section import Section, from_json
from shared.words.voice import Text


def read_off(data: Path) -> frozenset[Function]:
    """None where there is no file. ConfigFault for a name that is no function's, OSError."""
    return _read(data)[1]


def switch(data: Path, function: Function, *, on: bool) -> None:
    """The other way at the next start of what has it."""
    preset, off = _read(data)
    changed = off - {function} if on else off | {function}
    told = {"preset": preset, "off": sorted(changed)}
    write_whole(data / FOLDER / FILE, json.dumps(told, ensure_ascii=False, indent=1).encode() + b"\n")


def _read(data: Path) -> tuple[str, frozenset[Function]]:
    file = data / FOLDER / FILE
    if not file.exists():
        return WHOLE.name, frozenset()
    top = Section(from_json(file.read_bytes(), FILE), file=FILE)
    preset, names = preset_of(top.take("preset", str)).name, top.texts("off", len(Function))
    top.done()
    unknown = sorted(set(names) - set(Function))
    if unknown:
        raise ConfigFault(Text(f"{FILE}: 没有此功能：{unknown[0][:32]}", f"{FILE}: no function: {unknown[0][:32]}"))
    return preset, frozenset(map(Function, names))
