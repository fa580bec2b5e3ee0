"""Where in a TOML text a key stands, so that a fault can name the line. No parser: tomllib has read the text. Pure."""

import re

from shared.errors import ConfigFault
from shared.words.voice import Text, told_by

_TABLE = re.compile(r"\s*\[(\[)?\s*([^\]]+?)\s*\]")
_KEY = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([\w-]+))\s*=""")
_STEP = re.compile(r"([^.\[]+)(?:\[(\d+)\])?")


class Places:
    """Of one text. Paths are written as Section writes them: limit[2].single."""

    def __init__(self, text: str) -> None:
        self._lines: dict[str, int] = {}
        counts: dict[str, int] = {}
        table = ""
        for number, line in enumerate(text.splitlines(), 1):
            head, key = _TABLE.match(line), _KEY.match(line)
            if head:
                table = _table(_plain(head[2]), counts, is_row=bool(head[1]))
                self._lines.setdefault(table, number)
            elif key:
                name = next(part for part in key.groups() if part is not None)
                self._lines.setdefault(f"{table}.{name}" if table else name, number)

    def line(self, path: str) -> int:
        """Of the key, or of the table that it should stand in; 0: nowhere."""
        steps = _STEP.findall(path)
        names = [f"{name}[{number}]" if number else name for name, number in steps]
        for size in range(len(names), 0, -1):
            path = ".".join(names[:size])
            found = self._lines.get(path) or self._lines.get(f"{path}[0]")
            if found:
                return found
        return 0

    def placed(self, fault: ConfigFault) -> ConfigFault:
        """The fault with the line of the path that a Section's message begins with; as it is where there is none."""
        line = self.line(str(fault).partition(":")[0])
        if not line:
            return fault
        said = told_by(fault)
        return ConfigFault(Text(f"第 {line} 行 {said.zh}", f"line {line}: {said.en}"))


def _table(name: str, counts: dict[str, int], *, is_row: bool) -> str:
    """Its path: a table below a row of a list belongs to the last row that was begun."""
    path = ""
    steps = name.split(".")
    for depth, step in enumerate(steps, 1):
        path = f"{path}.{step}" if path else step
        if depth == len(steps) and is_row:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = f"{path}[{counts[path]}]"
    return path


def _plain(name: str) -> str:
    return name.strip().strip("\"'")
