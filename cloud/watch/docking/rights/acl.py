"""What each account may publish and hear: the one list, for mosquitto as its files and for our own gate. Pure.

Nothing outside of the standard's namespace and the account's own topics is in it, so no topic of ours that is about
money; and what is not in it is not allowed.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from cloud.watch.docking.rights.accounts import Account, Speech
from cloud.watch.docking.sparkplug.topics import NAMESPACE, STATE, Source

MAPPED = "docked"
"""First level of what a mapping reads: docked/ACCOUNT/…"""
MARK = "# Docked devices: made by `./ykt cloud docking`, from here to the end. Change that, not this.\n"


class Right(NamedTuple):
    """is_write: may publish there; otherwise, may hear it."""

    is_write: bool
    pattern: str


def rights(account: Account, host: str) -> tuple[Right, ...]:
    """Of a docked device: its own node, its own devices, and whether the host is there."""
    if account.speech is Speech.SPARKPLUG:
        return node_rights(account.source, host)
    return (Right(is_write=True, pattern=f"{MAPPED}/{account.name}/#"),) if account.speech is Speech.MQTT else ()


def node_rights(source: Source, host: str) -> tuple[Right, ...]:
    """Of an edge node."""
    group, node, *_ = source
    told = [f"{NAMESPACE}/{group}/{verb}/{node}" for verb in ("NBIRTH", "NDEATH", "NDATA")]
    told += [f"{NAMESPACE}/{group}/{verb}/{node}/+" for verb in ("DBIRTH", "DDEATH", "DDATA")]
    heard = (
        f"{NAMESPACE}/{group}/NCMD/{node}",
        f"{NAMESPACE}/{group}/DCMD/{node}/+",
        *([f"{NAMESPACE}/{STATE}/{host}"] if host else []),
    )
    return (*(Right(True, one) for one in told), *(Right(False, one) for one in heard))


def host_rights(host: str) -> tuple[Right, ...]:
    """Of our own host: hears all that docks, commands, and says that it is there."""
    told = (f"{NAMESPACE}/{STATE}/{host}", f"{NAMESPACE}/+/NCMD/+", f"{NAMESPACE}/+/DCMD/+/+")
    heard = (f"{NAMESPACE}/#", f"{MAPPED}/#")
    return (*(Right(True, one) for one in told), *(Right(False, one) for one in heard))


def is_allowed(held: Iterable[Right], topic: str, *, is_write: bool) -> bool:
    """May it publish there, or hear what is published there?"""
    return any(one.is_write is is_write and matches(one.pattern, topic) for one in held)


def matches(pattern: str, topic: str) -> bool:
    """Is this topic one of the filter's? Wildcards do not reach what begins with $, as MQTT wants it."""
    asked, given = pattern.split("/"), topic.split("/")
    if given[0].startswith("$") and asked[0] in ("#", "+"):
        return False
    for at, level in enumerate(asked):
        if level == "#":
            return True
        if at >= len(given) or level not in ("+", given[at]):
            return False
    return len(asked) == len(given)


def acl_text(users: Sequence[tuple[str, Sequence[Right]]]) -> str:
    """Our part of mosquitto's list of rights."""
    parts = [MARK]
    for user, held in users:
        lines = (f"topic {'write' if one.is_write else 'read'} {one.pattern}\n" for one in held)
        parts.append(f"\nuser {user}\n" + "".join(lines))
    return "".join(parts)


def acl_with(acl: str, part: str) -> str:
    """The broker's list with our part in the place of the one before: what stands above it is left as it is."""
    above = acl.split(MARK)[0].rstrip("\n")
    return f"{above}\n\n{part}" if above else part


def password_text(seals: Iterable[tuple[str, str]]) -> str:
    """mosquitto's file of passwords: the seals alone."""
    return "".join(f"{user}:{seal}\n" for user, seal in seals)
