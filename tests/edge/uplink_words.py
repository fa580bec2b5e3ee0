"""What the tests of the uplink say to a box, and look at."""

from shared.wire import topics
from shared.wire.messages import CHAIN_HASH_SIZE, Heads, Hello, encode_ack

TCP1 = ("tcp", 1)


def sell(field, body, times=1):
    for _ in range(times):
        field.hear(TCP1, body.sell())


def hellos(field):
    return [message for message in field.up if isinstance(message, Hello)]


def owed(field):
    return field.store.depth().unsettled


def ack_of(field, **changes):
    """An ack of all that the ledger holds, with changes."""
    body = field.ledger.ack(field.store.store, field.ledger.seqs)
    return field.ledger.sign(body._replace(**changes))


def give(field, signed):
    field.down(topics.DOWN_MONEY, encode_ack(signed))


def heads(number, chain=b"c", book=b"b"):
    return Heads(chain * CHAIN_HASH_SIZE, number, book * CHAIN_HASH_SIZE)
