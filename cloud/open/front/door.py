"""The way out to a webhook: one POST over HTTPS to an address that was judged; what it answers is its status alone.

No redirect is followed, no proxy, no cookie; of the answer the first line is read. ANSWER_S is all that a receiver has
for everything: name, connection, handshake, answer.
"""

import asyncio
import re
import socket
import ssl
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cloud.open.webhooks.addresses import AddressRefused, Target, require_reachable

ANSWER_S = 10.0
LINE_MAX = 4096
"""Octets of an answer's first line, and of what is read ahead with it."""
NAMES = 8
"""Names that are looked up at once; a resolver that hangs holds up those behind it, for ANSWER_S, and nobody else."""
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})(?: |\r)")
_FAULTS = (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError)


class WebhookDoor:
    """ca: of the campus; it is believed beside the system's, by hosts that the operator allows."""

    def __init__(self, ca: Path) -> None:
        self._names = ThreadPoolExecutor(NAMES, thread_name_prefix="names")
        self._public = ssl.create_default_context()
        self._allowed = ssl.create_default_context()
        self._allowed.load_verify_locations(ca)

    async def post(
        self, target: Target, headers: Mapping[str, str], body: bytes, allowed: frozenset[str]
    ) -> tuple[int, str]:  # fmt: skip
        """Status and fault: 0, and a word for why there is no answer."""
        try:
            async with asyncio.timeout(ANSWER_S):
                return await self._posted(target, headers, body, allowed), ""
        except TimeoutError:
            return 0, "timeout"
        except AddressRefused:
            return 0, "address"
        except ssl.SSLError:
            return 0, "tls"
        except _FAULTS as fault:
            return 0, "name" if isinstance(fault, socket.gaierror) else "connection"

    async def _posted(
        self, target: Target, headers: Mapping[str, str], body: bytes, allowed: frozenset[str]
    ) -> int:  # fmt: skip
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._names, _addresses, target.host, target.port)
        address = require_reachable(target.host, found, allowed)
        context = self._allowed if target.host in allowed else self._public
        reader, writer = await asyncio.open_connection(
            address, target.port, ssl=context, server_hostname=target.host, limit=LINE_MAX
        )
        try:
            writer.write(_request(target, headers, body))
            await writer.drain()
            status = _STATUS.match(await reader.readuntil(b"\n"))
            return int(status[1]) if status else 0
        finally:
            writer.transport.abort()

    def close(self) -> None:
        """Let go; who still waits for a name is not waited for."""
        self._names.shutdown(wait=False, cancel_futures=True)


def _addresses(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def _request(target: Target, headers: Mapping[str, str], body: bytes) -> bytes:
    host = f"[{target.host}]" if ":" in target.host else target.host
    place = host if target.port == 443 else f"{host}:{target.port}"
    lines = (
        f"POST {target.path} HTTP/1.1", f"Host: {place}", "Content-Type: application/json", "User-Agent: OpenYKT",
        "Connection: close", f"Content-Length: {len(body)}", *(f"{name}: {value}" for name, value in headers.items()),
        "", "",
    )  # fmt: skip
    return "\r\n".join(lines).encode("ascii") + body
