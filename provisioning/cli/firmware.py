"""`provisioning firmware sign FILE` 固件签名: the officers open their store, and a program becomes a release.

Off line: what comes out is one file that whoever releases it can read and not change.
"""

import argparse
import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from provisioning.cli.arguments import Verbs, add_group, add_store, add_who, now_s, say, vault_of
from provisioning.cli.issuing.stock import school_store
from provisioning.custody.chain import Act, Event, check_value, name_of
from provisioning.custody.journal import write_private
from provisioning.custody.vault import Vault
from provisioning.keys.firmware import FIRST_VERSION, naming, new_key, signed_image
from provisioning.keys.store import KeyKind, KeyStore, Level
from provisioning.keys.trust import with_release, with_target
from shared.errors import ConfigFault, WireFault
from shared.fleet.box_release import NUMBER_MAX, Archive, read_archive, target_of
from shared.fleet.firmware import MODELS, Image
from shared.keys.trust import TRUST_SUFFIX, Officers, decode_officers, encode_officers, officers_prove
from shared.words.refused import why_not
from shared.words.voice import Text

VERSION_MAX = 255
TRUST_FILE = "firmware.trust"
"""Beside the stores: what was released so far, as the officers signed it. Nothing in it is secret."""


def add_to(verbs: Verbs) -> None:
    """Add the verb and its step."""
    steps = add_group(verbs, "firmware", Text("固件签名", "sign firmware"))
    sign = steps.add_parser(
        "sign", help=Text("由保管员打开密钥库，为一个版本签名", "the officers open their store and sign a release")
    )
    sign.add_argument("file", type=Path, metavar="FILE", help=Text("程序", "the program"))
    sign.add_argument("--model", choices=sorted(MODELS), required=True, help=Text("哪种终端", "which hardware"))
    sign.add_argument(
        "--release", type=int, required=True, metavar="N", help=Text("版本号，只增不减", "its number, always rising")
    )
    sign.add_argument("--name", required=True, help=Text("名称（英文）", "what it is called (ASCII)"))
    sign.add_argument("--out", type=Path, required=True, metavar="FILE", help=Text("写到何处", "where to write it"))
    sign.add_argument(
        "--key", type=int, default=FIRST_VERSION, metavar="V", help=Text("用第几版密钥，缺省 1", "by which key, 1")
    )
    sign.add_argument(
        "--next-key", type=int, metavar="V",
        help=Text("换钥：此版本同时宣告下一把密钥，须由两把共同签名", "names the key that follows; both sign"),
    )  # fmt: skip
    sign.set_defaults(run=_sign)
    add_store(sign)
    add_who(sign)
    _add_box(steps)


def _add_box(steps: Verbs) -> None:
    box = steps.add_parser(
        "sign-box", help=Text("由保管员为网关发行（归档）签名", "the officers sign a box's release (an archive)")
    )
    box.add_argument(
        "file", type=Path, metavar="ARCHIVE", help=Text("./ykt release --box 所得", "of ./ykt release --box")
    )
    box.add_argument(
        "--number", type=int, required=True, metavar="N", help=Text("编号，只增不减", "its number, always rising")
    )
    box.set_defaults(run=_sign_box)
    add_store(box)
    add_who(box)


def _sign_box(chosen: argparse.Namespace) -> None:
    try:
        raw = chosen.file.read_bytes()
        archive = read_archive(raw)
    except OSError as fault:
        raise ConfigFault(f"{chosen.file}: {why_not(fault)}") from fault
    except WireFault as fault:
        raise ConfigFault(Text(f"{chosen.file}: 不是网关发行：{fault}", f"{chosen.file}: {fault}")) from fault
    vault = vault_of(chosen)
    school, former = school_store(vault), _former(vault)
    _require_above(archive, chosen.number, former, school)
    firmware = vault.read(Level.FIRMWARE) or _made(vault, school.campus, FIRST_VERSION, chosen.who)
    key = firmware.one(KeyKind.FIRMWARE, FIRST_VERSION)
    path = target_of(archive.machine, chosen.number)
    officers = with_target(former, path, raw, now_s(), (school, firmware))
    told = Event(
        now_s(), Act.EXPORTED, Level.FIRMWARE, key.kind, key.version, check_value(key), name_of(chosen.who), path
    )
    vault.record([told])
    write_private(vault.folder / TRUST_FILE, encode_officers(officers))
    write_private(chosen.file.with_name(chosen.file.name + TRUST_SUFFIX), encode_officers(officers))
    say(
        Text(
            f"已签名：网关发行 {archive.machine}:{chosen.number}（{archive.name}）：{chosen.file}{TRUST_SUFFIX}\n",
            f"signed: box release {archive.machine}:{chosen.number} ({archive.name}): {chosen.file}{TRUST_SUFFIX}\n",
        )
    )


