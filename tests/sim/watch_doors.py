"""Ways out of the small world of the watch: they are away, refuse, lose their own answer, and tell of receipts as they
like: late, twice, never, or of messages that nobody has sent. Drawn from the seed."""

import re
from collections import Counter
from collections.abc import Sequence
from enum import Enum
from random import Random

from cloud.watch.notify.channels.door import Arrived, ChannelFault, Given, Reply
from cloud.watch.notify.queue import Message

CODE = re.compile(r"(?<!\d)\d{6}(?!\d)")
ANSWERED, WRONG = 0.25, 0.1
"""Shares of messages with a code that somebody answers, and of answers that are not right."""
NO_RECEIPT, TWICE, SAYS_NO, LATER = 0.3, 0.3, 0.1, 0.5


class Mood(Enum):
    """How a way is for a while."""

    FINE = "fine"
    AWAY = "away"
    PICKY = "picky"
    """Refuses some for good."""
    LOSES = "loses"
    """Takes some, and its word for that is lost."""


class SimDoor:
    """What it took and said stays for the laws."""

    def __init__(self, random: Random, *, is_sms: bool) -> None:
        self.mood = Mood.FINE
        self.took: Counter[int] = Counter()
        self.excused: Counter[int] = Counter()
        """Times that a message may come again: what was said of it did not arrive."""
        self.refused: set[int] = set()
        self.said: dict[str, bool] = {}
        """Part → the first word about it that was told."""
        self.parts: dict[str, tuple[str, ...]] = {}
        """Receipt → its parts."""
        self._random, self._is_sms = random, is_sms
        self._waits: list[Arrived | Reply] = []

    def send(self, message: Message) -> Given:
        """As its mood is."""
        chance = self._random.random()
        if self.mood is Mood.AWAY:
            raise ChannelFault("away", for_all=True)
        if self.mood is Mood.PICKY and chance < 0.5:
            self.refused.add(message.number)
            raise ChannelFault("no such address", for_good=True)
        self.took[message.number] += 1
        if self.mood is Mood.LOSES and chance < 0.5:
            self.excused[message.number] += 1
            raise ChannelFault("its answer was lost", for_all=chance < 0.25)
        receipt = f"{message.number}.{self.took[message.number]}"
        self.parts[receipt] = tuple(f"{receipt}.{n}" for n in range(self._random.choice((1, 1, 2)))) * self._is_sms
        self._think_of(message, self.parts[receipt])
        return Given(receipt, self.parts[receipt])

    def heard(self, awaited: object = ()) -> list[Arrived | Reply]:
        """Some of what waits, in no order."""
        if self.mood is Mood.AWAY:
            raise ChannelFault("away", for_all=True)
        self._random.shuffle(self._waits)
        count = len(self._waits) if self._random.random() > LATER else self._random.randint(0, len(self._waits))
        found, self._waits = self._waits[:count], self._waits[count:]
        for one in found:
            if isinstance(one, Arrived):
                self.said.setdefault(one.numbers[0], one.is_there)
        return found

    def _think_of(self, message: Message, parts: Sequence[str]) -> None:
        rng = self._random
        for part in parts:
            if rng.random() > NO_RECEIPT:
                told = Arrived((part,), rng.random() > SAYS_NO, message.address)
                self._waits += [told] * (2 if rng.random() < TWICE else 1)
        if rng.random() < 0.05:
            self._waits.append(Arrived(("nobody's",), rng.random() < 0.5))
        found = CODE.search(message.text) if self._is_sms else None
        if found and rng.random() < ANSWERED:
            code = "000000" if rng.random() < WRONG else found[0]
            self._waits.append(Reply(message.address, f"{code} 接单"))
