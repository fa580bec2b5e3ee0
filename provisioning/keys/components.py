"""Keys in components: officers hold one each, their XOR is the key, and nobody's component tells anything of it.

Used by the ceremony (two or three components of each master) and by the two halves of a transport key. Refuses a
component that does not fit its check value, one that is all zero, two equal ones, and a sum that is no 3DES key
(equal halves, which is single DES, or all zero). Nothing here shows octets in a repr or an error.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from provisioning.keys.store import KeyKind
from shared.errors import KeyFault
from shared.purse.crypto import Key, kcv
from shared.words.voice import Text, in_both

SIZE = 16
OFFICERS_LEAST, OFFICERS_MOST = 2, 3

Random = Callable[[int], bytes]


class ComponentFault(KeyFault):
    """Happens when a component cannot be part of a key, or the sum cannot be one. Never carries content."""


class WrongCheckValue(ComponentFault):
    """Happens when a key or component is not the one that its check value names."""


@dataclass(frozen=True, slots=True)
class Component:
    """One officer's part of one master."""

    kind: KeyKind
    octets: bytes = field(repr=False)

    @property
    def check(self) -> bytes:
        """3-byte KCV, to be compared with the sheet."""
        return kcv(Key(self.octets))


def new_component(kind: KeyKind, random: Random) -> Component:
    """A fresh one."""
    return Component(kind, random(SIZE))


def checked(kind: KeyKind, octets: bytes, check: bytes) -> Component:
    """The component whose check value stands on the sheet; ComponentFault."""
    if len(octets) != SIZE or not any(octets):
        raise ComponentFault(
            Text(f"{kind}: 分量应为 {SIZE} 字节，且不全为零", f"{kind}: a component has {SIZE} bytes, not all zero")
        )
    component = Component(kind, octets)
    require_check(component.check, check, Text(f"{kind} 分量", f"{kind} component"))
    return component


def joined(parts: Sequence[bytes]) -> bytes:
    """The key: XOR of two or three parts; ComponentFault when it is none."""
    if not OFFICERS_LEAST <= len(parts) <= OFFICERS_MOST or {len(part) for part in parts} != {SIZE}:
        raise ComponentFault(Text(f"须有两或三个 {SIZE} 字节的分量", f"wants two or three components of {SIZE} bytes"))
    if len(set(parts)) < len(parts):
        raise ComponentFault(Text("两个分量相同", "two components are equal"))
    total = 0
    for part in parts:
        total ^= int.from_bytes(part, "big")
    key = total.to_bytes(SIZE, "big")
    if key[:8] == key[8:] or not any(key):
        raise ComponentFault(Text("分量之和不是 3DES 密钥：重做", "the sum is no 3DES key: begin again"))
    return key


def halves(key: bytes, random: Random) -> tuple[bytes, bytes]:
    """A and B with A XOR B = key."""
    a = random(SIZE)
    return a, (int.from_bytes(a, "big") ^ int.from_bytes(key, "big")).to_bytes(SIZE, "big")


def require_check(found: bytes, named: bytes, what: str | Text) -> None:
    """WrongCheckValue unless they are equal. Check values are public."""
    if found != named:
        of = in_both(what)
        raise WrongCheckValue(
            Text(
                f"{of.zh}：校验值不符：算得 {found.hex().upper()}，应为 {named.hex().upper()}",
                f"{of.en}: wrong check value: {found.hex().upper()}, wanted {named.hex().upper()}",
            )
        )


def parse_sheet(text: str, kinds: Sequence[KeyKind]) -> list[Component]:
    """An officer's sheet, one `KIND COMPONENT KCV` (hex) a line, for exactly these kinds; ComponentFault."""
    found: dict[str, Component] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        kind, octets, check = _fields(line, number)
        if kind not in kinds or kind in found:
            raise ComponentFault(
                Text(f"第 {number} 行：不需要此密钥，或重复", f"line {number}: a kind not wanted, or twice")
            )
        found[kind] = checked(KeyKind(kind), octets, check)
    missing = [kind for kind in kinds if kind not in found]
    if missing:
        raise ComponentFault(Text(f"缺少：{', '.join(missing)}", f"missing: {', '.join(missing)}"))
    return [found[kind] for kind in kinds]


def sheet(components: Sequence[Component]) -> str:
    """The sheet of these components: a secret of its officer."""
    return "".join(f"{one.kind} {one.octets.hex().upper()} {one.check.hex().upper()}\n" for one in components)


def check_text(checks: Mapping[KeyKind, bytes]) -> str:
    """Check values as people read them."""
    return ", ".join(f"{kind} {check.hex().upper()}" for kind, check in checks.items())


def _fields(line: str, number: int) -> tuple[str, bytes, bytes]:
    try:
        kind, octets, check = line.split()
        return kind, bytes.fromhex(octets), bytes.fromhex(check)
    except ValueError:
        raise ComponentFault(
            Text(f"第 {number} 行：应为“种类 分量 校验值”", f"line {number}: wants KIND COMPONENT KCV")
        ) from None
