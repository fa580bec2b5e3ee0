"""The key that webhooks of the open platform are signed by: raw octets, a seed of Ed25519, in a file of this name."""

import secrets

WEBHOOK_KEY, SEED_SIZE = "open-webhook.key", 32


def new_seed() -> bytes:
    """Random."""
    return secrets.token_bytes(SEED_SIZE)
