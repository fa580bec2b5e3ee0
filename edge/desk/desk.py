"""One card desk put together: its body, its open matters, its lines to ledger and keys. Begins no deed by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.desk.doors.body import DeskBody
from edge.desk.doors.centre import Centre
from edge.desk.doors.keys import DeskKeys
from edge.desk.doors.matters import Matter, Matters
from edge.desk.paper import AWAY, no_line
from shared.errors import ConfigFault
from shared.wire.desk.calls import DeskOp, No
from shared.words.voice import Text

NO_LINE = Text(
    "没有账本接口或令牌（cloud desk、cloud cashier）", "no line to the ledger, or no token (cloud desk, cloud cashier)"
)


@dataclass(frozen=True, slots=True)
class Desk:
    """line and keys: None where none is known. out: to the cashier."""

    data: Path
    body: DeskBody
    matters: Matters
    line: Centre | None
    keys: DeskKeys | None
    out: Callable[[str | Text], object]

    def say(self, what: str | Text) -> None:
        """To the cashier."""
        self.out(what)

    @property
    def centre(self) -> Centre:
        """The line to the ledger; ConfigFault without one."""
        if self.line is None:
            raise ConfigFault(NO_LINE)
        return self.line

    def do(self, operation: DeskOp, arguments: Sequence[object]) -> list[Any] | None:
        """A deed of the ledger under a key of its own, kept until its end is known. None: refused, or unknown."""
        matter = self.matters.begin(operation, {"arguments": [_plain(value) for value in arguments]})
        return self.go_on(matter)

    def go_on(self, matter: Matter) -> list[Any] | None:
        """Ask for a kept deed, again if need be."""
        arguments = [_valued(value) for value in matter.body["arguments"]]
        answer = self.centre.ask(DeskOp(matter.kind), [matter.key, *arguments])
        if answer is None or (isinstance(answer, No) and answer.code == "away"):
            self.say(AWAY)
            return None
        self.matters.end(matter)
        if isinstance(answer, No):
            self.say(no_line(answer))
            return None
        return answer


def _plain(value: object) -> object:
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return {"hex": value.hex()} if isinstance(value, bytes) else value


def _valued(value: object) -> object:
    if isinstance(value, list):
        return [_valued(one) for one in value]
    return bytes.fromhex(value["hex"]) if isinstance(value, dict) else value
