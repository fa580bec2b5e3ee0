"""What a holder and his guardians say of a card: loads ordered, consent and sight, disputes."""
