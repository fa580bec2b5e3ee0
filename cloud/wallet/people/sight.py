"""What each may see and do of a holder: the one table of privacy. Pure.

A guardian of the roster sees a minor; at 18 what he may is to top up, and sight comes back only by the holder's word.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from enum import Enum

FIRST_DAY = date(2000, 1, 1)
OF_AGE, CONSENT_AGE = 18, 14
DAY_S = 86_400


class Bond(Enum):
    """What somebody is to a holder."""

    SELF = "self"
    GRANTED = "granted"
    """A guardian whom the holder has let see."""
    GUARDIAN = "guardian"
    TEACHER = "teacher"
    """The teacher of his class: sees his name and what is blocked, and never a payment."""


_OF_MINORS: Mapping[Bond, frozenset[str]] = {
    Bond.SELF: frozenset(("tops-up", "sees", "sets", "own")),
    Bond.GRANTED: frozenset(("tops-up", "sees", "sets")),
    Bond.GUARDIAN: frozenset(("tops-up", "sees", "sets")),
    Bond.TEACHER: frozenset(("teaches",)),
}
_OF_ADULTS: Mapping[Bond, frozenset[str]] = {
    Bond.SELF: _OF_MINORS[Bond.SELF],
    Bond.GRANTED: frozenset(("tops-up", "sees")),
    Bond.GUARDIAN: frozenset(("tops-up",)),
    Bond.TEACHER: _OF_MINORS[Bond.TEACHER],
}


def may(right: str, bond: Bond, born: str, campus_s: int) -> bool:
    """right: a value of back.context.Right that is about a holder. Whose birth is not known counts as of age: nobody's
    sight rests on a gap in the roster."""
    table = _OF_ADULTS if age(born, campus_s) >= OF_AGE else _OF_MINORS
    return right in table[bond]


def age(born: str, campus_s: int) -> int:
    """Whole years on this campus day; of age where the birth is not known. Who was born on a 29 February grows older
    on 1 March."""
    if not born:
        return OF_AGE
    today, birth = FIRST_DAY + timedelta(seconds=campus_s // DAY_S * DAY_S), date.fromisoformat(born)
    return today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day))
