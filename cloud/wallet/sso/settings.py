"""DATA/cloud/sso.toml, 0600, or it is refused. Without it nobody signs on by the campus.

    [oidc]
    label = { zh = "统一身份认证", en = "Campus account" }
    issuer = "https://id.school.edu.cn/realms/school"
    client = "openykt"
    secret = "…"                   # left out: a public client, by PKCE alone
    number = "preferred_username"  # the claim that is the number on the roster; "sub" without
    [cas]
    server = "https://cas.school.edu.cn/cas/"
    number = "employeeNumber"      # an attribute; without: the user's name

`guardian = "phone_number"` in either: the claim, or the attribute, that is a guardian's phone on the roster; without
it guardians do not sign on.
`ca = "/path/ca.pem"` in either: the file of who signed its certificate, where that is the school's own.
"""

import tomllib
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from cloud.process.private import read_private
from cloud.wallet.sso.terms import SignOn
from shared.errors import ConfigFault
from shared.input.section import Section
from shared.words.refused import why_not
from shared.words.voice import Text

FILE = "sso.toml"
FILE_MAX = 64 * 1024
_HERE = ("127.0.0.1", "localhost", "::1")
LABELS = {
    "oidc": Text("统一身份认证", "Campus account"),
    "cas": Text("统一身份认证（CAS）", "Campus account (CAS)"),
}


def read_sign_ons(folder: Path) -> dict[str, SignOn]:
    """Of the cloud's folder, by name. ConfigFault, which says nothing of a secret."""
    file = folder / FILE
    if not file.exists():
        return {}
    top = Section(_toml(file), file=FILE)
    found: dict[str, SignOn] = {}
    for name, make in _MAKERS.items():
        one = top.optional_section(name)
        if one is not None:
            found[name] = make(one)
            one.done()
    top.done()
    return found


def _oidc(one: Section) -> SignOn:
    from cloud.wallet.sso.oidc import Oidc  # its libraries take half a second, and most schools have neither

    return Oidc(
        "oidc", _label(one, "oidc"), _address(one, "issuer"), one.take("client", str), one.take("secret", str, ""),
        one.take("number", str, "sub"), one.take("guardian", str, ""), one.take("scope", str, "openid profile"),
        one.take("ca", str, ""), is_address,
    )  # fmt: skip


def _cas(one: Section) -> SignOn:
    from cloud.wallet.sso.cas import Cas

    server = _address(one, "server").rstrip("/") + "/"
    number, guardian = one.take("number", str, ""), one.take("guardian", str, "")
    return Cas("cas", _label(one, "cas"), server, number, guardian, one.take("ca", str, ""))


_MAKERS: dict[str, Callable[[Section], SignOn]] = {"oidc": _oidc, "cas": _cas}


def is_address(url: str) -> bool:
    """https, or http on this machine."""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and (
            parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _HERE)
        )
    except ValueError:
        return False


def _label(one: Section, name: str) -> Text:
    own = one.optional_section("label")
    if own is None:
        return LABELS[name]
    said = Text(own.take("zh", str), own.take("en", str))
    own.done()
    return said


def _address(one: Section, key: str) -> str:
    url: str = one.take(key, str)
    if not is_address(url):
        said = Text("应为 https 地址，或本机的 http 地址", "must be an https URL, or an http URL of this machine")
        raise ConfigFault(f"{one.name(key)}: {said}")
    return url


def _toml(file: Path) -> dict[str, object]:
    try:
        return tomllib.loads(read_private(file, FILE_MAX).decode())
    except OSError as fault:
        why = why_not(fault)
        raise ConfigFault(Text(f"{FILE}: 无法读取：{why.zh}", f"{FILE}: cannot be read: {why.en}")) from fault
    except ValueError:  # a TOML fault repeats what it stumbled over
        raise ConfigFault(Text(f"{FILE}: 不是 TOML", f"{FILE}: not TOML")) from None
