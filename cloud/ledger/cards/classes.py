"""Classes 班级 of cards' holders: what the newest inventory says of them. They move no money and prove nothing.

A class tells what a class teacher may see. Who moves up is of another class with the next inventory, which is no other
card; one that names no class leaves what was said.
"""

from collections.abc import Iterable, Mapping, Sequence

from cloud.store.db import Database
from shared.inventory import CardRow


def take_classes(db: Database, cards: Iterable[CardRow]) -> None:
    """Inside of a transaction. An inventory of before has none."""
    db.upsert("holder_class", "card, name", "card", [(one.card, one.group) for one in cards if one.group])


def hand_class_on(db: Database, old: bytes, new: bytes) -> None:
    """A card that takes another one's place has its holder."""
    if name := class_of(db, old):
        db.upsert("holder_class", "card, name", "card", [(new, name)])


def class_of(db: Database, card: bytes) -> str:
    """'': nobody has said."""
    return classes_of(db, [card]).get(bytes(card), "")


def classes_of(db: Database, cards: Sequence[bytes]) -> Mapping[bytes, str]:
    """Of those that have one."""
    rows = db.find("SELECT card, name FROM holder_class WHERE card", cards)
    return {bytes(card): name for card, name in rows}


def in_class(db: Database, name: str, most: int) -> list[bytes]:
    """Cards of a class, by label."""
    rows = db.run(
        "SELECT h.card FROM holder_class h JOIN card c ON c.card = h.card WHERE h.name = ? ORDER BY c.label LIMIT ?",
        (name, most),
    )
    return [bytes(card) for (card,) in rows]


def classes(db: Database) -> list[str]:
    """Every class that a card is of, by name."""
    return [name for (name,) in db.run("SELECT DISTINCT name FROM holder_class ORDER BY name")]
