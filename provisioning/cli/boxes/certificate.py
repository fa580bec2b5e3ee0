"""`provisioning certificate renew` 证书续期: boxes, broker, console and ingest get a new term before the old one ends.

The key stays where it is: a field box may send a request (CSR) with a new one, and only the certificate travels back.
A certificate that was revoked is not renewed. Each file is whole or not there; who uses it reads it at its next start.
"""

import argparse
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from provisioning.certificates import authority, revocation
from provisioning.certificates.authority import Authority
from provisioning.certificates.enrol import rights_text
from provisioning.cli.arguments import Verbs, add_group, add_store, add_who, now_s, say, vault_of
from provisioning.cli.beside import may_lie_open
from provisioning.cli.issuing.stock import school_store
from provisioning.custody.chain import Act, deed
from provisioning.custody.journal import write_private
from provisioning.custody.notes import noted
from provisioning.keys.store import KeyKind
from shared.clocks.expiry import look
from shared.errors import ConfigFault, WireFault
from shared.input.command_line import Parser
from shared.input.data_folder import add_data
from shared.wire.topics import WATCH_USER
from shared.words.voice import Text

SERVERS = {
    "broker": Path("broker/broker.pem"),
    "console": Path("cloud/console.pem"),
    "wallet": revocation.WALLET,
    "open": revocation.OPEN,
    "ingest": revocation.INGEST,
    "watch": revocation.WATCH,
}
ACCOUNTS = Path("cloud/accounts.pem")
"""Of the accounts service, where it is a machine of its own by its name."""
_RENEWED = noted(Text("证书续期", "renewed"))
REQUEST_MAX = 64 * 1024


class Wanted(NamedTuple):
    """One certificate to renew: its file below DATA, and the key of a request, None: the one that it has."""

    file: Path
    request: bytes | None = None


def add_to(verbs: Verbs) -> None:
    """Add the verb and its step."""
    steps = add_group(verbs, "certificate", Text("证书续期", "new terms for certificates"))
    renew = steps.add_parser("renew", help=Text("到期前续期，见 crl status", "renew before they end; see crl status"))
    which = renew.add_mutually_exclusive_group(required=True)
    which.add_argument("--box", metavar="ID", help=str(Text("数据网关", "an edge box")))
    which.add_argument("--server", choices=tuple(SERVERS), help=str(Text("服务器", "a server")))
    which.add_argument("--due", action="store_true", help=str(Text("60 天内到期的全部", "all that end within 60 days")))
    renew.add_argument("--request", type=Path, metavar="CSR", help=Text("网关自造密钥的请求", "the box's own request"))
    renew.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help=Text("另存一份带给网关（非机密）", "a copy to take to the box (no secret)"),
    )
    renew.set_defaults(run=_renew)
    add_store(renew)
    add_who(renew)
    door = steps.add_parser(
        "cloud-door", help=Text("旧版数据目录：平台的专用门", "the cloud's own door, for an older folder")
    )
    add_data(door)
    door.set_defaults(run=_cloud_door)
    may_lie_open(door)
    of_before = Text("旧版数据目录：钱包的证书", "the wallet's certificate, for an older folder")
    front = _own_server(steps.add_parser("wallet", help=of_before))
    front.set_defaults(run=_wallet)
    behind = Text("另给账户服务一张这个名字的证书", "a certificate of this name for the accounts service, too")
    front.add_argument("--accounts", metavar="NAME", help=behind)
    own = Text("开放平台自己的证书", "the open platform's own certificate")
    platform = _own_server(steps.add_parser("open", help=own))
    platform.set_defaults(run=_open)


def _own_server(made: Parser) -> Parser:
    """Whose certificate may be for names of its own, and be written elsewhere."""
    reached = Text("访问它的名字或地址，可重复；缺省同集控平台", "a name or address of it, repeated (the console's)")
    made.add_argument("--host", action="append", default=[], metavar="NAME", help=reached)
    elsewhere = Text("写到别处，缺省数据目录", "written elsewhere than in DATA")
    made.add_argument("--out", type=Path, metavar="DIR", help=elsewhere)
    add_store(made)
    add_who(made)
    return made


