"""Blank bodies by hand through a reader, one after the other: a Feeder for real cards.

The program says which number to lay, from the back of the bodies, and waits for it, WAIT_S at most; a body is taken
away before the next is asked for. Each body's mark (the chip's own number, where it tells one) is on the disk before
anything is written, so a torn body that is laid again is known by it, in this lease or a later one, and is put aside;
an unfinished one is taken up again only when it is the same. A body that tells no number cannot be told from another:
if it is still blank after a break it is spoiled rather than written under a number that may be on another body already.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

from provisioning.custody.journal import write_private
from provisioning.custody.notes import heard
from provisioning.issue.production import Attempt, Lease, Step
from provisioning.issue.reader import Laid
from provisioning.issue.work import Body
from shared.errors import ConfigFault
from shared.purse.apdu import CardChannel
from shared.purse.errors import CardLost
from shared.words.voice import Text

MARKS = "marks.json"
"""In a lease's folder: body number → mark."""
WAIT_S = 600.0
"""For a hand; then the machine stops, and is begun again."""
LOOK_S = 0.1
_GET_UID = bytes.fromhex("FFCA000000")
_UID_SIZES = (4, 7, 10)
_RANDOM = 0x08
"""First byte of a number of four that is drawn at each power-on (ISO 14443-3)."""
_CONTACTLESS = bytes.fromhex("3B8001")
"""First, third and fourth byte of the ATR that PC/SC makes for a contactless card."""
_OK = b"\x90\x00"
Tell = Callable[[Text], None]


class BodyReader(Protocol):
    """A reader, see DeskReader; a CardChannel to what was laid last."""

    def look(self) -> bytes | None: ...
    def lay(self) -> Laid | None: ...
    def transmit(self, apdu: bytes, /) -> bytes: ...
    def free(self) -> None: ...


class NobodyCame(ConfigFault):
    """Happens when no hand came within WAIT_S: begin again whenever somebody is there."""


class Hand:
    """Whoever lays and takes away. wait_s: how long he is waited for."""

    def __init__(self, desk: BodyReader, tell: Tell, wait_s: float = WAIT_S) -> None:
        self._desk = desk
        self._tell = tell
        self._wait_s = wait_s

    def laid(self, what: Text) -> Laid:
        """Ask for it, and the card that comes. NobodyCame."""
        self.emptied()
        self._tell(what)
        self._until(lambda: self._desk.look() is not None)
        return self._desk.lay() or Laid(b"", "")

    def emptied(self) -> None:
        """Nothing lies there any more. NobodyCame."""
        self._desk.free()
        if self._desk.look() is not None:
            self._tell(Text("取走卡", "take it away"))
            self._until(lambda: self._desk.look() is None)

    def tell(self, what: Text) -> None:
        """To him."""
        self._tell(what)

    def _until(self, fact: Callable[[], bool]) -> None:
        until_s = time.monotonic() + self._wait_s
        while not fact():
            if time.monotonic() > until_s:
                raise NobodyCame(
                    Text(
                        f"{self._wait_s:.0f} 秒内无人放卡；再执行即续",
                        f"nobody came in {self._wait_s:.0f} s; begin again to go on",
                    )
                )
            time.sleep(LOOK_S)


class ReaderFeeder:
    """Feeds one lease. folder: of the lease; used: bodies that its run has had; others: marks of all leases."""

    def __init__(
        self, desk: BodyReader, hand: Hand, folder: Path, lease: Lease, used: Iterable[int], others: Mapping[str, int]
    ) -> None:
        self._desk = desk
        self._hand = hand
        self._file = folder / MARKS
        self._lease = lease
        self._used = set(used)
        self._others = others
        self._marks = read_marks(self._file)

    def present(self, blank: int | None) -> Body | None:
        """A Feeder: the next body of the lease, or the one named; None when it is another, or none is left."""
        wanted = blank if blank is not None else self._next()
        if wanted is None:
            return None
        ask = Text(f"放上空白卡 {wanted}", f"lay the blank body {wanted}")
        if blank is not None:
            return self._again(wanted, Text(f"放回未完成的空白卡 {wanted}", f"lay the unfinished body {wanted} again"))
        while True:
            mark = mark_of(self._desk, self._hand.laid(ask))
            known = self._owner(mark)
            if known is None:
                break
            self._hand.tell(_known(known))
        self._used.add(wanted)
        self._keep(wanted, mark)
        return Body(wanted, self._desk, is_certain=bool(mark))

    def clear(self) -> None:
        """Let go of what lies there."""
        self._desk.free()

    def take_away(self, attempt: Attempt) -> None:
        """Say where it goes."""
        self._used.add(attempt.blank)
        why = heard(attempt.reason)
        good = Text(f"空白卡 {attempt.blank} → 好卡", f"body {attempt.blank} → good cards")
        bad = Text(f"空白卡 {attempt.blank} → 报废：{why.zh}", f"body {attempt.blank} → waste: {why.en}")
        self._hand.tell(good if attempt.step is Step.DONE else bad)

    def _again(self, wanted: int, ask: Text) -> Body | None:
        mark, known = mark_of(self._desk, self._hand.laid(ask)), self._marks.get(str(wanted), "")
        if mark and known and mark != known:
            return None
        return Body(wanted, self._desk, is_certain=bool(mark) and mark == known)

    def _next(self) -> int | None:
        blanks = self._lease.blanks
        return next((blank for blank in range(blanks.first, blanks.last + 1) if blank not in self._used), None)

    def _owner(self, mark: str) -> int | None:
        mine = {mark: int(blank) for blank, mark in self._marks.items() if mark}
        return (mine | dict(self._others)).get(mark) if mark else None

    def _keep(self, blank: int, mark: str) -> None:
        self._marks[str(blank)] = mark
        write_private(self._file, json.dumps(self._marks, indent=1).encode() + b"\n")


def mark_of(card: CardChannel, laid: Laid) -> str:
    """The chip's own number in hexadecimal, as a reader tells it of a contactless card; '' when it tells none.

    A card with contacts is not asked: class FF is no class of T=0. A number that is drawn anew each time is none.
    """
    if laid.atr[:1] + laid.atr[2:4] != _CONTACTLESS:
        return ""
    try:
        answer = card.transmit(_GET_UID)
    except CardLost:
        return ""
    number, word = answer[:-2], answer[-2:]
    is_random = len(number) == _UID_SIZES[0] and number[0] == _RANDOM
    return number.hex() if word == _OK and len(number) in _UID_SIZES and not is_random else ""


def read_marks(file: Path) -> dict[str, str]:
    """Body → mark; empty without the file. ConfigFault."""
    if not file.exists():
        return {}
    try:
        raw = json.loads(file.read_bytes())
        return {str(int(blank)): str(mark) for blank, mark in raw.items()}
    except (ValueError, RecursionError, AttributeError) as fault:
        raise ConfigFault(Text(f"{file}: 已损坏", f"{file}: is damaged")) from fault


def known_marks(folders: Iterable[Path]) -> dict[str, int]:
    """Of every lease: mark → body."""
    return {mark: int(blank) for folder in folders for blank, mark in read_marks(folder / MARKS).items() if mark}


def laid_cards(hand: Hand, ask: Text) -> Iterator[Laid]:
    """One card after the other, until nobody comes."""
    while True:
        try:
            yield hand.laid(ask)
        except NobodyCame:
            return


def _known(blank: int) -> Text:
    return Text(
        f"这是用过的空白卡 {blank}，放到报废盘，另取一张",
        f"this is the body {blank}, used before: to the waste, take another",
    )
