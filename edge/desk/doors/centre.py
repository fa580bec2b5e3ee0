"""The desk's line to the ledger: one POST per question, bounded, TLS against the campus authority.

None means *not known*: the question may have been answered there. Whoever asked something that changes the books asks
again with the same key. Refuses an answer that is longer than ANSWER_MAX or malformed as if there was none.
"""

from __future__ import annotations

import http.client
import ssl
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shared.errors import ConfigFault, WireFault
from shared.wire.desk.calls import ANSWER_MAX, DESK_PATH, DeskOp, No, decode_answer, encode_ask
from shared.words.voice import Text

ANSWER_S = 6.0
FORBIDDEN = No.of("forbidden", Text("令牌无效：请重新准许该收银员", "the token is not valid: admit the cashier again"))


@dataclass(frozen=True, slots=True)
class Centre:
    """Where the centre is. token: the cashier's; ca: PEM file, None for the system's authorities."""

    url: str
    token: str = field(repr=False)
    ca: Path | None = None

    def ask(self, operation: DeskOp, arguments: Sequence[object]) -> list[Any] | No | None:
        """The result, why not, or None when no answer came."""
        try:
            return decode_answer(self._post(encode_ask(operation, arguments)))
        except urllib.error.HTTPError as fault:
            fault.close()
            return FORBIDDEN if fault.code == 401 else None
        except (OSError, http.client.HTTPException, WireFault):
            return None

    def _post(self, body: bytes) -> bytes:
        url = f"{self.url.rstrip('/')}{DESK_PATH}"
        if not url.startswith("https://"):
            raise ConfigFault("--url: https://…")
        head = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/cbor"}
        request = urllib.request.Request(url, body, head, method="POST")  # noqa: S310  # https, as seen above
        context = ssl.create_default_context(cafile=self.ca)
        with urllib.request.urlopen(request, timeout=ANSWER_S, context=context) as answer:  # noqa: S310  # as above
            return bytes(answer.read(ANSWER_MAX + 1))
