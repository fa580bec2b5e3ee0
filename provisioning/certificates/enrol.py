"""Enrolment of an edge box 数据网关: its certificate, and what the broker lets it do.

On a real box the private key is made on the box, and only a request (CSR) comes here. A request in another box's name
is refused. Broker rights come from shared/wire/topics.py and from nowhere else.
"""

from collections.abc import Sequence
from datetime import datetime

from provisioning.certificates.authority import Authority, issue_client, open_request
from shared.errors import WireFault
from shared.ids import BoxId
from shared.wire.topics import acl_rules
from shared.words.voice import Text


def sign_request(authority: Authority, request_pem: bytes, box: BoxId, now: datetime) -> bytes:
    """PEM certificate with the box id as common name; WireFault when the request is not that box's, or is malformed."""
    name, public = open_request(request_pem)
    if name != box:
        raise WireFault(Text("请求：用了另一个名字", "request: made in another name"))
    return issue_client(authority, public, box, now)


def acl_text(boxes: Sequence[tuple[BoxId, int]]) -> str:
    """The rights of every box (id, partition), of the ingest and the watch, in mosquitto's ACL format. Nobody else has
    any."""
    head = "# Made by provisioning from shared/wire/topics.py: change that, not this.\n"
    return head + "".join(_rights(user, rules) for user, rules in acl_rules(list(boxes)).items())


def rights_text(user: str) -> str:
    """Of one that is no box, for a list of before."""
    return _rights(user, acl_rules([])[user])


def _rights(user: str, rules: Sequence[tuple[str, str]]) -> str:
    return f"\nuser {user}\n" + "".join(f"topic {right} {filter_}\n" for right, filter_ in rules)
