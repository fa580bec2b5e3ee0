"""Asks a listener, byte by byte, which TLS it speaks: an own ClientHello, so that no library keeps us from asking for
what it would never speak itself. What is answered by a ServerHello is spoken; an alert or a closed door is not.
"""

import os
import socket
import struct
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

SSL_3, TLS_1_0, TLS_1_1, TLS_1_2 = 0x0300, 0x0301, 0x0302, 0x0303
OLD = {SSL_3: "SSL 3.0", TLS_1_0: "TLS 1.0", TLS_1_1: "TLS 1.1"}
STRONG = {
    0xC02B: "ECDHE-ECDSA-AES128-GCM", 0xC02C: "ECDHE-ECDSA-AES256-GCM", 0xC02F: "ECDHE-RSA-AES128-GCM",
    0xC030: "ECDHE-RSA-AES256-GCM", 0xCCA8: "ECDHE-RSA-CHACHA20", 0xCCA9: "ECDHE-ECDSA-CHACHA20",
    0xCCAC: "ECDHE-PSK-CHACHA20", 0xD001: "ECDHE-PSK-AES128-GCM", 0xD002: "ECDHE-PSK-AES256-GCM",
}  # fmt: skip
"""Forward secret and authenticated."""
WEAK = {
    0x0001: "NULL-MD5", 0x0002: "NULL-SHA", 0x003B: "NULL-SHA256", 0x0004: "RC4-MD5", 0x0005: "RC4-SHA",
    0x000A: "3DES", 0x002F: "AES128-SHA", 0x0035: "AES256-SHA", 0x003C: "AES128-SHA256", 0x003D: "AES256-SHA256",
    0x009C: "AES128-GCM", 0x009D: "AES256-GCM", 0x0033: "DHE-AES128-SHA", 0x0039: "DHE-AES256-SHA",
    0x0034: "ADH-AES128", 0x00A6: "ADH-AES128-GCM", 0xC016: "AECDH-RC4", 0xC018: "AECDH-AES128",
    0xC007: "ECDHE-ECDSA-RC4", 0xC008: "ECDHE-ECDSA-3DES", 0xC009: "ECDHE-ECDSA-AES128-SHA",
    0xC00A: "ECDHE-ECDSA-AES256-SHA", 0xC011: "ECDHE-RSA-RC4", 0xC012: "ECDHE-RSA-3DES",
    0xC013: "ECDHE-RSA-AES128-SHA", 0xC014: "ECDHE-RSA-AES256-SHA", 0xC023: "ECDHE-ECDSA-AES128-SHA256",
    0xC024: "ECDHE-ECDSA-AES256-SHA384", 0xC027: "ECDHE-RSA-AES128-SHA256", 0xC028: "ECDHE-RSA-AES256-SHA384",
    0x002C: "PSK-NULL", 0x008B: "PSK-3DES", 0x008C: "PSK-AES128-SHA", 0x008D: "PSK-AES256-SHA",
    0x00A8: "PSK-AES128-GCM", 0x00A9: "PSK-AES256-GCM", 0x00AE: "PSK-AES128-SHA256", 0xC035: "ECDHE-PSK-AES128-SHA",
    0xC037: "ECDHE-PSK-AES128-SHA256", 0xC0AC: "ECDHE-ECDSA-AES128-CCM", 0xC0AE: "ECDHE-ECDSA-AES128-CCM8",
}  # fmt: skip
"""No forward secrecy, no authentication, no encryption, CBC, or a short tag."""
ANSWER_S = 2.0
_GROUPS, _SIGNATURES = (0x001D, 0x0017, 0x0018), (0x0403, 0x0503, 0x0804, 0x0805, 0x0401, 0x0501, 0x0201, 0x0203)


class Spoken(NamedTuple):
    """What a listener has taken up. tls: does it speak TLS at all?"""

    tls: bool
    old: tuple[str, ...]
    weak: tuple[str, ...]


def scan(host: str, port: int) -> Spoken:
    """Ask for each old version, and for each weak suite by itself."""
    every = (*STRONG, *WEAK)
    if not _speaks_tls(host, port):
        return Spoken(tls=False, old=(), weak=())
    old = tuple(name for version, name in OLD.items() if _takes(host, port, version, every))
    weak = tuple(name for suite, name in WEAK.items() if _takes(host, port, TLS_1_2, (suite,)))
    return Spoken(tls=True, old=old, weak=weak)


def _speaks_tls(host: str, port: int) -> bool:
    """Any TLS record is an answer to a hello, an alert too; what is no TLS says something else, or nothing."""
    return _answer(host, port, TLS_1_2, tuple(STRONG))[:1] in (b"\x15", b"\x16")


def _takes(host: str, port: int, version: int, suites: tuple[int, ...]) -> bool:
    answer = _answer(host, port, version, suites)
    return answer[:1] == b"\x16" and answer[5:6] == b"\x02"


def _answer(host: str, port: int, version: int, suites: Iterable[int]) -> bytes:
    with closing(socket.create_connection((host, port), ANSWER_S)) as call:
        call.settimeout(ANSWER_S)
        try:
            call.sendall(hello(version, suites))
            return _whole(call)
        except (TimeoutError, ConnectionError):
            return b""


def _whole(call: socket.socket) -> bytes:
    found = b""
    while len(found) < 6 and (piece := call.recv(64)):
        found += piece
    return found


def hello(version: int, suites: Iterable[int]) -> bytes:
    """A ClientHello that offers this version at most, and these suites."""
    codes = b"".join(struct.pack(">H", suite) for suite in suites)
    groups = b"".join(struct.pack(">H", group) for group in _GROUPS)
    signed = b"".join(struct.pack(">H", one) for one in _SIGNATURES)
    extensions = _extension(10, _sized(groups)) + _extension(11, b"\x01\x00") + _extension(23, b"")
    extensions += _extension(13, _sized(signed)) if version >= TLS_1_2 else b""
    body = struct.pack(">H", version) + os.urandom(32) + b"\x00" + _sized(codes) + b"\x01\x00" + _sized(extensions)
    message = b"\x01" + len(body).to_bytes(3, "big") + body
    return b"\x16" + struct.pack(">HH", min(version, TLS_1_0), len(message)) + message


def _sized(raw: bytes) -> bytes:
    return struct.pack(">H", len(raw)) + raw


def _extension(kind: int, raw: bytes) -> bytes:
    return struct.pack(">H", kind) + _sized(raw)


class Listener(NamedTuple):
    """A TCP door of a process: who opened it, by its command line."""

    host: str
    port: int
    command: str


def listeners(root: int) -> Iterator[Listener]:
    """Every TCP door of a process and all below it."""
    inodes = {inode: pid for pid in _below(root) for inode in _sockets(pid)}
    for file in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        for line in file.read_text(encoding="ascii").splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in inodes:
                address, _, port = fields[1].partition(":")
                yield Listener(_host(address), int(port, 16), _command(inodes[fields[9]]))


def _host(hexadecimal: str) -> str:
    words = [bytes.fromhex(hexadecimal[at : at + 8])[::-1] for at in range(0, len(hexadecimal), 8)]
    family = socket.AF_INET if len(words) == 1 else socket.AF_INET6
    return socket.inet_ntop(family, b"".join(words))


def _below(root: int) -> set[int]:
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
    found = {root}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def _sockets(pid: int) -> Iterator[str]:
    try:
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            target = str(entry.readlink())
            if target.startswith("socket:["):
                yield target[8:-1]
    except OSError:
        return


def _command(pid: int) -> str:
    words = Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace").split("\0")
    return " ".join(words)
