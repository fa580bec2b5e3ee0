"""`provisioning crl …` 吊销列表: which boxes may no longer come in, and how long list and certificates still hold.

Exit code 1 from `status` when something ends within REMIND_DAYS days (shared/clocks/expiry.py): for a daily timer. A
new list is whole or not there; the broker reads it when it starts again.
"""

import argparse
import json
import sys
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime

from provisioning.certificates import authority, revocation
from provisioning.certificates.authority import Revocations
from provisioning.certificates.revocation import Term
from provisioning.cli.arguments import Verbs, add_group, add_store, add_who, now_s, say, vault_of
from provisioning.cli.beside import may_lie_open
from provisioning.cli.issuing.stock import school_store
from provisioning.custody.chain import NOTE_MAX, Act, deed
from provisioning.custody.journal import alone_in, write_private
from provisioning.custody.notes import noted
from provisioning.keys.store import KeyKind
from shared.errors import ConfigFault
from shared.words.voice import Text

_LIST = noted(Text("吊销列表", "list"))


def add_to(verbs: Verbs) -> None:
    """Add the verb and its steps."""
    steps = add_group(verbs, "crl", Text("吊销列表与证书期限", "revocation list, and the terms of certificates"))
    status = steps.add_parser(
        "status",
        help=Text(
            "何时到期；60 天内有到期的，退出码 1", "what ends when; exit code 1 when something ends within 60 days"
        ),
    )
    status.add_argument("--json", action="store_true", help=Text("输出一行 JSON", "one line of JSON"))
    status.set_defaults(run=_status)
    may_lie_open(status)
    renew = steps.add_parser("renew", help=Text("签发新列表，期限重新计算", "a new list, with a new term"))
    renew.set_defaults(run=_renew)
    revoke = steps.add_parser(
        "revoke", help=Text("吊销数据网关的证书", "revoke a box's certificate: it may no longer come in")
    )
    revoke.add_argument("--box", required=True, metavar="ID", help=Text("哪台网关", "which box"))
    revoke.add_argument("--reason", required=True, help=Text("缘由", "why"))
    revoke.set_defaults(run=_revoke)
    for step in (status, renew, revoke):
        add_store(step)
    for step in (renew, revoke):
        add_who(step)


def _status(chosen: argparse.Namespace) -> int:
    known = revocation.revocations(chosen.data)
    found = revocation.terms(chosen.data, _now())
    near = [term for term in found if term.is_near]
    if chosen.json:
        rows = [_row(term, known) for term in found]
        sys.stdout.write(json.dumps({"number": known.number, "revoked": len(known.revoked), "terms": rows}) + "\n")
        return 1 if near else 0
    say(
        Text(
            f"第 {known.number} 号列表，已吊销 {len(known.revoked)} 张\n",
            f"list {known.number}, revoked: {len(known.revoked)}\n",
        )
    )
    for term in found:
        sys.stdout.write(f"{str(_term_text(term, known)).rstrip()}\n")
    return 1 if near else 0


def _term_text(term: Term, known: Revocations) -> Text:
    name = str(revocation.LIST) if term.file == str(revocation.CRL) else term.name
    told, mark = f"{term.file}  {name}", _mark(term, known)
    return Text(
        f"  {term.ends:%Y-%m-%d}  余 {term.days} 天  {told}  {mark}",
        f"  {term.ends:%Y-%m-%d}  {term.days} days left  {told}  {mark}",
    )


def _mark(term: Term, known: Revocations) -> str | Text:
    if term.serial in known.revoked:
        return Text("已吊销", "revoked")
    return Text("快到期", "ends soon") if term.is_near else ""


def _row(term: Term, known: Revocations) -> dict[str, object]:
    standing = {"revoked": term.serial in known.revoked, "near": term.is_near}
    return term._asdict() | standing | {"ends": term.ends.isoformat()}


def _renew(chosen: argparse.Namespace) -> None:
    with _alone(chosen):
        _publish(chosen, {}, Text("重签", "renewed"))


def _revoke(chosen: argparse.Namespace) -> None:
    serial = revocation.serial_of_box(chosen.data, chosen.box)
    with _alone(chosen):
        if serial in revocation.revocations(chosen.data).revoked:
            raise ConfigFault(Text(f"{chosen.box}: 已在吊销列表上", f"{chosen.box}: is on the list already"))
        _publish(chosen, {serial: _now()}, Text("吊销", "revoked"), f" {chosen.box}: {chosen.reason}")


def _alone(chosen: argparse.Namespace) -> AbstractContextManager[None]:
    """A list is the one before it and more: of two at once the second would take the first one's back."""
    return alone_in((chosen.data / revocation.CRL).parent)


def _publish(chosen: argparse.Namespace, more: Mapping[int, datetime], what: Text, of: str = "") -> None:
    vault, known = vault_of(chosen), revocation.revocations(chosen.data)
    key = school_store(vault).one(KeyKind.AUTHORITY, 1).for_use(KeyKind.AUTHORITY)
    ca = authority.open_authority((chosen.data / revocation.CA).read_bytes(), key)
    made = authority.issue_crl(ca, {**known.revoked, **more}, known.number + 1, _now())
    vault.record([deed(now_s(), Act.REVOKED, chosen.who, f"{_LIST} {known.number + 1}: {noted(what)}{of}"[:NOTE_MAX])])
    path = chosen.data / revocation.CRL
    mode = path.stat().st_mode & 0o777
    write_private(path, made)
    path.chmod(mode)
    say(
        Text(
            f"第 {known.number + 1} 号列表：{what.zh}{of}\n重启 broker 生效\n",
            f"list {known.number + 1}: {what.en}{of}\nrestart the broker\n",
        )
    )


def _now() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)
