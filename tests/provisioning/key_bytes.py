"""The bytes of a stored key that are secret: an authority's key is mostly form and public half."""

from provisioning.keys.store import KeyKind, StoredKey


def private_bytes(key: StoredKey) -> bytes:
    """The private number of a PKCS8 P-256 key; else the key itself."""
    return key.octets[36:68] if key.kind is KeyKind.AUTHORITY else key.octets
