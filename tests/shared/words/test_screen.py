"""Progress and colour: on a terminal alone, and never in what a machine reads."""

import io

import pytest

from shared.words.columns import taken
from shared.words.screen import SHOWN_EVERY, WIDTH, Ink, Inks, ProgressLine
from shared.words.voice import Text

XTERM = {"TERM": "xterm-256color"}


class Terminal(io.StringIO):
    def isatty(self):
        return True


def last_line(out):
    """What stands there after all that was drawn over it."""
    return out.getvalue().split("\r\x1b[K")[-1]


@pytest.mark.parametrize(
    ("out", "environment"), [(io.StringIO(), XTERM), (Terminal(), {"TERM": "dumb"}), (Terminal(), {})],
    ids=["a pipe", "dumb", "no TERM"],
)  # fmt: skip
def test_nobody_sits_there(out, environment):
    with ProgressLine(out, environment) as progress:
        progress.tell("x", 1, 2)
        assert list(progress.through("x", "abc", 3)) == ["a", "b", "c"]
    assert out.getvalue() == ""
    assert Inks(out, environment)(Ink.GOOD, Text("通过", "ok")) == "通过"


def test_one_line_is_drawn_over_and_goes():
    out = Terminal()
    with ProgressLine(out, XTERM) as progress:
        progress.tell(Text("核对", "checking"), 1, 4)
        assert last_line(out) == "… 核对 25%"
        progress.tell("report")
        assert last_line(out) == "… report"
    assert last_line(out) == ""
    assert "\n" not in out.getvalue()


def test_what_passes_is_told_by_percent_or_by_number():
    out = Terminal()
    many = ProgressLine(out, XTERM)
    assert sum(many.through("cards", range(5_000), 5_000)) == sum(range(5_000))
    assert out.getvalue().count("cards") == 100
    assert last_line(out) == ""
    numbered = Terminal()
    passing = ProgressLine(numbered, XTERM).through("files", range(2 * SHOWN_EVERY + 1))
    for _ in range(2 * SHOWN_EVERY + 1):
        next(passing)
    assert last_line(numbered) == f"… files {2 * SHOWN_EVERY}"


def test_a_line_is_never_wider_than_a_terminal():
    out = Terminal()
    ProgressLine(out, XTERM).tell("卡" * 60)
    assert taken(last_line(out)) <= WIDTH


def test_colour_is_for_a_terminal_that_wants_it():
    assert Inks(Terminal(), XTERM)(Ink.BAD, "no") == "\x1b[31mno\x1b[0m"
    assert Inks(Terminal(), {**XTERM, "NO_COLOR": "1"})(Ink.BAD, "no") == "no"
    assert Inks(Terminal(), {**XTERM, "NO_COLOR": ""})(Ink.BAD, "no") != "no", "empty is not set (no-color.org)"
