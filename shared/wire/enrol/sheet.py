"""A box's acceptance sheet 验收单, signed by the box's own key: what was measured, by whom, when, with what.

One JSON object: `content` as text (so that its bytes are what was signed), `certificate` PEM, `signature` base64 of
ECDSA-SHA256 over CONTEXT and the text. Whoever reads it asks its own CA about the certificate. Pure.
"""

import base64
import binascii
import json
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from shared.errors import ConfigFault, WireFault
from shared.words.voice import Text

CONTEXT = b"openykt acceptance sheet v1\0"
SHEET_MAX = 256 * 1024
_MALFORMED = (
    ValueError, KeyError, TypeError, AttributeError, RecursionError, binascii.Error, InvalidSignature,
    UnsupportedAlgorithm, x509.InvalidVersion,
)  # fmt: skip
_BAD = Text("验收单被改动，或不是签过的验收单", "the sheet was changed, or is no signed sheet")


class Opened(NamedTuple):
    """A sheet whose signature is its certificate's. Whose that certificate is, is not asked here."""

    content: dict[str, Any]
    certificate: bytes


def sign_sheet(content: dict[str, Any], key_pem: bytes, certificate: bytes) -> bytes:
    """The sheet's bytes; ConfigFault when the key is none."""
    try:
        key = load_pem_private_key(key_pem, None)
    except (ValueError, TypeError):
        raise ConfigFault(Text("网关私钥损坏", "the box's key is damaged")) from None  # its text may quote the file
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ConfigFault(Text("网关私钥须为 EC", "the box's key must be EC"))
    text = json.dumps(content, ensure_ascii=False, sort_keys=True)
    signature = key.sign(CONTEXT + text.encode(), ec.ECDSA(SHA256()))
    whole = {"content": text, "certificate": certificate.decode("ascii")}
    whole["signature"] = base64.b64encode(signature).decode()
    return json.dumps(whole, ensure_ascii=False, indent=1).encode() + b"\n"


def open_sheet(raw: bytes) -> Opened:
    """WireFault unless it is whole and signed."""
    if len(raw) > SHEET_MAX:
        raise WireFault(_BAD)
    try:
        whole = json.loads(raw)
        text, pem = whole["content"], whole["certificate"].encode("ascii")
        signature = base64.b64decode(whole["signature"], validate=True)
        public = x509.load_pem_x509_certificate(pem).public_key()
        content = json.loads(text)
        if not isinstance(public, ec.EllipticCurvePublicKey) or not isinstance(content, dict):
            raise WireFault(_BAD)
        public.verify(signature, CONTEXT + text.encode(), ec.ECDSA(SHA256()))
    except _MALFORMED as fault:
        raise WireFault(_BAD) from fault
    return Opened(content, pem)
