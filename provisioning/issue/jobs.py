"""From a line of an order and a card number to everything on the card; the Personaliser of an issuing machine.

The binding is made here and nowhere else: holder by the line, serial by the number, keys by the serial. Only on an
issuing machine: keeper/issuing_keys.py gives it the keys of cards.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from provisioning.issue import personalise_apdu
from provisioning.issue.order import Order
from provisioning.issue.personalise import Validity, card_profile, card_public, public_data
from provisioning.issue.personalise_apdu import CardJob
from provisioning.issue.production import Attempt
from provisioning.issue.work import Condition
from provisioning.keeper.issuing_keys import IssuingKeys
from provisioning.plan import numbers
from shared.ids import CardId
from shared.inventory import CardRow
from shared.purse.apdu import CardChannel
from shared.purse.crypto import ALGORITHM_3DES, Key
from shared.purse.files import encode_holder

_ISSUE_DEVICE = 6


@dataclass(frozen=True, slots=True)
class School:
    """What all cards of a batch share. dates: first and last day; version: of the card keys.

    subsidy_expiry: last day (BCD) of their subsidy purses 补助, for the lines that get one; empty: the card's.
    """

    region: int
    campus: int
    dates: Validity
    version: int
    ceiling_fen: int
    subsidy_expiry: bytes = b""


@dataclass(frozen=True, slots=True)
class CardWriter:
    """Writes and checks the cards of one lease."""

    school: School
    order: Order
    keys: IssuingKeys = field(repr=False)
    transport: Key = field(repr=False)

    def job(self, attempt: Attempt) -> CardJob:
        """Everything on that attempt's card."""
        school, line = self.school, self.order.line(attempt.line)
        serial = numbers.card_serial(school.region, school.campus, attempt.number)
        public = public_data(school.region, school.campus, serial, school.dates, line.card_class)
        device = attempt.blank.to_bytes(_ISSUE_DEVICE, "big")
        keys = self.keys.of_card(school.version, serial)
        return CardJob(
            profile=card_profile(self.keys.algorithm(school.version)),
            public=public,
            holder=encode_holder(line.name),
            card_public=card_public(public, device),
            version=school.version,
            ceiling_fen=school.ceiling_fen,
            keys=keys,
            subsidy_expiry=school.subsidy_expiry if line.subsidy else None,
        )

    def condition(self, card: CardChannel, attempt: Attempt) -> Condition:
        """Of the body in the reader. CardLost."""
        return personalise_apdu.condition(card, self.transport, self.job(attempt))

    def write(self, card: CardChannel, attempt: Attempt) -> None:
        """CardSpoiled, CardLost."""
        personalise_apdu.write(card, self.transport, self.job(attempt))

    def check(self, card: CardChannel, attempt: Attempt) -> None:
        """CardSpoiled, CardLost."""
        personalise_apdu.check(card, self.job(attempt))


def card_of(school: School, attempt: Attempt) -> CardId:
    """The card id of an attempt."""
    return numbers.card(school.region, school.campus, attempt.number)


def card_row(school: School, order: Order, attempt: Attempt, algorithm: int = ALGORITHM_3DES) -> CardRow:
    """The row of the inventory for a card that is done. Its purses are empty: money comes by load.

    algorithm: selector of the masters of its version, which also says of which profile the card is.
    """
    line = order.line(attempt.line)
    return CardRow(
        card=card_of(school, attempt),
        label=line.label,
        profile=card_profile(algorithm).name,
        key_version=school.version,
        algorithm=algorithm,
        card_class=line.card_class,
        hotlist_index=attempt.number,
        issued=school.dates.issued,
        expires=school.dates.expires,
        opening_fen=0,
        group=line.group,
    )
