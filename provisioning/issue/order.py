"""An order of user cards: who gets one, sorted by class so that each class's cards come out as one stack.

ORDER.json: {"batch", "cards": [{"label", "name", "class", "card_class"?, "subsidy"?}]}; label is the text printed on
the card ('0012' is not '12'); subsidy true: it gets a subsidy purse 补助 beside the main one. Lines are numbered from 1
after sorting by class, then label; the number is the line's for ever.
Refuses unknown keys, a label that stands twice, more than ORDER_MAX cards, texts that cannot be printed.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import groupby

from provisioning.issue.production import Span
from shared.errors import ConfigFault
from shared.input.labels import in_order
from shared.input.section import Section, from_json
from shared.words.voice import Text

ORDER_MAX = 100_000
TEXT_MAX = 60
CARD_CLASS = 1
_BATCH = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One card that is wanted. line: its number, from 1."""

    line: int
    group: str
    label: str
    name: str
    card_class: int
    subsidy: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """A batch. The digest names its whole content: a changed order is another order."""

    batch: str
    lines: tuple[OrderLine, ...]

    def line(self, number: int) -> OrderLine:
        """The line with this number."""
        return self.lines[number - 1]

    def groups(self) -> Iterator[tuple[str, Span]]:
        """Each class with its lines."""
        for group, lines in groupby(self.lines, key=lambda line: line.group):
            own = list(lines)
            yield group, Span(own[0].line, own[-1].line)

    def encode(self) -> bytes:
        """The stored form, equal for equal orders."""
        told = {"batch": self.batch, "cards": [_told(line) for line in self.lines]}
        return json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"

    @property
    def digest(self) -> str:
        """SHA-256 of the stored form, hex."""
        return hashlib.sha256(self.encode()).hexdigest()


def parse_order(raw: bytes) -> Order:
    """The order in a JSON file; ConfigFault naming the key that is wrong."""
    top = Section(from_json(raw, "ORDER.json"), file="ORDER.json")
    batch = top.take("batch", str)
    if not _BATCH.fullmatch(batch):
        raise ConfigFault(Text("batch: 只用小写字母、数字和 -", "batch: small letters, digits and '-' only"))
    wanted = sorted((_line(row) for row in top.rows("cards", ORDER_MAX)), key=_place)
    top.done()
    _require_once([line.label for line in wanted])
    return Order(batch, tuple(replace(one, line=number) for number, one in enumerate(wanted, 1)))


def _place(line: OrderLine) -> tuple[object, ...]:
    """9班 before 10班; two spellings of one number never mix."""
    return in_order(line.group), line.group, in_order(line.label), line.label


def _line(row: Section) -> OrderLine:
    line = OrderLine(
        line=0,
        group=_text(row, "class"),
        label=_text(row, "label"),
        name=_text(row, "name"),
        card_class=row.within("card_class", 0, 0xFF, CARD_CLASS),
        subsidy=row.take("subsidy", bool, False),
    )
    row.done()
    return line


def _require_once(labels: Sequence[str]) -> None:
    if not labels:
        raise ConfigFault(Text("cards: 一张也没有", "cards: not one card is wanted"))
    seen: set[str] = set()
    for label in labels:
        if label in seen:
            raise ConfigFault(Text(f"cards: 重复：{label[:32]!r}", f"cards: stands twice: {label[:32]!r}"))
        seen.add(label)


def _text(row: Section, key: str) -> str:
    text: str = row.take(key, str)
    if not 1 <= len(text) <= TEXT_MAX or not (text.isprintable() and text == text.strip()):
        raise ConfigFault(
            Text(
                f"{row.name(key)}: 应为 1..{TEXT_MAX} 个可见字符",
                f"{row.name(key)}: wants 1..{TEXT_MAX} visible characters",
            )
        )
    return text


def _told(line: OrderLine) -> dict[str, object]:
    told = asdict(line)
    told["class"] = told.pop("group")
    del told["line"]
    if not line.subsidy:
        del told["subsidy"]  # so that an order of before has the digest of before
    return told
