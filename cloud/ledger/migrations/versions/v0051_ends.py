"""Ends of spare cards, and persons' numbers with letters: no table, but rows that programs of before cannot read."""

revision = "0051"
down_revision = "0049"


def upgrade() -> None:
    """What is new stands in columns that are there: acts of spare_card, kinds of posting, numbers of rosters."""
