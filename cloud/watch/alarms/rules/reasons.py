"""Words that facts say as their reason, where one rule takes some of them and another the rest."""

PSAM = frozenset({("reason", "psam-moved"), ("reason", "psam-unknown"), ("reason", "unknown-psam")})
"""Of REASONS and REFUSALS: the PSAM itself is not what it should be."""
PROOF = frozenset({
    ("reason", "payment-mac"), ("reason", "void-mac"), ("reason", "void-witness"), ("reason", "wrong-tac"),
})  # fmt: skip
"""The proof that a record carries is wrong."""
COUNTER = frozenset({("reason", "card-key-taken"), ("reason", "ttn-taken")})
"""A counter of a card, or of a PSAM, that other bytes have used already."""
