"""A script of purchases or loads for one terminal, as a trace replay writes it: JSON lines, played in their order.

    {"card": "0012", "amount_fen": 1250, "at": 817300805}        at: campus second, optional
    {"card": "主管01", "void": 17}      a void 撤销 of sale 17, 0: the newest; by a supervisor's card or the payer's
    {"phone": "0012", "use": 1, "amount_fen": 1250}      by an offline code of a phone of the demonstration (phones.py)

Each line is done once, also when the process is killed: the progress is noted beside the flash before a card is laid
down, and what the ring says decides. Refuses a file with a malformed line.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

from shared.errors import ConfigFault
from shared.fleet.wallets import USES_MAX
from shared.words.refused import why_not
from shared.words.voice import Text


@dataclass(frozen=True, slots=True)
class Line:
    """One purchase or load, or the void of a sale by its number. at 0: as soon as may be. use: which one of a phone's
    certificate pays, card is the phone's name then; 0: a card pays."""

    card: str
    amount_fen: int
    at: int
    void: int | None = None
    use: int = 0


def read_script(path: Path) -> tuple[Line, ...]:
    """All lines; ConfigFault naming the first malformed one."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as fault:
        why = why_not(fault)
        raise ConfigFault(Text(f"{path}: 无法读取：{why}", f"{path}: cannot be read: {why}")) from fault
    except UnicodeDecodeError as fault:
        raise ConfigFault(Text(f"{path}: 不是 UTF-8", f"{path}: not UTF-8")) from fault
    return tuple(_line(path, number, raw) for number, raw in enumerate(text.splitlines(), 1) if raw.strip())


def _line(path: Path, number: int, raw: str) -> Line:
    try:
        row = json.loads(raw)
        card, at, void = row["phone" if "phone" in row else "card"], row.get("at", 0), row.get("void")
        amount, use = row["amount_fen"] if void is None else 0, row["use"] if "phone" in row else 0
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError) as fault:
        raise _no_line(path, number) from fault
    is_whole = type(amount) is int and amount > 0 if void is None else type(void) is int and void >= 0 and not use
    is_whole = is_whole and type(use) is int and 0 <= use <= USES_MAX and bool(use) is ("phone" in row)
    if not isinstance(card, str) or not is_whole or not isinstance(at, int | float):
        raise _no_line(path, number)
    return Line(card, amount, int(at), void, use)


def _no_line(path: Path, number: int) -> ConfigFault:
    return ConfigFault(Text(f"{path}: 第 {number} 行不是脚本行", f"{path}: line {number} is not a script line"))


@dataclass(frozen=True, slots=True)
class Mark:
    """Line `line` (from 0) was begun when the newest record of the epoch was `seq`."""

    line: int
    seq: int


class Progress:
    """How far a script has come, in `script.progress` of the terminal's folder. Another script begins at 0.

    Written before each card, not synced: it has to outlive a killed process, not a lost machine.
    """

    def __init__(self, folder: Path, script: Path) -> None:
        self._path = folder / "script.progress"
        self._digest = crc32(script.read_bytes())
        self.begun = self._read()

    def begin(self, line: int, seq: int) -> None:
        """Line `line` begins now."""
        scratch = self._path.with_suffix(".new")
        scratch.write_text(json.dumps([self._digest, line, seq]), encoding="ascii")
        scratch.replace(self._path)

    def _read(self) -> Mark | None:
        try:
            digest, line, seq = json.loads(self._path.read_text(encoding="ascii"))
        except (OSError, ValueError, TypeError):
            return None
        return Mark(line, seq) if digest == self._digest else None
