"""The key that webhooks of the open platform are signed by: raw octets, a seed of Ed25519, in a file of this name."""

WEBHOOK_KEY, SEED_SIZE = "open-webhook.key", 32
