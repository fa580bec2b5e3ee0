r"""How what we post is signed: HMAC-SHA256 over method, path, time and body, in one header. Pure.

    OpenYKT-Signature: t=1795836778,v1=HEX
    HEX = HMAC-SHA256(secret, METHOD + "\n" + PATH + "\n" + t + "\n" + body)

PATH is as in the request line, with what stands behind a question mark. Who checks it refuses a t that is old.
"""

import hmac
import re
from hashlib import sha256

HEADER = "OpenYKT-Signature"
_FORM = re.compile(r"t=([0-9]{1,12}),v1=([0-9a-f]{64})")


def signature(secret: bytes, method: str, path: str, unix_s: int, body: bytes) -> str:
    """The header's value."""
    head = f"{method}\n{path}\n{unix_s}\n".encode()
    return f"t={unix_s},v1={hmac.new(secret, head + body, sha256).hexdigest()}"


def signed_at(value: str, secret: bytes, method: str, path: str, body: bytes) -> int | None:
    """When this was signed with the secret; None: it was not."""
    found = _FORM.fullmatch(value)
    if found is None:
        return None
    unix_s = int(found[1])
    return unix_s if hmac.compare_digest(value, signature(secret, method, path, unix_s, body)) else None
