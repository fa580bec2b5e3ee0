"""TLS of a terminal's TCP connection, sans-I/O: the door to ssl. Bytes of the wire in, plain bytes and alerts out.

TLS 1.2 alone, with an ephemeral key and AEAD: ECDHE-PSK where this Python has the callbacks (3.13), and where both ends
have certificates mutual ECDHE-ECDSA. No CA is asked: each end believes exactly the certificates in its file, so that
none of them opens any other door of the campus. No tickets: what a key has opened ends with this process, whose lists
are read at its start.
Refuses all else by CallRefused, which says whose fault it is; keys stand in no repr.
"""

import ssl
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from edge.link.port import CallFault
from shared.errors import ConfigFault
from shared.words.voice import Text

HAS_PSK = bool(getattr(ssl, "HAS_PSK", False))
"""Whether this Python can: 3.13 and later, with an OpenSSL that has them."""
HANDSHAKE = 0x16
"""The first byte of a TLS connection; as that of a length it would be one that no message has."""
_PSK_CIPHERS = "ECDHE-PSK-CHACHA20-POLY1305"
_CERTIFICATE_CIPHERS = "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256"
_READ_BYTES = 4096
_UNBELIEVED = frozenset({"CERTIFICATE_VERIFY_FAILED", "PEER_DID_NOT_RETURN_A_CERTIFICATE"})


class CallRefused(Exception):
    """TLS did not come about, or broke. identity: what the other end called itself; nothing of it is proven."""

    def __init__(self, why: CallFault, detail: str, identity: str = "") -> None:
        super().__init__(f"TLS {why}: {detail}")
        self.why, self.detail, self.identity = why, detail, identity


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """PEM files: our certificate, its key, and the certificates that are believed, all of them and no others."""

    NAMES: ClassVar[tuple[str, str, str]] = ("link.pem", "link.key", "link-believed.pem")
    """In the folder of a box and of a terminal, as provisioning writes them."""
    certificate: Path
    key: Path
    believed: Path

    def are_there(self) -> bool:
        """All three."""
        return all(file.exists() for file in (self.certificate, self.key, self.believed))


@dataclass(frozen=True, slots=True)
class Psk:
    """What a terminal calls itself, and its key (shared.keys.terminal_psk)."""

    identity: str
    key: bytes = field(repr=False)


class TlsEnd:
    """One end of one connection. `take` is what has to go onto the wire after each call of another method."""

    def __init__(self, made: Callable[[ssl.MemoryBIO, ssl.MemoryBIO], ssl.SSLObject], asked: "_Asked") -> None:
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = made(self._in, self._out)
        self._asked = asked
        self._identity = ""
        self.is_open = False

    def begin(self) -> None:
        """A client speaks first."""
        self._shake()

    def feed(self, data: bytes | bytearray) -> bytes:
        """What came becomes plain; CallRefused when it cannot."""
        self._in.write(data)
        if not self.is_open:
            self._shake()
        return self._opened() if self.is_open else b""

    def seal(self, plain: bytes) -> None:
        """Only once it is open."""
        self._tls.write(plain)

    def take(self) -> bytes:
        """For the wire; after CallRefused it is the alert that says so."""
        return self._out.read()

    def _shake(self) -> None:
        self._asked.identity = ""
        fault = self._step()
        self._identity = self._asked.identity or self._identity
        if fault is not None:
            raise self._refused(fault)

    def _step(self) -> ssl.SSLError | None:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return None
        except ssl.SSLError as fault:
            return fault
        self.is_open = True
        return None

    def _opened(self) -> bytes:
        plain = bytearray()
        try:
            while some := self._tls.read(_READ_BYTES):
                plain += some
        except (ssl.SSLWantReadError, ssl.SSLZeroReturnError):
            pass
        except ssl.SSLError as fault:
            raise self._refused(fault) from None
        return bytes(plain)

    def _refused(self, fault: ssl.SSLError) -> CallRefused:
        reason = fault.reason or "EOF"
        return CallRefused(self._why(reason), reason, self._identity)

    def _why(self, reason: str) -> CallFault:
        if self.is_open or reason.startswith(("SSLV3_ALERT", "TLSV1_ALERT")):
            return CallFault.BROKEN
        if reason in _UNBELIEVED:
            return CallFault.UNBELIEVED
        if not self._identity:
            return CallFault.BROKEN
        return CallFault.WRONG_KEY if self._asked.knows(self._identity) else CallFault.UNKNOWN


class TlsServer:
    """The box's side: makes an end for each call."""

    def __init__(self, keys: Mapping[str, bytes], files: CertificateFiles | None = None) -> None:
        """keys: by identity. ConfigFault when there is no way to be called, or a file is none."""
        self._asked = _Asked(keys)
        ciphers = ([_PSK_CIPHERS] if HAS_PSK else []) + ([_CERTIFICATE_CIPHERS] if files else [])
        self._context = _context(ssl.PROTOCOL_TLS_SERVER, ciphers, files)
        if sys.version_info >= (3, 13) and HAS_PSK:
            self._context.set_psk_server_callback(self._asked.key_of)

    def accept(self) -> TlsEnd:
        """For a new connection."""
        return TlsEnd(lambda come, go: self._context.wrap_bio(come, go, server_side=True), self._asked)


class TlsClient:
    """A terminal's side: makes an end for each connection."""

    def __init__(self, psk: Psk | None, files: CertificateFiles | None = None) -> None:
        """By psk, else by certificate. ConfigFault when neither is possible, or a file is none."""
        self._psk = psk if HAS_PSK else None
        ciphers = [_PSK_CIPHERS] if self._psk else [_CERTIFICATE_CIPHERS] if files else []
        self._context = _context(ssl.PROTOCOL_TLS_CLIENT, ciphers, None if self._psk else files)
        if sys.version_info >= (3, 13) and self._psk is not None:
            own = (self._psk.identity, self._psk.key)
            self._context.set_psk_client_callback(lambda _hint: own)

    def connect(self) -> TlsEnd:
        """For a new connection."""
        return TlsEnd(self._context.wrap_bio, _Asked({}))


class _Asked:
    """Which identity a handshake has just named: ssl asks for its key while one call of ours runs, and tells nobody."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self._keys = dict(keys)
        self.identity = ""

    def knows(self, identity: str) -> bool:
        return identity in self._keys

    def key_of(self, identity: str | None) -> bytes:
        """Nothing: the handshake fails, as for one that is not known."""
        self.identity = identity or ""
        return self._keys.get(self.identity, b"")


def _context(protocol: int, ciphers: list[str], files: CertificateFiles | None) -> ssl.SSLContext:
    if not ciphers:
        raise ConfigFault(
            Text(
                "链路需要 TLS：此 Python 无 TLS-PSK（3.13 起有），又无证书：provision terminal-tls",
                "the link needs TLS: this Python has no TLS-PSK (3.13 has), and there is no certificate: "
                "provision terminal-tls",
            )
        )
    context = ssl.SSLContext(protocol)
    context.check_hostname = False  # the one certificate that is believed is the name
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_RENEGOTIATION
    context.set_ciphers(":".join(ciphers))
    context.verify_mode = ssl.CERT_REQUIRED if files else ssl.CERT_NONE
    if files is not None:
        _load(context, files)
    return context


def _load(context: ssl.SSLContext, files: CertificateFiles) -> None:
    try:
        context.load_cert_chain(files.certificate, files.key)
        context.load_verify_locations(files.believed)
    except (OSError, ssl.SSLError) as fault:
        name = files.certificate
        raise ConfigFault(Text(f"{name}: 链路证书无法使用", f"{name}: the link's certificate is unusable")) from fault
