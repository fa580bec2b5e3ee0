"""What follows from the descriptions of the terminal link's messages: docs/messages.md, and their bytes.

`python -m tests.edge.link.described` writes both after a message was added; bytes that
stand there already never change.
"""

import json
from pathlib import Path

from edge.link.layout import Form, Layout, Rows, Way
from edge.link.messages import MESSAGES
from shared.records.widths import parsed
from tests.described import said

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "messages.md"
VECTORS = ROOT / "tests" / "vectors" / "terminal_messages.json"

_HEAD = """# Messages between terminal and box

Written from the descriptions in `edge/link/messages.py` by `python -m tests.edge.link.described`; not to be edited.
Numbers are big-endian, widths in bytes. RECORD (0x10) is sealed record bytes (`shared/records/`); ACK (0x11) and
SETTLED (0x12) are single frames (`edge/link/seal.py`).

| message | type | way | form | fields |
|---|---|---|---|---|
"""
_WAYS = {Way.UP: "terminal → box", Way.DOWN: "box → terminal"}
_FORMS = {Form.OPEN: "open: type 1, version 1", Form.FRAME: "one frame: type 1", Form.SEALED: "sealed"}


def page() -> str:
    """The whole page."""
    return _HEAD + "".join(map(_line, MESSAGES))


def vectors() -> dict[str, str]:
    """Name and bytes of each message's example."""
    return {one.name: one.encode(one.example).hex() for one in MESSAGES}


def _line(one: Layout[object]) -> str:
    parts = [said(one.fields), _rows(one.rows) if one.rows else "", f"{one.rest} 1…" if one.rest else ""]
    fields = ", ".join(filter(None, parts))
    return f"| {one.name} | 0x{one.number:02x} | {_WAYS[one.way]} | {_FORMS[one.form]} | {fields} |\n"


def _rows(rows: Rows) -> str:
    count = "count 1, then " if rows.counted else ""
    return f"{count}up to {rows.most} × ({said(parsed(rows.fields))})"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    VECTORS.write_text(json.dumps(vectors(), indent=1) + "\n", encoding="utf-8")
