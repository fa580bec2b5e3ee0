"""The document of kind WALLETS out of the books: what terminals are told of offline codes. Inside of a snapshot.

Ended certificates stand in it until they are over by their time, and those of cards on the hotlist with them. Above
ENDED_MAX it says that none is taken: then nobody is refused by luck, and the wallet says why.
"""

from cloud.ledger.funds.offline.certificates import showable
from cloud.ledger.funds.offline.rules import code_rule, is_ruled
from cloud.store.db import Database
from shared.fleet.wallets import ENDED_MAX, Wallets


def wallets_now(db: Database, now_s: int) -> Wallets | None:
    """None: the school has never said anything of codes, and terminals have no document. now_s: campus seconds."""
    if not is_ruled(db):
        return None
    rule = code_rule(db)
    listed = {bytes(card) for (card,) in db.run("SELECT DISTINCT card FROM hotlisted")}
    ended = frozenset(one.number for one in showable(db, now_s) if one.ended_why or one.card in listed)
    if not rule.is_on or len(ended) > ENDED_MAX:
        return Wallets(0, 0, 0)
    return Wallets(rule.uses, rule.one_fen, rule.day_fen, ended)
