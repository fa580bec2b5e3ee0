"""Cards that took one another's place, however often: the last one's accounts stand for all of them."""

from itertools import pairwise

from cloud.ledger.funds.successors import former_cards, home_of, homes_of
from cloud.ledger.journal.opened import OpenedLedger
from tests.cloud.ledger import campus as c

CARDS = [bytes(c.card(n)) for n in range(1, 41)]


def test_forty_cards_in_one_place(opened: OpenedLedger) -> None:
    lives = [(old, 3, new, None, c.NOW.unix_ms) for old, new in pairwise(CARDS)]
    with opened.writing(c.NOW) as writing:
        db = writing.db
        db.insert("card_life", "card, state, successor, card_class, since_ms", lives)
        assert homes_of(db, CARDS[0]) == CARDS
        assert home_of(db, CARDS[20]) == home_of(db, CARDS[-1]) == CARDS[-1]
        assert former_cards(db, CARDS[-1]) == CARDS[::-1]
        assert former_cards(db, CARDS[-1], 16) == CARDS[:-17:-1]
        assert former_cards(db, CARDS[0]) == [CARDS[0]]


def test_of_two_whose_place_one_card_took_the_later_comes_first(opened: OpenedLedger) -> None:
    """Whatever order they stand in: what is looked at ends at a bound, and the newest word counts."""
    home, *former = CARDS[:4]
    lives = [(card, 3, home, None, c.NOW.unix_ms + ms) for card, ms in zip(former, (2, 3, 1), strict=True)]
    with opened.writing(c.NOW) as writing:
        writing.db.insert("card_life", "card, state, successor, card_class, since_ms", lives)
        assert former_cards(writing.db, home) == [home, former[1], former[0], former[2]]
