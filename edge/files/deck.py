"""The demonstration's cards on disk: DATA/cards/index.json names a file for each label.

Putting a card into a field takes its lock and powers it; labels are text: 0012 is not 12.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from edge.files.disk import Disk
from edge.files.memory import FileMemory, read_image
from shared.errors import ConfigFault, WireFault
from shared.ids import CardId, card_id
from shared.purse.cos.card import UserCard
from shared.purse.cos.images import decode_card_image
from shared.purse.cos.torn import Plan, TearingChannel
from shared.purse.profiles import SUBSIDY
from shared.transit.ride_record import RideRecord, ride_of
from shared.words.refused import why_not
from shared.words.voice import Text

OPERATORS = "operators"


@dataclass(frozen=True, slots=True)
class CardFile:
    """One card: the text printed on it, its id, its file."""

    label: str
    card: CardId
    path: Path

    def balance_fen(self) -> int:
        """What its main purse holds, read past its lock."""
        return decode_card_image(read_image(self.path)).balance_fen

    def balances_fen(self) -> tuple[int, int | None]:
        """What its main and its subsidy purse hold; None: it has no subsidy purse."""
        raw = read_image(self.path)
        subsidy = decode_card_image(raw, SUBSIDY.aid).purse
        return decode_card_image(raw).balance_fen, None if subsidy is None else subsidy.balance_fen

    def ride(self) -> RideRecord | None:
        """What it knows of its rides, read past its lock; None: it has no transit record."""
        return ride_of(decode_card_image(read_image(self.path)).capp)


class Deck:
    """All cards of a data folder, in the order of the index; ConfigFault when there is no sound index.

    folder: "cards", or "operators", the supervisors' 主管卡; a campus of before has none of those.
    """

    def __init__(self, data: Path, folder: str = "cards") -> None:
        index = data / folder / "index.json"
        try:
            raw = json.loads(index.read_text(encoding="utf-8"))
            rows = [
                CardFile(label, card_id(bytes.fromhex(row["card"])), index.parent / row["file"])
                for label, row in raw.items()
            ]
        except FileNotFoundError as fault:
            said = Text(
                f"{data}: 这里没有校园数据，先 ./ykt up，或用 --data 指明",
                f"{data}: no campus here: ./ykt up first, or name --data",
            )
            raise ConfigFault(said) from fault
        except OSError as fault:
            why = why_not(fault)
            raise ConfigFault(Text(f"{index}: 无法读取：{why}", f"{index}: cannot be read: {why}")) from fault
        except (ValueError, RecursionError, KeyError, TypeError, AttributeError, WireFault) as fault:
            said = Text(f"{index}: 卡片索引损坏：{fault}", f"{index}: no sound index of cards: {fault}")
            raise ConfigFault(said) from fault
        self.cards = tuple(rows)
        self._by_label = {row.label: row for row in rows}

    def find(self, label: str) -> CardFile | None:
        """The card with this label."""
        return self._by_label.get(label)


def operators_of(data: Path) -> Deck | None:
    """The supervisors' cards 主管卡 of a data folder; a campus of before has none."""
    return Deck(data, OPERATORS) if (data / OPERATORS / "index.json").exists() else None


class Laid:
    """A card in a field, powered. InUse when it lies in another one. `channel` answers commands, or tears as told."""

    def __init__(self, card: CardFile, disk: Disk | None = None, tear: Plan | None = None) -> None:
        self.card = card
        self._memory = FileMemory(card.path, disk)
        chip = UserCard(self._memory, os.urandom)
        chip.power_on()
        self.channel = chip if tear is None else TearingChannel(chip, tear)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._memory.close()
