"""What a rotation of one version of the card masters costs: cards, PSAMs, days. Pure.

Days of cards are the pace that card production is built for: 6,000 in two days on three machines. Days of PSAMs are an
assumption, said as such: a fitter goes to each terminal.
"""

from collections.abc import Iterable
from typing import NamedTuple

from provisioning.psam.register import PsamEntry
from shared.clocks.clock import time_text
from shared.words.voice import Text

CARDS_A_DAY = 3_000
PSAMS_A_DAY = 60
"""Eight minutes each, the way included: an assumption."""


class Cost(NamedTuple):
    """cards: valid ones of this version, to be exchanged or written again. psams: live ones to be renewed.

    last_s: campus second at which the last of these cards expires by itself; 0 if there is none.
    """

    version: int
    cards: int
    psams: int
    last_s: int

    @property
    def card_days(self) -> float:
        """At CARDS_A_DAY."""
        return round(self.cards / CARDS_A_DAY, 1)

    @property
    def psam_days(self) -> float:
        """At PSAMS_A_DAY."""
        return round(self.psams / PSAMS_A_DAY, 1)

    def to_json(self) -> dict[str, int | float]:
        """For a program."""
        return {**self._asdict(), "card_days": self.card_days, "psam_days": self.psam_days}

    def text(self) -> Text:
        """For people."""
        cards = Text(
            f"{self.cards} 张有效卡 ≈ {self.card_days} 天（每天 {CARDS_A_DAY} 张）",
            f"{self.cards} valid cards ≈ {self.card_days} days ({CARDS_A_DAY} a day)",
        )
        psams = Text(
            f"{self.psams} 个 PSAM ≈ {self.psam_days} 天（按每天 {PSAMS_A_DAY} 个估）",
            f"{self.psams} PSAMs ≈ {self.psam_days} days ({PSAMS_A_DAY} a day assumed)",
        )
        told = Text(f"版本 {self.version}：{cards.zh}；{psams.zh}", f"version {self.version}: {cards.en}; {psams.en}")
        if not self.last_s:
            return told
        last = time_text(self.last_s)
        return Text(f"{told.zh}，末张 {last} 到期", f"{told.en}, the last expires {last}")


def cost(version: int, cards: Iterable[tuple[int, int]], live: Iterable[PsamEntry], now_s: int) -> Cost:
    """cards: version and expiry of each card that is out. live: PSAMs that may still sell: each gets new masters."""
    expiries = [expires for known, expires in cards if known == version and expires > now_s]
    return Cost(version, len(expiries), sum(1 for _ in live), max(expiries, default=0))
