"""What a shown log adds up to. Pure."""

from dataclasses import dataclass

from shared.records import LOAD_SHAPED, VOIDS, Kind, Pair


@dataclass(slots=True)
class Shown:
    """What a log adds up to."""

    taps: int = 0
    fen: int = 0
    loads: int = 0
    loads_fen: int = 0
    voids: int = 0
    voided_fen: int = 0
    """Of fen, given back."""
    payments: int = 0
    payments_fen: int = 0
    """账户支付: by online accounts, beside taps and fen, which are of purses."""

    meals: int = 0
    meals_fen: int = 0
    """By number, without a card: beside them, too."""

    codes: int = 0
    codes_fen: int = 0
    """By phones' offline codes: beside them, too."""

    def add(self, kind: int, fen: int, pair: int = Pair.ALONE) -> None:
        """One more line. The first of a mixed payment is money, and no tap of its own."""
        if kind in LOAD_SHAPED:
            self.loads += 1
            self.loads_fen += fen
        elif kind in VOIDS:
            self.voids += 1
            self.voided_fen += fen
        elif kind == Kind.ONLINE:
            self.payments += 1
            self.payments_fen += fen
        elif kind == Kind.CODE:
            self.codes += 1
            self.codes_fen += fen
        elif kind == Kind.MEAL:
            self.meals += 1
            self.meals_fen += fen
        else:
            self.taps += pair != Pair.FIRST
            self.fen += fen
