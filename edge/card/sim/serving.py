"""`python -m edge.card serve`: a person's hands at two virtual readers, by lines on standard input.

Puts a demonstration card into one reader and a terminal's PSAM into the other, takes them out, tears them. The files
stay locked while they are in somebody's hands or in a reader.
"""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from edge.card.sim.chip import Chip
from edge.card.sim.server import CardServer, ServedSlot
from edge.card.sim.slot import Cut
from edge.card.sim.t0 import T0Chip
from edge.files.deck import Deck
from edge.files.memory import FileMemory
from edge.life import say
from shared.errors import ConfigFault, StoreFault
from shared.purse.cos.card import UserCard
from shared.purse.cos.psam import Psam
from shared.purse.cos.torn import Tear, TearingMemory
from shared.words.voice import Text

HELP = Text(
    """\
  card 0012          把这张卡放进读卡器
  pull [psam]        取出          put [psam]   放回
  tear HOW [N]       从现在起第 N 条指令时断开，缺省 1
       before · after · middle · mute         指令前、应答前、应答中、不应答
       before-commit · after-commit           下一次写入前、写入后掉电
  help · quit""",
    """\
  card 0012          put this card into the reader
  pull [psam]        take out      put [psam]   put back
  tear HOW [N]       tear at the N-th command from now, 1 if not given
       before · after · middle · mute         before the command, before or amid its answer, no answer
       before-commit · after-commit           power lost before or after the next write
  help · quit""",
)
SLICE_S = 0.5
SEEN_S = 3.0
"""pcscd looks for cards every 0.4 s."""
_COMMITS = {"before-commit": Tear.BEFORE, "after-commit": Tear.AFTER}
_CUTS = {cut.value: cut for cut in Cut}


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """data: the data folder; psam: the terminal whose PSAM it is, empty = none; t0: contact cards on T=0."""

    data: Path
    card: str
    psam: str
    card_t0: bool
    psam_t0: bool


class Hands:
    """Two slots and what lies in them or beside them."""

    def __init__(self, server: CardServer, options: ServeOptions) -> None:
        """ConfigFault, InUse or StoreFault when card or PSAM cannot be had."""
        self._server = server
        self._options = options
        self._deck = Deck(options.data)
        self._memories: dict[str, FileMemory] = {}
        self._chips: dict[str, Chip] = {}
        self._next_commit = Tear.NOT
        if options.psam:
            self._take_psam()
        self.choose(options.card or self._deck.cards[0].label)

    def obey(self, line: str) -> bool:
        """False at the end."""
        words = line.split()
        match words:
            case ["quit" | "exit"]:
                return False
            case ["card", label]:
                self.choose(label)
            case ["pull" | "put" as verb, *which] if which in ([], ["card"], ["psam"]):
                self._move(verb, (*which, "card")[0])
            case ["tear", how, *times] if len(times) < 2 and all(word.isdecimal() for word in times):
                self._tear(how, int((*times, "1")[0]))
            case []:
                pass
            case _:
                _tell(HELP)
        return True

    def choose(self, label: str) -> None:
        """Another user card into the reader."""
        found = self._deck.find(label)
        if found is None:
            _tell(Text(f"没有这张卡：{label}", f"no such card: {label}"))
            return
        self._server.card.pull()
        self._drop("card")
        memory = self._memories["card"] = FileMemory(found.path)
        card = UserCard(TearingMemory(memory, self._commit_plan), os.urandom)
        self._chips["card"] = T0Chip(card) if self._options.card_t0 else card
        self._move("put", "card")

    def close(self) -> None:
        """Everything out, files given back."""
        self._server.close()
        for which in tuple(self._memories):
            self._drop(which)

    def _take_psam(self) -> None:
        folder = self._options.data / "terminals" / self._options.psam
        memory = self._memories["psam"] = FileMemory(folder / "psam.bin")
        psam = Psam(memory, os.urandom)
        self._chips["psam"] = T0Chip(psam) if self._options.psam_t0 else psam
        self._move("put", "psam")

    def _move(self, verb: str, which: str) -> None:
        slot, chip = self._slot(which), self._chips.get(which)
        if verb == "pull":
            slot.pull()
            _tell(Text(f"已取出：{which}", f"taken out: {which}"))
        elif chip is None:
            _tell(Text(f"没有可放的：{which}", f"there is none: {which}"))
        else:
            slot.insert(chip)
            slot.until_seen(SEEN_S)  # what is said to be in the reader can be used there; else the reader sleeps
            _tell(Text(f"已放入：{which}", f"put in: {which}"))

    def _tear(self, how: str, at: int) -> None:
        if how in _COMMITS:
            self._next_commit = _COMMITS[how]
        elif how in _CUTS and at > 0:
            self._server.card.tear(_CUTS[how], at)
        else:
            _tell(HELP)
            return
        _tell(Text(f"将断开：{how}", f"will tear: {how}"))

    def _commit_plan(self) -> Tear:
        tear, self._next_commit = self._next_commit, Tear.NOT
        return tear

    def _slot(self, which: str) -> ServedSlot:
        return self._server.psam if which == "psam" else self._server.card

    def _drop(self, which: str) -> None:
        memory = self._memories.pop(which, None)
        if memory is not None:
            memory.close()


def _tell(text: Text) -> None:
    say(str(text))


def serve_lines(hands: Hands, lines: Iterable[str]) -> None:
    """Until quit or the end of the input; a card that cannot be had is said, not fatal."""
    for line in lines:
        try:
            if not hands.obey(line):
                return
        except (ConfigFault, StoreFault) as fault:
            say(str(fault))


def serve_input(hands: Hands) -> None:
    """The lines of standard input."""
    serve_lines(hands, _input())


def _input() -> Iterator[str]:
    """Waits in slices: of a Ctrl-C in the very moment before a wait nobody would hear until the next line."""
    number, rest = sys.stdin.fileno(), b""
    while True:
        while not select.select([number], [], [], SLICE_S)[0]:
            pass
        piece = os.read(number, 4096)
        *lines, rest = (rest + piece).split(b"\n")
        yield from (line.decode("utf-8", "replace") for line in lines)
        if not piece:
            return
