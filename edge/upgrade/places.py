"""Where releases of a box stand: one folder that is root's, one that is the box's. Both lie on the data partition."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

PLACE, SHIPPED, INCOMING = "/var/lib/openykt-box", "/opt/openykt/shipped", "/var/lib/openykt/incoming"
PREFIX = "OPENYKT_BOX_"
"""Of the variables of the environment that say other places: for trials."""
TRUST, CAMPUS = "trust", "campus.json"
"""Beside an archive: what officers have signed; whose they are. The second is believed once, and then for ever."""


class Places(NamedTuple):
    """place: standing, folders, link (root's). shipped: the package's release. incoming: what the box has fetched."""

    place: Path
    shipped: Path
    incoming: Path

    @property
    def standing(self) -> Path:
        """What runs, is tried, went back."""
        return self.place / "standing.json"

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Places":
        """As the package lays them out, or as the environment says."""
        usual = ("PLACE", PLACE), ("SHIPPED", SHIPPED), ("INCOMING", INCOMING)
        return cls(*(Path(environment.get(PREFIX + name, path)) for name, path in usual))
