"""What pages and commands ask the signer of boxes; cloud.keys.signer is it."""

from collections.abc import Sequence
from typing import Protocol

from shared.wire.enrol.office import Row, Standing


class BoxOffice(Protocol):
    """KeyFault when refused or away."""

    def add(self, box: str, hours: int, who: str, *, approve: bool) -> tuple[str, int, str]:
        """A new code, until when, and the text of its QR."""

    def rows(self) -> Sequence[Row]:
        """Every box."""

    def compared(self, box: str, key: bytes, who: str, *, same: bool) -> None:
        """A person compared the words of this key."""

    def cancel(self, box: str, who: str) -> None:
        """The open code is worth nothing any more."""

    def revoke(self, box: str, reason: str, who: str) -> int:
        """The number of the list that names it."""

    def standing(self) -> Standing:
        """Of the list."""
