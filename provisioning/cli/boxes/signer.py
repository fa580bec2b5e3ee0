"""`provisioning signer`: the process that signs for boxes which come in by a code, renews, and guards the list."""

import argparse
from pathlib import Path

from provisioning.certificates import authority
from provisioning.certificates.revocation import CA
from provisioning.cli.arguments import Verbs, add_store, vault_of
from provisioning.cli.issuing.stock import school_store
from provisioning.enrolment.guard import Doors
from provisioning.enrolment.knock import DoorPlace
from provisioning.enrolment.office import Place
from provisioning.enrolment.process import Sockets, serve_signer
from provisioning.keys.store import KeyKind
from shared.errors import ConfigFault
from shared.input.endpoint import host_port
from shared.words.voice import Text


def add_to(verbs: Verbs) -> None:
    """Add the verb."""
    told = Text("签发进程：数据网关入网、续期、吊销", "the signer: boxes enrolled, renewed, revoked")
    signer = verbs.add_parser("signer", help=told)
    signer.set_defaults(run=_serve)
    add_store(signer)
    door = Text("入网服务用的接口", "socket of the enrolment door")
    office = Text("人员用的接口（入网码、吊销）", "socket for persons: codes, revoking")
    signer.add_argument("--door-socket", type=Path, required=True, metavar="SOCKET", help=door)
    signer.add_argument("--office-socket", type=Path, required=True, metavar="SOCKET", help=office)
    group = Text(
        "接口也给其目录的组（660；目录须设组继承位）",
        "sockets are for their folder's group, too (660; its set-group-id bit is set)",
    )
    signer.add_argument("--for-group", action="store_true", help=group)
    server = Text("网关访问入网服务的地址", "where boxes reach the enrolment door")
    broker = Text("网关访问消息代理的地址", "where boxes reach the broker")
    signer.add_argument("--server", required=True, metavar="HOST:PORT", help=server)
    signer.add_argument("--broker", required=True, metavar="HOST:PORT", help=broker)
    boxes = Text("守护：网关门（与 --guard-cloud 同用）", "guard: the boxes' door (with --guard-cloud)")
    cloud = Text("守护：平台专用门", "guard: the cloud's own door")
    signer.add_argument("--guard-boxes", metavar="HOST:PORT", help=boxes)
    signer.add_argument("--guard-cloud", metavar="HOST:PORT", help=cloud)
    signer.add_argument("--end-with-stdin", action="store_true", help=Text("标准输入关闭即结束", "end with stdin"))


def _serve(chosen: argparse.Namespace) -> None:
    for name in ("server", "broker"):
        host_port(getattr(chosen, name), f"--{name}")
    doors = _doors(chosen)
    key = school_store(vault_of(chosen)).one(KeyKind.AUTHORITY, 1).for_use(KeyKind.AUTHORITY)
    ca = authority.open_authority((chosen.data / CA).read_bytes(), key)
    sockets = Sockets(chosen.door_socket, chosen.office_socket)
    place = Place(chosen.server, chosen.broker)
    ends, shares = chosen.end_with_stdin, chosen.for_group
    serve_signer(chosen.data, ca, sockets, place, doors, end_with_stdin=ends, for_group=shares)


def _doors(chosen: argparse.Namespace) -> Doors | None:
    named = chosen.guard_boxes, chosen.guard_cloud
    if not any(named):
        return None
    if not all(named):
        raise ConfigFault(Text("--guard-boxes 与 --guard-cloud 同用", "--guard-boxes and --guard-cloud go together"))
    boxes, cloud = (host_port(word, name) for word, name in zip(named, ("--guard-boxes", "--guard-cloud"), strict=True))
    return Doors(DoorPlace(*boxes), DoorPlace(*cloud))
