"""`provisioning sheet`: a signed acceptance sheet 验收单 read and proved: of which box, unchanged, not revoked.

Exit code 1 when a line of it is not fit, or the signature is not of a box of this campus.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from provisioning.certificates import revocation
from provisioning.cli.arguments import Verbs, add_group, say
from provisioning.cli.beside import may_lie_open
from shared.clocks.campus_clock import WALL
from shared.clocks.clock import time_text
from shared.clocks.expiry import look
from shared.errors import WireFault
from shared.input.data_folder import add_data
from shared.wire.enrol.sheet import SHEET_MAX, Opened, open_sheet
from shared.words.voice import Text

NOT_FIT = "not-fit"


def add_to(verbs: Verbs) -> None:
    """Add the verb and its step."""
    steps = add_group(verbs, "sheet", Text("网关验收单", "acceptance sheets of boxes"))
    verify = steps.add_parser("verify", help=Text("核对签名，列出内容", "check the signature, say what it says"))
    verify.add_argument("sheet", type=Path, metavar="FILE", help=Text("验收单", "the sheet"))
    verify.add_argument("--json", action="store_true", help=Text("一行 JSON", "one line of JSON"))
    verify.set_defaults(run=_verify)
    add_data(verify)
    may_lie_open(verify)


def _verify(chosen: argparse.Namespace) -> int:
    with chosen.sheet.open("rb") as source:
        opened = open_sheet(source.read(SHEET_MAX + 1))
    is_revoked = _signer_is_revoked(chosen.data, opened)
    content = opened.content
    is_fit = not is_revoked and all(line["judged"] != NOT_FIT for line in content["lines"])
    if chosen.json:
        sys.stdout.write(json.dumps(content | {"revoked": is_revoked, "ok": is_fit}, ensure_ascii=False) + "\n")
        return 0 if is_fit else 1
    for line in _lines(content, is_revoked=is_revoked):
        say(Text(f"{line.zh}\n", f"{line.en}\n"))
    return 0 if is_fit else 1


def _signer_is_revoked(data: Path, opened: Opened) -> bool:
    """WireFault when it was signed by nobody of this campus, or by another box than it names."""
    ca = x509.load_pem_x509_certificate((data / revocation.CA).read_bytes())
    one = x509.load_pem_x509_certificate(opened.certificate)
    try:
        one.verify_directly_issued_by(ca)
    except (ValueError, TypeError, InvalidSignature) as fault:
        raise WireFault(Text("验收单不是本校网关签的", "not signed by a box of this campus")) from fault
    if look(opened.certificate).name != opened.content.get("box"):
        raise WireFault(Text("签名的是另一台网关", "signed by another box than it names"))
    return one.serial_number in revocation.revocations(data).revoked


def _lines(content: dict[str, Any], *, is_revoked: bool) -> list[Text]:
    when = time_text(WALL.at(content["at"]))
    told, clock = content["terminals"], content["clock"]
    lines = [
        Text(f"网关 {content['box']}  {when}  验收：{content['who']}",
             f"box {content['box']}  {when}  accepted by {content['who']}"),
        *(Text(f"  线路 {one['link']}：{one['judged']}", f"  line {one['link']}: {one['judged']}")
          for one in content["lines"]),
        Text(f"  应答 {len(told['answered'])} 台；未应答：{'、'.join(told['silent']) or '无'}",
             f"  answered: {len(told['answered'])}; silent: {', '.join(told['silent']) or 'none'}"),
        Text(f"  时钟可信：{'是' if clock['is_trusted'] else '否'}", f"  clock trusted: {clock['is_trusted']}"),
        Text(f"  版本 {content['versions']['openykt']}", f"  version {content['versions']['openykt']}"),
    ]  # fmt: skip
    if is_revoked:
        lines.append(Text("  注意：此网关已吊销", "  note: this box was revoked"))
    return lines
