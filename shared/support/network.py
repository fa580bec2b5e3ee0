"""Checks of what answers on the network and on sockets of this machine: reached, spoken to by TLS, or a port taken."""

import errno
import socket
import ssl
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from shared.support.checks import Answer, bad, good
from shared.words.voice import Text

CALL_S = 2.0
"""For a call to be taken, and for a handshake."""


class Pair(NamedTuple):
    """PEM files: an authority, and a certificate of it with its key."""

    ca: Path
    certificate: Path
    key: Path


def broker(host: str, port: int, pair: Pair | None) -> Iterator[Answer]:
    """It takes the call and, with a pair, believes our certificate and shows one that we believe."""
    where = f"{host}:{port}"
    try:
        with closing(socket.create_connection((host, port), CALL_S)) as call:
            if pair is None:
                yield good(Text(f"{where} 应答（无 TLS）", f"{where} answers (no TLS)"))
                return
            yield _shaken(call, host, where, pair)
    except OSError as fault:
        why = fault.strerror or type(fault).__name__
        yield bad(
            Text(f"{where} 连不上：{why}", f"{where} cannot be reached: {why}"),
            Text("看消息代理是否在运行、地址与防火墙", "see whether the broker runs; then address and firewall"),
        )


def _shaken(call: socket.socket, host: str, where: str, pair: Pair) -> Answer:
    try:
        context = ssl.create_default_context(cafile=str(pair.ca))
        context.load_cert_chain(pair.certificate, pair.key)
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        with context.wrap_socket(call, server_hostname=host) as spoken:
            spoken.settimeout(CALL_S)
            return _taken(spoken, where)
    except ssl.SSLCertVerificationError as fault:
        return bad(
            Text(
                f"{where} 出示的证书不可信：{fault.verify_message}",
                f"{where} shows a certificate that is not believed: {fault.verify_message}",
            ),
            Text(
                "看时钟、主机名，ca.pem 是否本校园的",
                "look at the clock, the host's name, whether ca.pem is this campus's",
            ),
        )
    except (ssl.SSLError, OSError, ValueError) as fault:
        why = getattr(fault, "reason", None) or getattr(fault, "strerror", None) or type(fault).__name__
        return bad(
            Text(f"{where} TLS 不成：{why}", f"{where} no TLS: {why}"),
            Text(
                "看本机证书是否到期、被吊销、与钥匙成对",
                "see whether our certificate has ended, is revoked, and has its key",
            ),
        )


def _taken(spoken: ssl.SSLSocket, where: str) -> Answer:
    """With TLS 1.3 a refused certificate is told behind the handshake; a broker that says nothing has taken it."""
    spoken.settimeout(0.3)
    try:
        spoken.recv(1)
    except TimeoutError:
        version = spoken.version() or ""
        return good(Text(f"{where} 应答，{version}", f"{where} answers, {version}"))
    except OSError as fault:
        why = getattr(fault, "reason", None) or type(fault).__name__
        return bad(
            Text(f"{where} 不认本机的证书：{why}", f"{where} does not believe our certificate: {why}"),
            Text("证书到期或被吊销：重新签发", "it has ended or is revoked: have it issued anew"),
        )
    return bad(
        Text(f"{where} 握手之后即挂断", f"{where} hangs up behind the handshake"),
        Text("看消息代理的日志", "see the broker's log"),
    )


def answers(place: tuple[str, int] | Path) -> bool:
    """Does anybody take a call there?"""
    try:
        if isinstance(place, Path):
            with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as call:
                call.settimeout(CALL_S)
                call.connect(str(place))
            return True
        socket.create_connection(place, CALL_S).close()
    except OSError:
        return False
    return True


def port_free(host: str, port: int) -> Answer:
    """Could a part of ours listen there?"""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((host, port))
        except OSError as fault:
            if fault.errno != errno.EADDRINUSE:
                raise
            return bad(
                Text("端口已被占用", "the port is taken"),
                Text(f"看是谁：ss -ltnp sport = :{port}", f"see by whom: ss -ltnp sport = :{port}"),
                f"{host}:{port}",
            )
    return good(Text("端口空着", "the port is free"), f"{host}:{port}")
