"""The agent's line to the console: one POST per question, TLS against the campus authority and no other.

None means that no answer came; Revoked that the token is worth nothing. The token stands in a header and in no text.
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
from shared.wire import codec
from shared.wire.desk.line import LINE_MAX, LINE_PATH, POLL_S, LineOp
from shared.words.voice import Text

ANSWER_S = POLL_S + 15.0


class Revoked(ConfigFault):
    """Happens when the console does not know this desk's token any more."""


@dataclass(frozen=True, slots=True)
class ConsoleLine:
    """url: https://HOST:PORT. ca: the campus authority's PEM."""

    url: str
    ca: Path
    token: str = field(default="", repr=False)

    def ask(self, operation: LineOp, arguments: Sequence[object] = ()) -> list[Any] | Text | None:
        """The result, a refusal in words, or None. Revoked; ConfigFault for an address or authority that is none."""
        try:
            answer = codec.unpack(self._post(codec.pack([operation.value, *arguments])))
            return _result(answer)
        except urllib.error.HTTPError as fault:
            fault.close()
            if fault.code == 401:
                raise Revoked(REVOKED) from fault
            return None
        except (OSError, http.client.HTTPException, WireFault):
            return None

    def _post(self, body: bytes) -> bytes:
        head = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/cbor"}
        url = f"{require_https(self.url)}{LINE_PATH}"
        request = urllib.request.Request(url, body, head, method="POST")  # noqa: S310  # https, as seen above
        with urllib.request.urlopen(request, timeout=ANSWER_S, context=self._trust()) as answer:  # noqa: S310
            return bytes(answer.read(LINE_MAX + 1))

    def _trust(self) -> ssl.SSLContext:
        """The campus authority alone vouches for a console."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        try:
            context.load_verify_locations(cafile=self.ca)
        except OSError as fault:
            said = Text(f"{self.ca}: 无法读取颁发者的证书", f"{self.ca}: the authority's certificate cannot be read")
            raise ConfigFault(said) from fault
        return context


REVOKED = Text(
    "集控平台不认本台的令牌（已撤销？）：请用 --pair 重新配对",
    "the console does not know this desk's token (revoked?): pair anew with --pair",
)


def require_https(url: str) -> str:
    """Without its last slash; ConfigFault for anything but https://HOST…"""
    if not url.startswith("https://"):
        raise ConfigFault("--console: https://…")
    return url.rstrip("/")


def _result(answer: list[Any]) -> list[Any] | Text:
    if answer and answer[0] is True:
        return answer[1:]
    _, zh, en = codec.fields(answer, bool, str, str, what="refusal")
    return Text(zh, en)
