"""A diagnostics bundle: what was gathered, swept, bounded, and a manifest of it. Pure: items in, bytes out.

Refuses to be made when anything that is known to be secret is still in it: a defect of ours is better seen here.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from shared.errors import RuleBroken
from shared.support.sweeping import Sweep

ITEM_MAX = 256 << 10
"""Octets of one item; of a longer one the end is kept."""
BUNDLE_MAX = 4 << 20
"""Octets of all of them; what does not fit is left out, and named."""
ITEMS_MAX = 400
MANIFEST = "manifest.json"
SCHEMA, FORMAT = "openykt.diagnostics", 1
_EPOCH = (2026, 1, 1, 0, 0, 0)
"""Of every file in it: its own time says nothing."""


class Item(NamedTuple):
    """A file of the bundle, as text."""

    name: str
    text: str


class Told(NamedTuple):
    """A row of the manifest."""

    name: str
    size: int
    sha256: str
    is_cut: bool


class Bundle(NamedTuple):
    """items: as they will be written, the manifest first. left_out: names, and why."""

    items: tuple[Item, ...]
    rows: tuple[Told, ...]
    left_out: tuple[tuple[str, str], ...]

    def size(self) -> int:
        """Octets of all that is told."""
        return sum(row.size for row in self.rows)


def assemble(part: str, items: Iterable[Item], left_out: Sequence[tuple[str, str]], sweep: Sweep) -> Bundle:
    """Sweep, cut, leave out what does not fit; RuleBroken if a secret is still in it."""
    kept: list[Item] = []
    rows: list[Told] = []
    missing = list(left_out)
    for item in items:
        near, was_long = _cut(
            item, 2 * ITEM_MAX
        )  # so that what is swept has a bound, and no secret is halved at the cut
        swept, is_cut = _cut(Item(sweep(near.name), sweep(near.text)), ITEM_MAX)
        size = len(swept.text.encode())
        if len(kept) >= ITEMS_MAX or size + sum(row.size for row in rows) > BUNDLE_MAX:
            missing.append((swept.name, "no room"))
            continue
        kept.append(swept)
        rows.append(Told(swept.name, size, hashlib.sha256(swept.text.encode()).hexdigest(), is_cut or was_long))
    manifest = Item(MANIFEST, sweep.known_taken(_manifest(part, rows, missing, sweep)))
    whole = (manifest, *kept)
    if any(sweep.finds(text) for item in whole for text in item):
        raise RuleBroken("a secret is still in the bundle: nothing is written")
    return Bundle(whole, tuple(rows), tuple(missing))


def _cut(item: Item, most: int) -> tuple[Item, bool]:
    raw = item.text.encode("utf-8", "replace")
    if len(raw) <= most:
        return item, False
    end = raw[-most:].decode("utf-8", "ignore")
    return Item(item.name, end.partition("\n")[2] or end), True


def _manifest(part: str, rows: Sequence[Told], missing: Sequence[tuple[str, str]], sweep: Sweep) -> str:
    said = {
        "schema": SCHEMA, "format": FORMAT, "part": part, "files": [row._asdict() for row in rows],
        "left_out": [{"name": name, "why": why} for name, why in missing], "secrets_known": sweep.known,
        "taken_out": sweep.taken,
    }  # fmt: skip
    return json.dumps(said, ensure_ascii=False, indent=1)


def zipped(bundle: Bundle) -> bytes:
    """The file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for item in bundle.items:
            archive.writestr(zipfile.ZipInfo(item.name, _EPOCH), item.text.encode(), zipfile.ZIP_DEFLATED)
    return out.getvalue()
