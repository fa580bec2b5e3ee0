"""What the launcher is waiting for, as its supervisor's events come."""

import io

from compose.parts.supervise import Event, State
from compose.parts.told import Waiting
from shared.words.screen import ProgressLine


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_what_has_begun_and_is_not_ready_is_named_until_it_is():
    out = Terminal()
    waiting = Waiting(ProgressLine(out, {"TERM": "xterm"}))
    seen = []
    for name, state in (
        ("keys", State.STARTING), ("import", State.STARTING), ("keys", State.READY), ("import", State.ENDED)
    ):  # fmt: skip
        waiting(Event(name, state, 0.0))
        seen.append(out.getvalue().split("\r\x1b[K")[-1])
    assert seen == ["… 等待 keys", "… 等待 keys、import", "… 等待 import", ""]
