"""Door to Authlib and its joserfc: OpenID Connect by authorization code, with PKCE, state and nonce, proven anew.

The provider is asked for a proof made now (`prompt=login`, `max_age=0`): a sign-on that a lost phone still has opens
nothing. Its metadata and keys are fetched and kept for KEPT_S; a key that is not among them is looked for once more, at
most each ANEW_S. Claims: OpenID Connect Core 1.0, 3.1.3.7.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from cloud.wallet.sso.bounded import Bounded
from cloud.wallet.sso.terms import SUBJECT_MAX, Asserted, Begun, SsoFault
from shared.words.voice import Text

ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]
"""By a key pair: what a client's secret signs, every client could."""
LEEWAY_S = 60
KEPT_S, ANEW_S = 3_600.0, 60.0
PATH = "/.well-known/openid-configuration"
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class _Client(Bounded, OAuth2Session):  # type: ignore[misc]  # Authlib has no types
    """One exchange with the provider."""


@dataclass
class Oidc:
    """A SignOn. issuer: as its metadata say it; claim: which one is the number on the roster; guardian: which one is a
    guardian's phone there, '': none; keep: is an address one that may be asked (https, or this machine)?"""

    name: str
    label: Text
    issuer: str
    client: str
    secret: str = field(repr=False)
    claim: str = "sub"
    guardian: str = ""
    scope: str = "openid profile"
    ca: str = ""
    keep: Callable[[str], bool] = lambda url: url.startswith("https://")
    _found: tuple[float, dict[str, str]] | None = field(default=None, repr=False)
    _keys: tuple[float, Any] | None = field(default=None, repr=False)

    def begin(self, begun: Begun, home: str) -> str:
        """Where to go."""
        url, _ = self._client(home).create_authorization_url(
            self._metadata()["authorization_endpoint"], state=begun.state, code_verifier=begun.verifier,
            nonce=begun.nonce, prompt="login", max_age="0",
        )  # fmt: skip
        return str(url)

    def asserted(self, begun: Begun, home: str, code: str, now_s: int) -> Asserted:
        """The code's token, checked. SsoFault."""
        client, metadata = self._client(home), self._metadata()
        try:
            token = client.fetch_token(metadata["token_endpoint"], code=code, code_verifier=begun.verifier)
        except (OAuthError, ValueError, KeyError, RecursionError) as fault:
            raise SsoFault(f"no token: {type(fault).__name__}") from None
        claims = self._claims(token, begun.nonce, now_s)
        subject = str(claims["sub"])
        wanted = {self.claim, self.guardian} - {""}
        if wanted - claims.keys() and metadata.get("userinfo_endpoint"):
            beside = _userinfo(client, metadata["userinfo_endpoint"], subject)
            claims = {**beside, **_said(claims, wanted), "sub": subject}
        phone = claims.get(self.guardian, "") if self.guardian else ""
        return Asserted(_bounded(subject), str(claims.get(self.claim, "")), phone if isinstance(phone, str) else "")

    def _claims(self, token: Any, nonce: str, now_s: int) -> dict[str, Any]:  # noqa: ANN401  # what Authlib gives
        options = {"iss": {"essential": True, "value": self.issuer}, "aud": {"essential": True, "value": self.client}}
        params = {"nonce": nonce, "client_id": self.client, "access_token": token.get("access_token"), "max_age": 1}
        try:
            signed = self._signed(str(token.get("id_token", "")))
            claims = CodeIDToken(signed.claims, signed.header, options, params)
            claims.validate(now=now_s, leeway=LEEWAY_S)
        except (JoseError, ValueError, TypeError, KeyError, AttributeError) as fault:
            raise SsoFault(f"a token that does not hold: {type(fault).__name__}") from None
        if not -LEEWAY_S <= now_s - claims["auth_time"] <= KEPT_S:
            raise SsoFault("a proof that is not of now")
        return dict(claims)

    def _signed(self, raw: str) -> Any:  # noqa: ANN401  # joserfc's token
        try:
            return jwt.decode(raw, self._key_set(KEPT_S), algorithms=ALGORITHMS)
        except (JoseError, ValueError):
            return jwt.decode(raw, self._key_set(ANEW_S), algorithms=ALGORITHMS)  # it may have taken another key

    def _metadata(self) -> dict[str, str]:
        if self._found is None or time.monotonic() - self._found[0] > KEPT_S:
            said = self._json(self.issuer.rstrip("/") + PATH)
            told = {name: str(said.get(name, "")) for name in (*_ENDPOINTS, "userinfo_endpoint")}
            if said.get("issuer") != self.issuer or not all(self.keep(told[name]) for name in _ENDPOINTS):
                raise SsoFault("metadata of somebody else")
            if told["userinfo_endpoint"] and not self.keep(told["userinfo_endpoint"]):
                raise SsoFault("metadata of somebody else")
            self._found = (time.monotonic(), told)
        return self._found[1]

    def _key_set(self, oldest_s: float) -> Any:  # noqa: ANN401  # joserfc's
        if self._keys is None or time.monotonic() - self._keys[0] > oldest_s:
            keys = self._json(self._metadata()["jwks_uri"])
            self._keys = (time.monotonic(), KeySet.import_key_set(keys))  # type: ignore[arg-type]  # it checks itself
        return self._keys[1]

    def _json(self, url: str) -> dict[str, Any]:
        return _object(Bounded(ca=self.ca).get(url))

    def _client(self, home: str) -> Any:  # noqa: ANN401  # Authlib has no types
        return _Client(
            client_id=self.client, client_secret=self.secret or None, scope=self.scope, redirect_uri=home,
            code_challenge_method="S256", ca=self.ca,
        )  # fmt: skip


def _said(claims: dict[str, Any], wanted: set[str]) -> dict[str, Any]:
    """What the token says itself stands."""
    return {name: claims[name] for name in wanted if name in claims}


def _userinfo(client: Any, url: str, subject: str) -> dict[str, Any]:  # noqa: ANN401
    """What it says beside the token: of the same subject, or nothing."""
    try:
        said = _object(client.get(url))
    except OAuthError as fault:
        raise SsoFault(f"no userinfo: {type(fault).__name__}") from None
    return said if said.get("sub") == subject else {}


def _object(answer: Any) -> dict[str, Any]:  # noqa: ANN401  # requests' response
    try:
        said = answer.json() if answer.status_code == 200 else None
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise SsoFault(f"an answer {answer.status_code} that is none")
    return said


def _bounded(subject: str) -> str:
    if not 0 < len(subject) <= SUBJECT_MAX:
        raise SsoFault("a subject without a name")
    return subject
