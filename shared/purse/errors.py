"""The faults of the card's world. None of them carries key material or a card number."""

from __future__ import annotations

from shared.errors import YktError


class PurseError(YktError):
    """Root of everything that this package raises."""


class CardLost(PurseError):
    """The card left the field, or its answer never came: what it did is not known."""


class PsamLost(PurseError):
    """The PSAM gave no answer."""


class ApduError(PurseError):
    """Bytes that are no short APDU."""


class KeyShapeError(PurseError):
    """A key, factor or MAC input of the wrong length."""


class UnsupportedAlgorithm(PurseError):
    """The algorithm selector names something that is not built here."""


class LayoutError(PurseError):
    """A card file, image or field whose bytes do not have the documented form."""
