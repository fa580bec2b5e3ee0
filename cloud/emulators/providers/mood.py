"""How a provider misbehaves: each a switch, all of them seeded. Pure."""

import json
from dataclasses import asdict, dataclass, fields
from random import Random
from typing import Any


@dataclass
class Mood:
    """repeat: so many callbacks more of each; delay_s: each comes so late; reorder: in any order; forge: with each
    order a callback that nobody has signed; over_fen, under_fen: what payers pay too much, too little; silent: none;
    fail: of a hundred answers so many are 500; unsigned: so many are 200, not signed, and say that all is paid; mute_s:
    so long before an answer; old_key: signs with the key that has expired; stray: the bill has a payment of nobody's
    order; lost: of a hundred answers to a made order or a refund so many are lost; fee_bp: what it keeps of each
    payment, in parts of ten thousand; refuse: it gives nothing back, ever; poor: nor as long as this is so; back_s: a
    refund takes so long; break_back: and comes to nothing then; takes_back: a bank takes back by itself what it has
    done, a day later; twice: each line of the bill stands in it two times."""

    seed: int = 0
    repeat: int = 0
    delay_s: int = 0
    reorder: bool = False
    forge: bool = False
    over_fen: int = 0
    under_fen: int = 0
    silent: bool = False
    fail: int = 0
    unsigned: int = 0
    mute_s: float = 0.0
    old_key: bool = False
    stray: bool = False
    lost: int = 0
    fee_bp: int = 0
    refuse: bool = False
    poor: bool = False
    back_s: int = 0
    break_back: bool = False
    takes_back: bool = False
    twice: bool = False

    def chance(self) -> Random:
        """The emulator's own dice."""
        return Random(self.seed)  # noqa: S311  # a play, not a secret

    def changed(self, raw: bytes) -> "Mood":
        """With what a JSON object says. ValueError for a switch that is none."""
        told: dict[str, Any] = json.loads(raw)
        known = {one.name for one in fields(self)}
        if not isinstance(told, dict) or not set(told) <= known:
            raise ValueError("no such switch")
        return Mood(**{**asdict(self), **told})


MOODS: dict[str, Mood] = {
    "honest": Mood(),
    "repeats": Mood(repeat=4),
    "late": Mood(delay_s=900),
    "reordered": Mood(repeat=2, reorder=True, delay_s=30),
    "forging": Mood(forge=True, silent=True),
    "overpaid": Mood(over_fen=50),
    "far-overpaid": Mood(over_fen=500_00),
    "underpaid": Mood(under_fen=30),
    "silent": Mood(silent=True),
    "failing": Mood(fail=60),
    "unsigned": Mood(unsigned=60),
    "stray": Mood(stray=True),
    "loses-answers": Mood(lost=70, fail=20),
    "fees": Mood(fee_bp=60),
    "refuses-refunds": Mood(refuse=True),
    "slow-refunds": Mood(back_s=600, fee_bp=60),
    "broken-refunds": Mood(back_s=600, break_back=True),
    "twice-in-bills": Mood(twice=True),
    "everything": Mood(
        repeat=2, reorder=True, delay_s=20, forge=True, over_fen=7, fail=30, unsigned=20, stray=True, lost=30,
        fee_bp=38, back_s=300, twice=True,
    ),
}
"""By the names that tests and people call them."""
