"""A wrong PSAM in a till, another's or of no inventory: it says so and takes nothing, and an alarm comes."""

import asyncio
import os
import shutil
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace

import pytest

from cloud.watch.alarms.rules import RULES
from cloud.watch.alarms.terms import Happening
from cloud.watch.alarms.watching import Watching
from edge.files.deck import Deck
from edge.files.memory import FileMemory, read_image
from shared.clocks.campus_clock import WALL
from shared.facts.told import Level
from shared.ids import PsamId
from shared.purse.cos.images import PsamMaster, new_psam_image
from shared.purse.cos.psam_image import decode_psam_image
from shared.purse.suite import Key
from shared.words.voice import Text
from tests.scenes import plans
from tests.scenes.alarmed import Alarmed, source
from tests.scenes.campus import Campus
from tests.scenes.plans import BOX
from tests.scenes.scene import Scene, Stage
from tests.scenes.test_bad_input import device_of
from tests.scenes.truth import require_truth

pytestmark = pytest.mark.process
TILL, OTHER = "pos-1", "pos-2"
CARD, FEN = "0002", 500
MOVED, UNKNOWN = ("安全模块属于另一终端", "psam-moved"), ("安全模块未登记", "unknown-psam")
"""What the display says, and the reason that is told."""
REFUSES = "卡拒绝交易"
TALLIED_S = 60.0
"""Eight taps, half a minute until a till says what it has counted, and a look."""
FOREIGN_ID = PsamId(bytes.fromhex("990000000001"))
"""Of no school that we know."""


def _people() -> list[dict[str, object]]:
    """The same customer again and again, two seconds from now on."""
    from_s = WALL.at(time.time()) + 2
    return [{"card": CARD, "amount_fen": FEN, "at": from_s + n} for n in range(300)]


class Till:
    """The till into which somebody puts another PSAM."""

    def __init__(self, campus: Campus) -> None:
        self.campus = campus
        self.name = f"t-{TILL}"
        folder = campus.data / "terminals"
        self._psam, self._other = folder / TILL / "psam.bin", folder / OTHER / "psam.bin"
        self._own = campus.room / "own.bin"
        shutil.copy(self._psam, self._own)

    async def with_psam(self, image: bytes) -> None:
        """Off, another PSAM in, on again."""
        await self.campus.stop(self.name)
        self.campus.displays[self.name] = []
        await asyncio.to_thread(self._psam.write_bytes, image)
        await self.campus.start(self.name)

    def foreign(self) -> bytes:
        """One with keys of its own, which no school of ours has made."""
        return self._stored(new_psam_image(FOREIGN_ID, {1: PsamMaster(Key(os.urandom(16)))}))

    def counterfeit(self) -> bytes:
        """Its own by number and all that one can read of it, with keys of somebody else's."""
        image = decode_psam_image(read_image(self._own))
        image.masters = {
            version: replace(one, key=Key(os.urandom(16), one.key.suite)) for version, one in image.masters.items()
        }
        image.fixed = b""
        return self._stored(image.encode())

    def _stored(self, image: bytes) -> bytes:
        """In a file as a terminal opens it."""
        file = self.campus.room / "another.bin"
        shutil.copy(self._own, file)
        with closing(FileMemory(file)) as memory:
            memory.store(image)
        return file.read_bytes()

    def others(self) -> bytes:
        """That of the till beside it."""
        return self._other.read_bytes()

    def own(self) -> bytes:
        """Its own, as it was when it was last in."""
        return self._own.read_bytes()

    def keep(self) -> None:
        """Take note of the own one, which counts on as it sells."""
        shutil.copy(self._psam, self._own)

    def says(self, words: str) -> bool:
        """Does its display say so?"""
        return any(words in text for _, text in self.campus.displays.get(self.name, ()))

    def sold(self) -> bool:
        """Has it taken money in this life?"""
        return any(text.startswith("done") for _, text in self.campus.displays.get(self.name, ()))


def rule() -> str:
    """The one that a body without an epoch, for its PSAM's sake, belongs to."""
    happening = Happening(1, 1, Level.IMPORTANT, "terminal-no-epoch", BOX, b"", (("reason", "psam-moved"),))
    (change,) = Watching(RULES).happened([happening])
    return change.key.rule


