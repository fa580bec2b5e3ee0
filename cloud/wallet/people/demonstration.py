"""The people of a demonstration: a holder for each card, and one parent of the first two. Pure."""

from collections.abc import Sequence
from datetime import timedelta

from cloud.wallet.people.roster import Holder, RosterGuardian
from cloud.wallet.people.sight import DAY_S, FIRST_DAY
from shared.words.voice import Text

PARENT = RosterGuardian("", "19900000001", str(Text("演练家长", "Demo Parent").zh))
AGES = (12, 16, 19)
"""Of the holders, in turn: one whose guardian must consent, one whom a guardian sees, one of age."""
YEAR_DAYS = 366
_PUPIL, _GROUP = Text("演练同学", "Demo Pupil").zh, Text("演练一班", "Demo Class 1").zh


def demonstration(labels: Sequence[str], campus_s: int) -> tuple[list[Holder], list[RosterGuardian]]:
    """labels: of the cards, in their order."""
    today = FIRST_DAY + timedelta(days=campus_s // DAY_S)
    holders = [
        Holder(
            f"{2_026_000_001 + at}", f"{_PUPIL}{at + 1:03d}",
            (today - timedelta(days=YEAR_DAYS * AGES[at % len(AGES)] + 30)).isoformat(), _GROUP, label,
        )
        for at, label in enumerate(labels)
    ]  # fmt: skip
    return holders, [PARENT._replace(holder=one.number) for one in holders[:2]]
