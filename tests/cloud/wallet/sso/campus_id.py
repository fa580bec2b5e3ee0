"""A school's identity server on loopback: OpenID Connect by code and CAS 3.0, as its specifications say, and what can
be wrong with one. No window: whoever is named in `user` has just proven himself."""

import base64
import hashlib
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "openykt", "a client's secret"
CAS_OK = (
    '<cas:serviceResponse xmlns:cas="http://www.yale.edu/tp/cas"><cas:authenticationSuccess><cas:user>{user}</cas:user>'
    "<cas:attributes><cas:employeeNumber>{number}</cas:employeeNumber></cas:attributes>"
    "</cas:authenticationSuccess></cas:serviceResponse>"
)
CAS_NO = (
    '<cas:serviceResponse xmlns:cas="http://www.yale.edu/tp/cas"><cas:authenticationFailure code="INVALID_TICKET">no'
    "</cas:authenticationFailure></cas:serviceResponse>"
)

RUBBISH = {
    "rubbish": "<rubbish", "of no charset": '<?xml version="1.0" encoding="xx"?><a/>',
    "a file": f'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>{CAS_OK.replace("{user}", "&a;")}',
    "grows": f'<!DOCTYPE x [<!ENTITY a "{"a" * 30_000}">]>{CAS_OK.replace("{user}", "&a;" * 5_000)}',
}


@dataclass
class CampusId:
    """user: who signs on next, and his number. wrong: what it does wrong, by name. claims: beside the usual ones."""

    now_s: int
    user: tuple[str, str] = ("u-1", "2026001")
    wrong: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    url: str = ""
    over: threading.Event = field(default_factory=threading.Event)
    asked: list[str] = field(default_factory=list)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "1", "use": "sig"}))
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def rotate(self) -> None:
        """Another key, under another name."""
        self.key = RSAKey.generate_key(2048, {"kid": "2", "use": "sig"})

    def signs_on(self, url: str) -> dict[str, str]:
        """As a browser that goes there and is sent back: the parameters of the address that it comes back to."""
        parts, code = urlsplit(url), secrets.token_urlsafe(16)
        given = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self._codes[code] = given
        back = given["service"] if "service" in given else given["redirect_uri"]
        shown = {"ticket": code} if "service" in given else {"code": code, "state": given["state"]}
        back = f"{back}{'&' if '?' in back else '?'}{urlencode(shown)}"
        return {name: values[0] for name, values in parse_qs(urlsplit(back).query).items()}

    def answer(self, path: str, given: dict[str, str], authorization: str) -> tuple[int, str, bytes]:
        """Status, type, body."""
        self.asked.append(path)
        if self.wrong == "hangs":
            threading.Event().wait(30)
        if self.wrong == "is too deep":
            return 200, "application/json", b"[" * 30_000
        if self.wrong == "is too long":
            return 200, "application/json", b" " * 200_000
        if path == "/.well-known/openid-configuration":
            return _json(self._metadata())
        if path == "/keys":
            return _json({"keys": [self.key.as_dict(private=False)]})
        if path == "/token":
            return self._token(given, authorization)
        if path == "/userinfo":
            return _json({"sub": "u-9" if self.wrong == "userinfo of another" else self.user[0], "no": self.user[1]})
        if path == "/cas/p3/serviceValidate":
            return 200, "application/xml", self._validated(given).encode()
        return 404, "text/plain", b""

    def _metadata(self) -> dict[str, str]:
        issuer = "https://somebody.else" if self.wrong == "another issuer" else self.url
        swaps_at = "http://198.51.100.1/token" if self.wrong == "a token address in plain" else f"{self.url}/token"
        return {
            "issuer": issuer, "authorization_endpoint": f"{self.url}/authorize", "token_endpoint": swaps_at,
            "jwks_uri": f"{self.url}/keys", "userinfo_endpoint": f"{self.url}/userinfo",
        }  # fmt: skip

    def _token(self, given: dict[str, str], authorization: str) -> tuple[int, str, bytes]:
        asked = self._codes.pop(given.get("code", ""), None)
        client = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        verifier = hashlib.sha256(given.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).rstrip(b"=").decode()
        if (
            asked is None or asked["code_challenge"] != challenge or asked["prompt"] != "login"
            or authorization != f"Basic {client}" or asked["redirect_uri"] != given["redirect_uri"]
        ):  # fmt: skip
            return 400, "application/json", b'{"error": "invalid_grant"}'
        claims: dict[str, Any] = {
            "iss": self.url, "aud": CLIENT, "sub": self.user[0], "iat": self.now_s, "exp": self.now_s + 300,
            "auth_time": self.now_s, "nonce": asked["nonce"], **self.claims,
        }  # fmt: skip
        key = RSAKey.generate_key(2048, {"kid": "1"}) if self.wrong == "another's key" else self.key
        kept = {name: value for name, value in claims.items() if value is not None}
        header = {"alg": "RS256", "kid": key.kid}
        token = jwt.encode(header, kept, key, algorithms=["RS256"])
        if self.wrong == "no signature":
            token = ".".join((_b64({"alg": "none"}), token.split(".")[1], ""))
        return _json({"access_token": "opaque", "token_type": "Bearer", "expires_in": 300, "id_token": token})

    def _validated(self, given: dict[str, str]) -> str:
        asked = self._codes.pop(given.get("ticket", ""), None)
        if asked is None or asked["service"] != given.get("service") or given.get("renew") != "true":
            return CAS_NO
        if self.wrong in RUBBISH:
            return RUBBISH[self.wrong]
        return CAS_OK.format(user=self.user[0], number=self.user[1])


def _b64(value: dict[str, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _json(value: dict[str, Any]) -> tuple[int, str, bytes]:
    return 200, "application/json", json.dumps(value).encode()


def _drip(served: CampusId, out: BufferedIOBase, first: bytes) -> None:
    with suppress(OSError):
        out.write(first)
        while not served.over.wait(0.02):
            out.write(b" ")


@contextmanager
def campus_id(now_s: int) -> Iterator[CampusId]:
    """It answers until the end."""
    served = CampusId(now_s)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # http.server's
            parts = urlsplit(self.path)
            self._say(parts.path, {name: values[0] for name, values in parse_qs(parts.query).items()})

        def do_POST(self) -> None:  # http.server's
            raw = self.rfile.read(int(self.headers["content-length"])).decode()
            self._say(self.path, {name: values[0] for name, values in parse_qs(raw).items()})

        def _say(self, path: str, given: dict[str, str]) -> None:
            if served.wrong == "sends on":
                self.send_response(302)
                self.send_header("location", f"{served.url}/keys")
                self.send_header("content-length", "0")
                self.end_headers()
                return
            if served.wrong == "drips in its head":
                _drip(served, self.wfile, b"HTTP/1.1 200 OK\r\nX: ")
                return
            status, kind, body = served.answer(path, given, self.headers.get("authorization", ""))
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(60_000 if served.wrong == "drips" else len(body)))
            self.end_headers()
            if served.wrong == "drips":
                _drip(served, self.wfile, b" ")
                return
            self.wfile.write(body if served.wrong != "stops" else body[:1])
            if served.wrong == "stops":
                served.over.wait(5)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    served.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