async def _wrong(stage: Stage, till: Till, alarmed: Alarmed, what: Text, image: bytes, why: tuple[str, str]) -> None:
    """It says so and sells nothing; the tills beside it sell on."""
    campus, (words, reason) = till.campus, why
    with stage.step(what, Text("屏上写明，一分不收", "its display says so, and it takes nothing")) as seen:
        before, holds = campus.shown(), _holds(campus)
        await till.with_psam(image)
        await campus.until(f"{words} on its display", lambda: till.says(words))
        await campus.until_status("it sells nothing", till.name, lambda said: said.get("refused"))
        seen.seen = words
        assert not till.sold()
        assert _holds(campus) == holds, "a card has paid"
        await campus.until_shown(3, f"t-{OTHER}")
        assert campus.shown() > before
    with stage.step(Text("报警", "the alarm"), Text("列出并通知", "listed, and told")) as seen:
        key = rule(), source(device_of(campus, TILL))
        await campus.until("its reason", lambda: ("reason", reason) in _told(campus))
        await campus.until("its alarm", lambda: key in alarmed.there())
        await alarmed.turns()
        assert alarmed.there() == {key}
        alarmed.seen = [key]
        seen.seen = Text(f"{key[0]}，{await alarmed.all_told()} 封", f"{key[0]}, {len(campus.told())} mails")


async def _counterfeit(stage: Stage, till: Till, alarmed: Alarmed) -> None:
    """It joins, and every card refuses it: what it declines is counted, and told."""
    campus = till.campus
    forged = Text("插进一张号对、密钥不对的 PSAM", "a PSAM of the right number with wrong keys is put in")
    with stage.step(forged, Text("每张卡都拒绝，一分不收", "every card refuses, and it takes nothing")) as seen:
        holds = _holds(campus)
        await till.with_psam(till.counterfeit())
        await campus.until(f"{REFUSES} on its display", lambda: till.says(REFUSES))
        seen.seen = REFUSES
    with stage.step(Text("报警", "the alarm"), Text("刷卡多被拒", "most cards are refused")) as seen:
        key = "taps-declined", source(device_of(campus, TILL))
        await campus.until("its alarm", lambda: key in alarmed.there(), TALLIED_S)
        assert not till.sold()
        assert _holds(campus) == holds, "a card has paid"
        seen.seen = key[0]


def _told(campus: Campus) -> list[tuple[str, object]]:
    """What box and ledger have said of bodies that get no epoch."""
    found = (*campus.facts("terminal-no-epoch"), *campus.facts("epoch-refused"))
    return [one for _, told in found for one in told]


def _holds(campus: Campus) -> tuple[int, int | None]:
    """What is on the card of whoever stands at that till."""
    return next(one.balances_fen() for one in Deck(campus.data).cards if one.label == CARD)


async def _play(stage: Stage) -> None:
    async with Campus(stage.room(plans.on_tcp), seed=77, tear=0.0, watched=True) as campus:
        alarmed = Alarmed(campus)
        alarmed.know_somebody()
        till = Till(campus)
        campus.plays(till.name, _people())
        campus.plays(
            f"t-{OTHER}", [{"card": "0006", "amount_fen": 100, "at": WALL.at(time.time()) + n} for n in range(120)]
        )
        for idle in ("t-pos-3", "t-load-1"):
            del campus.parts[idle]
        await campus.open()
        await campus.until_shown(2, till.name)
        await campus.stop(till.name)
        till.keep()
        swapped = Text("把旁边一台的 PSAM 插了进来", "another till's PSAM is put in")
        await _wrong(stage, till, alarmed, swapped, till.others(), MOVED)
        if stage.whole:
            foreign = Text("插进一张别校的 PSAM", "a PSAM of no school of ours")
            await _wrong(stage, till, alarmed, foreign, till.foreign(), UNKNOWN)
            await _counterfeit(stage, till, alarmed)
        with stage.step(Text("换回自己的", "its own is back"), Text("照卖，账目属实", "it sells; the books are true")):
            await till.with_psam(till.own())
            await campus.until_shown(2, till.name)
            await campus.close_shop()
            require_truth(campus)


SCENE = Scene(
    "wrong-psam",
    Text("错 PSAM", "wrong PSAM"),
    Text(
        "终端插了别台的、别校的 PSAM：屏上写明，一分不收，报警列出并通知；换回自己的就照卖",
        "another till's PSAM, or a foreign one: it says so, takes nothing, an alarm is told; its own sells again",
    ),
    _play,
)


def test_what_it_shows(plays: Callable[[Scene], None]) -> None:
    plays(SCENE)
