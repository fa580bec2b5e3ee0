"""How a webhook is signed: Standard Webhooks (v1a), Ed25519 over `ID.TIMESTAMP.BODY`. Pure.

Why this form: three headers and one call of any library verify it, where RFC 9421 wants a parser of structured fields;
and a public key, so that nothing lies at the receiver by which somebody could sign, and no secret is kept here twice.
The key's id goes beside it in `webhook-key-id`; the published keys (GET /v1/webhook-keys) say which one it is.
"""

import base64
import hashlib
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

VERSION = "v1a"
STALE_S = 300
"""A receiver refuses what is older or newer than this; the document says so."""


def public_of(key: Ed25519PrivateKey) -> bytes:
    """32 octets."""
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def key_id(public: bytes) -> str:
    """By its content."""
    return hashlib.sha256(public).hexdigest()[:16]


def published(public: bytes) -> dict[str, Any]:
    """As a JSON Web Key."""
    x = base64.urlsafe_b64encode(public).rstrip(b"=").decode()
    return {"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": key_id(public), "x": x}


def headers(key: Ed25519PrivateKey, event: str, unix_s: int, body: bytes) -> dict[str, str]:
    """What goes with the body."""
    signature = key.sign(f"{event}.{unix_s}.".encode() + body)
    return {
        "webhook-id": event, "webhook-timestamp": str(unix_s),
        "webhook-signature": f"{VERSION},{base64.b64encode(signature).decode()}",
        "webhook-key-id": key_id(public_of(key)),
    }  # fmt: skip
