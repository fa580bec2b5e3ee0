"""What follows from the descriptions of record kinds: docs/records.md, and their bytes.

`python -m tests.shared.records.described` writes both after a kind was added; bytes that stand there already never
change.
"""

import json
from pathlib import Path
from typing import Any

from shared import records
from shared.records.kinds import KINDS, Description, Worth
from shared.records.shape import Presence, Shape
from shared.records.widths import parsed
from shared.words.voice import Language
from tests.described import said

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "records.md"
VECTORS = ROOT / "tests" / "vectors" / "records.json"

_HEAD = """# Records

Written from the descriptions in `shared/records/kinds.py` by `python -m tests.shared.records.described`; not to be
edited. Numbers are big-endian, widths in bytes. Every store keeps a record as device 6, epoch 2, psam 6 and these
bytes verbatim. Numbers of kinds that are missing here are kept for later.

| kind | 名称 | name | bytes | what stands for it | class |
|---|---|---|---|---|---|
"""
_WORTHS = {
    Worth.TAC: "the card's TAC: posted",
    Worth.MAC: "the terminal's MAC: waits for the record that it names",
    Worth.OPEN: "nothing yet: suspense until the card decides",
    Worth.WORD: "the terminal's word: no entry",
}


def page() -> str:
    """The whole page."""
    shapes = list({type(one.example).__name__: one.shape for one in KINDS}.items())
    return _HEAD + "".join(map(_line, KINDS)) + "".join(_section(name, shape) for name, shape in shapes)


def vectors() -> dict[str, str]:
    """Name and bytes of each kind's example."""
    return {one.kind.name.lower(): records.encode(one.example).hex() for one in KINDS}


def _line(one: Description[Any]) -> str:
    zh, en = (one.words.in_language(language) for language in (Language.ZH, Language.EN))
    return f"| {one.kind.value} | {zh} | {en} | {_size(one)} | {_WORTHS[one.worth]} | {type(one.example).__name__} |\n"


def _size(one: Description[Any]) -> str:
    if one.part is Presence.EITHER:
        return f"{one.shape.size} or {one.shape.whole_size}"
    return str(one.shape.size_of(one.part))


def _section(name: str, shape: Shape[Any]) -> str:
    if shape.part is None:
        return f"\n**{name}**, {shape.size}: {said(shape.fields)}.\n"
    fields = [said(shape.fields[: shape.part_at]), f"[{shape.part.name}: {said(parsed(shape.part.fields))}]"]
    fields += [said(shape.fields[shape.part_at :])]
    return f"\n**{name}**, {shape.size} or {shape.whole_size}: {', '.join(filter(None, fields))}.\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    VECTORS.write_text(json.dumps(vectors(), indent=1) + "\n", encoding="utf-8")