def _renew(chosen: argparse.Namespace) -> None:
    wanted = list(_wanted(chosen))
    if not wanted:
        say(Text("无须续期\n", "nothing is due\n"))
        return
    vault = vault_of(chosen)
    key = school_store(vault).one(KeyKind.AUTHORITY, 1).for_use(KeyKind.AUTHORITY)
    ca = authority.open_authority((chosen.data / revocation.CA).read_bytes(), key)
    made = [(one.file, _made(ca, chosen.data, one)) for one in wanted]
    told = [f"{_RENEWED}: {look(pem).name} {look(pem).ends:%Y-%m-%d}"[:120] for _, pem in made]
    vault.record([deed(now_s(), Act.RENEWED, chosen.who, text) for text in told])
    for file, pem in made:
        _replace(chosen.data / file, pem)
        if file in revocation.OWN and (chosen.data / revocation.CLOUD_DOOR).exists():
            _replace(chosen.data / revocation.CLOUD_DOOR, revocation.door_of(chosen.data))
        if chosen.out is not None:
            chosen.out.write_bytes(pem)
    for _, pem in made:
        seen = look(pem)
        say(
            Text(
                f"已续期：{seen.name}，至 {seen.ends:%Y-%m-%d}\n", f"renewed: {seen.name}, until {seen.ends:%Y-%m-%d}\n"
            )
        )
    say(Text("重启使用它的程序生效\n", "restart what uses it\n"))


def _cloud_door(chosen: argparse.Namespace) -> None:
    """Of a campus of before: in release 0.1 the ingest had a certificate of the CA, as the boxes have, and the watch
    had neither certificate nor rights until it listened at the broker. Once, then never again.

    The door's file goes last: until it is whole, this is done again.
    """
    ingest, door = chosen.data / revocation.INGEST, chosen.data / revocation.CLOUD_DOOR
    pem = ingest.read_bytes()
    if not authority.is_own(pem):
        _replace(ingest, _own(chosen.data, revocation.INGEST, pem))
    _make_watch(chosen.data)
    write_private(door, revocation.door_of(chosen.data))
    say(Text(f"专用门证书已备好：{door}\n", f"the certificate of the cloud's door is made: {door}\n"))


def _wallet(chosen: argparse.Namespace) -> None:
    """Of a campus of before the wallet, and of a school's server: the named hosts, else those that the console's
    certificate has. Once, then never again."""
    hosts = {revocation.WALLET: chosen.host, **({ACCOUNTS: [chosen.accounts]} if chosen.accounts else {})}
    made = _make_front(chosen, "wallet", revocation.WALLET, hosts)
    if made is not None:
        say(Text(f"钱包的证书已备好：{made}\n", f"the wallet's certificate is made: {made}\n"))


def _open(chosen: argparse.Namespace) -> None:
    """As _wallet, of the open platform."""
    made = _make_front(chosen, "open", revocation.OPEN, {revocation.OPEN: chosen.host})
    if made is not None:
        say(Text(f"开放平台的证书已备好：{made}\n", f"the open platform's certificate is made: {made}\n"))


def _make_front(chosen: argparse.Namespace, whose: str, file: Path, hosts: Mapping[Path, list[str]]) -> Path | None:
    """Beside its certificate whom a front believes. Where it is; None: all is there."""
    made: Path = (chosen.out or chosen.data) / file
    ca = _make_missing(chosen, whose, hosts)
    if ca is None:
        return None
    write_private(made.parent / "ca.pem", authority.certificate_pem(ca))
    return made


def _make_missing(chosen: argparse.Namespace, whose: str, hosts: Mapping[Path, list[str]]) -> Authority | None:
    """Each file that is not there yet, for its hosts, and its key. Who signed; None: all are there."""
    out = chosen.out or chosen.data
    wanted = [file for file in hosts if not (out / file).exists()]
    if not wanted:
        return None
    vault = vault_of(chosen)
    signing = school_store(vault).one(KeyKind.AUTHORITY, 1).for_use(KeyKind.AUTHORITY)
    ca = authority.open_authority((chosen.data / revocation.CA).read_bytes(), signing)
    vault.record([deed(now_s(), Act.RENEWED, chosen.who, f"{_RENEWED}: {whose}")])
    for file in wanted:
        _make_server(out / file, _with_names(chosen.data, ca, hosts[file]))
    return ca


