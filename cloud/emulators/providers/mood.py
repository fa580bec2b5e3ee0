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
    order; lost: of a hundred answers to a made order so many are lost."""

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
    "everything": Mood(
        repeat=2, reorder=True, delay_s=20, forge=True, over_fen=7, fail=30, unsigned=20, stray=True, lost=30
    ),
}
"""By the names that tests and people call them."""
