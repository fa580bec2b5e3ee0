"""Words that somebody has given and taken back: a guardian's consent 同意, a grown holder's grant of sight 授权.

What was given or taken back stays on record with its moment; what counts is the newest. Inside of a transaction.
"""

from typing import NamedTuple

from cloud.store.db import Database

CONSENT, GRANT = "consent", "grant"


class Word(NamedTuple):
    """use: CONSENT or GRANT. by: who gave it; to: whom it lets see, 0: the holder himself."""

    use: str
    by: int
    to: int
    given: bool
    at_ms: int


def keep_word(db: Database, holder: str, word: Word) -> None:
    """Asked again for what stands already, nothing is added."""
    last = [one for one in words_of(db, holder) if (one.use, one.to) == (word.use, word.to)]
    same = [one for one in last if word.use == GRANT or one.by == word.by]
    if (same[-1].given if same else False) == word.given:
        return
    row = (holder, word.use, word.by, word.to, int(word.given), word.at_ms)
    db.insert("word", "holder, use, by_person, to_person, given, at_ms", [row])
    if word.use == GRANT and word.given:
        db.upsert("granted", "holder, person, at_ms", "holder, person", [(holder, word.to, word.at_ms)])
    elif word.use == GRANT:
        db.run("DELETE FROM granted WHERE holder = ? AND person = ?", (holder, word.to))


def words_of(db: Database, holder: str) -> list[Word]:
    """Oldest first."""
    rows = db.run("SELECT use, by_person, to_person, given, at_ms FROM word WHERE holder = ? ORDER BY id", (holder,))
    return [Word(use, by, to, bool(given), at_ms) for use, by, to, given, at_ms in rows]


def has_consent(db: Database, holder: str) -> bool:
    """Does the consent of one who is his guardian now stand?"""
    newest = {one.by: one.given for one in words_of(db, holder) if one.use == CONSENT}
    return any(given and person in guardians_of(db, holder) for person, given in newest.items())


def guardians_of(db: Database, holder: str) -> dict[int, str]:
    """Who has signed in as one: person → name."""
    rows = db.run(
        "SELECT p.id, p.name FROM guardian g JOIN person p ON p.id = g.person WHERE g.holder = ? ORDER BY p.id",
        (holder,),
    )
    return {int(number): str(name) for number, name in rows}