def _with_names(data: Path, ca: Authority, hosts: list[str]) -> Callable[[EllipticCurvePublicKey], bytes]:
    """Who signs for a key: for these names, or as the console is called."""
    if hosts:
        names = list(dict.fromkeys((*hosts, *authority.LOCAL_NAMES)))
        return lambda key: authority.issue_server(ca, key, names, _now())
    return lambda key: authority.renew(ca, (data / "cloud" / "console.pem").read_bytes(), _now(), key)


def _make_server(file: Path, signed: Callable[[EllipticCurvePublicKey], bytes]) -> None:
    """The key goes first: a certificate that is there has one."""
    key = authority.new_key()
    pem = signed(key.public_key())
    file.parent.mkdir(mode=0o700, exist_ok=True, parents=True)
    write_private(file.with_suffix(".key"), authority.private_pem(key))
    write_private(file, pem)


def _make_watch(data: Path) -> None:
    """The key goes first: a certificate that is there has one."""
    file, rights = data / revocation.WATCH, data / "broker" / "acl"
    if not file.exists():
        key = authority.new_key()
        write_private(file.with_suffix(".key"), authority.private_pem(key))
        write_private(file, authority.issue_own(key, WATCH_USER, _now()))
    said = rights.read_bytes()
    if f"user {WATCH_USER}\n".encode() not in said:
        write_private(rights, said + rights_text(WATCH_USER).encode())


def _own(data: Path, file: Path, old: bytes) -> bytes:
    key = authority.open_private((data / file).with_suffix(".key").read_bytes())
    return authority.issue_own(key, look(old).name, _now())


def _wanted(chosen: argparse.Namespace) -> Iterator[Wanted]:
    """ConfigFault for a box that there is none of, that was revoked, or options that do not go together."""
    if chosen.box is None and (chosen.request or chosen.out):
        raise ConfigFault(Text("--request、--out 只与 --box 同用", "--request and --out go with --box"))
    revoked = revocation.revocations(chosen.data).revoked
    if chosen.box is not None:
        if revocation.serial_of_box(chosen.data, chosen.box) in revoked:
            raise ConfigFault(
                Text(
                    f"{chosen.box}: 证书已吊销，不续期", f"{chosen.box}: its certificate was revoked and is not renewed"
                )
            )
        folder = Path("boxes") / chosen.box
        if chosen.request is not None and (chosen.data / folder / "box.key").exists():
            raise ConfigFault(
                Text(
                    f"{chosen.box}: 密钥在此处，不需 --request",
                    f"{chosen.box}: its key is here: renew without --request",
                )
            )
        yield Wanted(folder / "box.pem", _request(chosen.request))
    elif chosen.server is not None:
        yield Wanted(SERVERS[chosen.server])
    else:
        terms = revocation.terms(chosen.data, _now())
        own = (Path(term.file) for term in terms if term.is_near and term.serial and term.serial not in revoked)
        yield from (Wanted(file) for file in own if file != revocation.CA)


def _request(file: Path | None) -> bytes | None:
    if file is None:
        return None
    with file.open("rb") as source:
        return source.read(REQUEST_MAX)


def _made(ca: Authority, data: Path, wanted: Wanted) -> bytes:
    old = (data / wanted.file).read_bytes()
    if wanted.file in revocation.OWN and authority.is_own(old):
        return _own(data, wanted.file, old)
    if wanted.request is None:
        return authority.renew(ca, old, _now())
    name, public = authority.open_request(wanted.request)
    if name != look(old).name:
        raise WireFault(Text("请求：用了另一个名字", "request: made in another name"))
    return authority.renew(ca, old, _now(), public)


def _replace(path: Path, pem: bytes) -> None:
    mode = path.stat().st_mode & 0o777
    write_private(path, pem)
    path.chmod(mode)


def _now() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)