def _require_above(archive: Archive, number: int, former: Officers | None, school: KeyStore) -> None:
    """A number says one archive for ever, and only rises: boxes take none below the one that they run."""
    signed = officers_prove(former, school.campus, _campus_key(school)) if former is not None else {}
    mine = target_of(archive.machine, 0)[:-1]
    last = max((int(path.removeprefix(mine)) for path in signed if path.startswith(mine)), default=0)
    if not last < number <= NUMBER_MAX:
        raise ConfigFault(Text(f"--number 须大于 {last}", f"--number must be above {last}"))


def _campus_key(school: KeyStore) -> bytes:
    seed = school.one(KeyKind.SIGNING, 1).for_use(KeyKind.SIGNING)
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def _sign(chosen: argparse.Namespace) -> None:
    try:
        image = Image(MODELS[chosen.model], chosen.release, chosen.name, chosen.file.read_bytes())
        image.encode()
    except OSError as fault:
        raise ConfigFault(f"{chosen.file}: {why_not(fault)}") from fault
    except WireFault as fault:
        raise ConfigFault(Text(f"{chosen.file}: 不成固件：{fault}", f"{chosen.file}: no firmware: {fault}")) from fault
    vault = vault_of(chosen)
    school = school_store(vault)
    _require_rising(chosen.key, chosen.next_key)
    firmware = vault.read(Level.FIRMWARE) or _made(vault, school.campus, FIRST_VERSION, chosen.who)
    if chosen.next_key is not None:
        if chosen.next_key not in firmware.versions(KeyKind.FIRMWARE):
            firmware = _made(vault, school.campus, chosen.next_key, chosen.who)
        image = naming(image, firmware, chosen.next_key)
    key = firmware.one(KeyKind.FIRMWARE, chosen.key)
    found = signed_image(image, now_s(), school, firmware, chosen.key)
    officers = with_release(_former(vault), image, now_s(), school, firmware)
    note = f"firmware {chosen.model} {image.release}"
    told = Event(
        now_s(), Act.EXPORTED, Level.FIRMWARE, key.kind, key.version, check_value(key), name_of(chosen.who), note
    )
    vault.record([told])
    write_private(vault.folder / TRUST_FILE, encode_officers(officers))
    write_private(chosen.out.with_name(chosen.out.name + TRUST_SUFFIX), encode_officers(officers))
    write_private(chosen.out, found.encode())
    say(
        Text(
            f"已签名：{chosen.model} 固件第 {image.release} 版：{chosen.out}\n",
            f"signed: firmware of {chosen.model}, release {image.release}: {chosen.out}\n",
        )
    )


def _former(vault: Vault) -> Officers | None:
    """What they have signed so far. ConfigFault when that is damaged: then no release may be added to it."""
    file = vault.folder / TRUST_FILE
    try:
        return decode_officers(file.read_bytes()) if file.exists() else None
    except WireFault as fault:
        raise ConfigFault(Text(f"{file}：损坏：{fault}", f"{file}: damaged: {fault}")) from fault


def _require_rising(version: int, following: int | None) -> None:
    if not 1 <= version <= VERSION_MAX or (following is not None and not version < following <= VERSION_MAX):
        raise ConfigFault(
            Text(f"--next-key 须大于 --key，至多 {VERSION_MAX}", f"--next-key is above --key, {VERSION_MAX} at most")
        )


def _made(vault: Vault, campus: int, version: int, who: str) -> KeyStore:
    key = new_key(version, os.urandom(32))
    made = Event(now_s(), Act.MADE, Level.FIRMWARE, key.kind, key.version, check_value(key), name_of(who))
    vault.record([made])
    return vault.add(Level.FIRMWARE, campus, [key])
