"""What each verb of the desk does: composition of card, ledger and words. Decides nothing itself."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterable

from edge.desk.finding import centre
from edge.desk.laying import card_in
from edge.desk.options import laying_of, line_of
from edge.desk.reading import lines, read_card
from edge.life import say
from shared.campus_clock import WALL
from shared.clock import date_bcd

DONE, NOT_DONE = 0, 1


def run(given: argparse.Namespace) -> int:
    """The exit code of the chosen verb."""
    return _DEEDS[given.verb](given)


def _read(given: argparse.Namespace) -> int:
    line = centre(line_of(given))
    with card_in(laying_of(given)) as card:
        reading = read_card(card, line)
    _say(lines(reading, date_bcd(WALL.at(time.time()))))
    return DONE if reading.purses else NOT_DONE


def _say(texts: Iterable[str]) -> None:
    for text in texts:
        say(text)


_DEEDS: dict[str, Callable[[argparse.Namespace], int]] = {"read": _read}
