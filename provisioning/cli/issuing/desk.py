"""The reader on the issuing desk, as several verbs have it: its options, it itself, and the bodies fed through it."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from provisioning.cli.arguments import warn
from provisioning.cli.issuing.stock import BLANKS
from provisioning.issue.bodies import FolderFeeder
from provisioning.issue.feeding import WAIT_S, Hand, ReaderFeeder, known_marks
from provisioning.issue.files import FOLDER, Batches, LeaseFolder
from provisioning.issue.production import Attempt, Run, Step
from provisioning.issue.reader import DeskReader
from provisioning.issue.work import Feeder
from shared.input.command_line import Parser
from shared.words.voice import Text


def add_reader(parser: Parser) -> None:
    """--reader and how long a hand is waited for."""
    parser.add_argument(
        "--reader",
        metavar="NAME",
        help=Text("真实读卡器（PC/SC 名）", "a real reader, by its PC/SC name"),
    )
    parser.add_argument(
        "--wait",
        type=float,
        default=WAIT_S,
        metavar="S",
        help=Text("等人放卡多少秒（600）", "how many seconds a hand is waited for (600)"),
    )


@contextmanager
def opened_desk(chosen: argparse.Namespace) -> Iterator[tuple[DeskReader, Hand]]:
    """The reader that add_reader's arguments name, and whoever lays cards on it. ConfigFault."""
    with DeskReader(chosen.reader) as desk:
        yield desk, Hand(desk, lambda text: warn(Text(f"{text.zh}\n", f"{text.en}\n")), chosen.wait)


class Tray(Feeder, Protocol):
    """Where bodies come from and go to."""

    def clear(self) -> None:
        """Take out what is in the reader."""

    def take_away(self, attempt: Attempt) -> None:
        """To the good ones, or to the waste."""


@contextmanager
def opened_tray(chosen: argparse.Namespace, office: Batches, folder: LeaseFolder, run: Run) -> Iterator[Tray]:
    """Of a virtual campus a folder of bodies; else a hand at a reader. ConfigFault."""
    if getattr(chosen, "reader", None) is None:
        bodies = FolderFeeder(chosen.data / FOLDER / BLANKS, run.lease)
        for attempt in run.attempts:
            if attempt.step in (Step.DONE, Step.SPOILED):
                bodies.take_away(attempt)
        yield bodies
        return
    others = known_marks(one.path for one in office.all_leases() if one.path != folder.path)
    used = [attempt.blank for attempt in run.attempts]
    with opened_desk(chosen) as (desk, hand):
        yield ReaderFeeder(desk, hand, folder.path, run.lease, used, others)
