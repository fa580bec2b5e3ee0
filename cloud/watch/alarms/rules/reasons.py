"""Words that facts say as their reason, where one rule takes some of them and another the rest."""

PSAM = frozenset({("reason", "psam-moved"), ("reason", "psam-unknown"), ("reason", "unknown-psam")})
"""Of REASONS and REFUSALS: the PSAM itself is not what it should be."""
