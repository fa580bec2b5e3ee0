"""Which device of a holder's has which phone's certificate for offline codes 脱机付款码. Inside of a transaction.

The certificate stands in the books; here stands whose session asked for it, so that it ends with the session, and with
which of the phone's keys, so that it is renewed for the same phone alone. Bound: a row goes KEPT_S after its end.
"""

from typing import NamedTuple

from cloud.store.db import Database
from shared.ids import CardId

KEPT_S = 14 * 86_400
"""Behind its end: a phone that was put away so long is renewed without a proof, while its session lives."""


class HeldPhone(NamedTuple):
    """certificate: its number in the books. session: of the device, by its key; agent: what the device calls itself."""

    certificate: int
    holder: str
    card: CardId
    session: bytes
    public: bytes
    agent: str
    until_s: int


_COLUMNS = "certificate, holder, card, session, public, agent, until_s"
_PHONE = f"SELECT {_COLUMNS} FROM phone"  # noqa: S608  # our own names


def keep_phone(db: Database, phone: HeldPhone, now_s: int) -> None:
    """Kept once; those that are long over go."""
    db.run("DELETE FROM phone WHERE until_s <= ?", (now_s - KEPT_S,))
    db.upsert("phone", _COLUMNS, "certificate", [phone])


def phones_of(db: Database, holder: str) -> list[HeldPhone]:
    """The newest first."""
    return _phones(db.run(f"{_PHONE} WHERE holder = ? ORDER BY until_s DESC", (holder,)))


def without_session(db: Database) -> list[HeldPhone]:
    """Those whose device is signed out, however that came."""
    return _phones(db.run(_PHONE + " WHERE session NOT IN (SELECT token FROM session)"))  # noqa: S608  # our own names


def forget_phone(db: Database, certificate: int) -> None:
    """When the books know that it has ended."""
    db.run("DELETE FROM phone WHERE certificate = ?", (certificate,))


def _phones(rows: list[tuple[object, ...]]) -> list[HeldPhone]:
    return [HeldPhone(*row) for row in rows]  # type: ignore[arg-type]  # as the columns are typed
