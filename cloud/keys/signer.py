"""Client of the signer, as cloud/keys/client.py is one of the key process: questions of the door, and of persons."""

from cloud.keys.client import KeyClient
from shared.errors import KeyFault, WireFault
from shared.wire.enrol.office import Op, Row, Standing, row_of, standing_of


class SignerClient(KeyClient):
    """Asks the signer at `path`: KeyFault when it refuses (KeyRefused names why) or is away (KeyProcessAway)."""

    def octets(self, op: Op, *arguments: object) -> bytes:
        """An answer of bytes."""
        return self._octets(None, op, *arguments)

    def add(self, box: str, hours: int, who: str, *, approve: bool) -> tuple[str, int, str]:
        """A new code: as people type it, until when (Unix s), and the text of its QR."""
        answer = self._ask(Op.ADD, box, hours, approve, who)
        if not isinstance(answer, list) or [type(one) for one in answer] != [str, int, str]:
            raise KeyFault("signer: no code")
        code, expires_s, qr = answer
        return code, expires_s, qr

    def rows(self) -> list[Row]:
        """Every box of the campus."""
        try:
            return [row_of(raw) for raw in self._ask(Op.LIST)]
        except (TypeError, WireFault) as fault:
            raise KeyFault("signer: no list of boxes") from fault

    def compared(self, box: str, key: bytes, who: str, *, same: bool) -> None:
        """A person compared the words of this key."""
        self._yes(Op.COMPARED, box, key, same, who)

    def cancel(self, box: str, who: str) -> None:
        """The code that is open is worth nothing any more."""
        self._yes(Op.CANCEL, box, who)

    def revoke(self, box: str, reason: str, who: str) -> int:
        """The number of the list that names it; it stands on the disk, the broker's proof follows."""
        number = self._ask(Op.REVOKE, box, reason, who)
        if not isinstance(number, int):
            raise KeyFault("signer: no number of a list")
        return number

    def standing(self) -> Standing:
        """Of the list, and its proof."""
        try:
            return standing_of(self._ask(Op.STANDING))
        except WireFault as fault:
            raise KeyFault("signer: no standing") from fault
