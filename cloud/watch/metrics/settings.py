"""DATA/cloud/metrics.toml: which time-series store keeps metrics; 0600, or it is refused. Without it, rings do."""

import ipaddress
import tomllib
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from cloud.process.private import read_private
from shared.errors import ConfigFault
from shared.input.section import Section
from shared.words.voice import Text

FILE = "metrics.toml"


class Api(StrEnum):
    """How points are written."""

    V2 = "v2"
    """/api/v2/write: VictoriaMetrics, InfluxDB 2 and 3."""
    V1 = "v1"
    """/write: InfluxDB 1.x."""


class Speech(StrEnum):
    """In which language the store is asked."""

    PROMQL = "promql"
    INFLUXQL = "influxql"


@dataclass(frozen=True, slots=True)
class MetricStore:
    """Where it is. bucket: the database of 1.x, too. token: `user:password` for 1.x."""

    url: str
    api: Api
    speech: Speech
    bucket: str
    org: str
    token: str = field(default="", repr=False)
    ca: str = ""
    """PEM file of a school's own authority; empty: the system's."""

    @property
    def place(self) -> tuple[str, str, int]:
        """Scheme, host, port."""
        parts = urlsplit(self.url)
        return parts.scheme, parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def read_metric_store(folder: Path) -> MetricStore | None:
    """The file in the cloud's folder; None: there is none. ConfigFault: it is wrong, or others may read it."""
    try:
        raw = tomllib.loads(read_private(folder / FILE).decode())
    except FileNotFoundError:
        return None
    except ValueError as fault:  # a TOML fault repeats what it stumbled over, which may be a secret
        raise ConfigFault(Text(f"{FILE}: 不是 TOML", f"{FILE}: not TOML")) from fault
    top = Section(raw, file=FILE)
    api = top.one_of("api", Api, Api.V2)
    speech = top.one_of("ask", Speech, Speech.PROMQL if api is Api.V2 else Speech.INFLUXQL)
    url, token = top.take("url", str), top.take("token", str, "")
    bucket, org, ca = top.take("bucket", str, "openykt"), top.take("org", str, "-"), top.take("ca", str, "")
    top.done()
    _require_place(url, has_token=bool(token))
    return MetricStore(url.rstrip("/"), api, speech, bucket, org, token, ca)


def _require_place(url: str, *, has_token: bool) -> None:
    """scheme://host:port and no more; a token is not sent in the clear, but to this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname if parts.port is None or parts.port else None
    except ValueError:
        host = None
    clean = url.isascii() and url.isprintable() and " " not in url
    if not host or not clean or parts.scheme not in ("http", "https") or "@" in parts.netloc:
        raise ConfigFault(f"url: {Text('应为 http(s)://主机:端口', 'must be http(s)://host:port')}")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ConfigFault(f"url: {Text('端口之后不应再有内容', 'nothing stands after the port')}")
    if has_token and parts.scheme == "http" and not _is_here(host):
        raise ConfigFault(f"url: {Text('带令牌须用 https', 'a token wants https')}")


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
