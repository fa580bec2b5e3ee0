"""What a shown log adds up to. Pure."""

from dataclasses import dataclass

from shared.records import LOAD_SHAPED, Kind


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

    def add(self, kind: int, fen: int) -> None:
        """One more line."""
        if kind in LOAD_SHAPED:
            self.loads += 1
            self.loads_fen += fen
        elif kind == Kind.VOID:
            self.voids += 1
            self.voided_fen += fen
        else:
            self.taps += 1
            self.fen += fen
