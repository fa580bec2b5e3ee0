"""Where in a TOML text a key stands, so that a fault can name the line. No parser: tomllib has read the text. Pure."""

import re

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
                table = _plain(head[2])
                if head[1]:
                    counts[table] = counts.get(table, -1) + 1
                    table = f"{table}[{counts[table]}]"
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


def _plain(name: str) -> str:
    return name.strip().strip("\"'")
