"""What follows from the descriptions of the messages between box and cloud: docs/lanes.md, and their bytes.

`python -m tests.shared.wire.described` writes both after a message was added; bytes that stand there already never
change.
"""

import json
from pathlib import Path
from typing import Any

from shared.wire.form.layout import Field, Layout, Message
from shared.wire.messages import BODIES, MESSAGES

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "lanes.md"
VECTORS = ROOT / "tests" / "vectors" / "lanes.json"

_HEAD = """# Messages between box and cloud

Written from the descriptions in `shared/wire/` by `python -m tests.shared.wire.described`; not to be edited. Every
message is one byte, the version, and a CBOR array: its tag, then these fields. What stands in brackets came with a
later form: all of it or nothing. Topics: `shared/wire/topics.py`.

| message | tag | lane | fields |
|---|---|---|---|
"""
_BODIES = """
What is signed inside of a message is a bare CBOR array:

| body | fields |
|---|---|
"""


def page() -> str:
    """The whole page."""
    bodies = "".join(f"| {one.name} | {_fields(one)} |\n" for one in BODIES)
    return _HEAD + "".join(map(_line, MESSAGES)) + _BODIES + bodies


def vectors() -> dict[str, list[str]]:
    """Name and bytes of each message's examples."""
    return {one.layout.name: [one.encode(example).hex() for example in one.examples] for one in MESSAGES}


def _line(one: Message[Any]) -> str:
    return f"| {one.title} | {one.tag} | {one.lane} | {_fields(one.layout)} |\n"


def _fields(layout: Layout[Any]) -> str:
    newer = [f"[{', '.join(map(_said, form))}]" for form in (layout.later, layout.rare) if form]
    return ", ".join([*map(_said, layout.fields), *newer])


def _said(one: Field) -> str:
    return f"{one.name}: {one.says}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    VECTORS.write_text(json.dumps(vectors(), indent=1) + "\n", encoding="utf-8")
