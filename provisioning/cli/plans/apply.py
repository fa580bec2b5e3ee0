"""`plan diff` and `plan apply`: a new plan against the campus that stands, and carried into it.

The note (plan and numbers) is durable before anything else is written; from then on the plan will be carried out: a run
that was cut is ended by the next one, with the same numbers. Inventory, register, and the campus's own plan.json last.
"""

import argparse
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from provisioning.campus.extend import Extending, Given, give
from provisioning.campus.folder import write_into
from provisioning.campus.settings import to_bytes
from provisioning.campus.standing import read_json, read_made
from provisioning.cli.arguments import now_s, say, token_place, vault_of
from provisioning.cli.issuing.stock import batches
from provisioning.cli.psam import control_key
from provisioning.custody.chain import Act, deed
from provisioning.custody.journal import alone_in, sync_folder, write_private
from provisioning.custody.notes import noted
from provisioning.issue.campus_facts import NEXT_PLAN, CampusFacts, changing, read_campus
from provisioning.issue.personalise import Validity, make_psam, usual_validity
from provisioning.keeper.school_masters import Masters
from provisioning.keys.levels import VERSIONS
from provisioning.keys.store import KeyKind, KeyStore
from provisioning.plan.extension import Extension, extension, told
from provisioning.plan.plan import Plan, parse_plan
from provisioning.psam.rotation_files import CampusKeys, issuing
from provisioning.psam.write import require_masters, with_versions
from shared.clocks.clock import DAY_S
from shared.errors import ConfigFault
from shared.ids import PsamId
from shared.input.section import from_json
from shared.words.voice import Text

PLAN = "plan.json"
"""In a campus's folder: the plan that it was made or last extended by."""
_BY_OTHERS = {
    "caps": "cloud parameters", "meals": "cloud parameters", "ceiling_fen": "cloud parameters",
    "hotlist": "cloud hotlist", "operators": "provision operator", "hosts": "certificate renew",
    "fares": "cloud parameters", "preset": "cloud functions",
}  # fmt: skip
"""What a plan says of a campus when it is made; later another command changes it."""
_EXTENDED = noted(Text("扩展", "extended"))
_CUT = Text("上次中断的扩展已续完", "the extension that was cut is ended")


def diff(chosen: argparse.Namespace) -> int:
    """1 when something is refused."""
    plan = parse_plan(from_json(chosen.plan.read_bytes(), str(chosen.plan)))
    facts = read_campus(chosen.data)
    if (chosen.data / NEXT_PLAN).exists():
        say(Text("有一次扩展中断：先 plan apply\n", "an extension was cut: plan apply first\n"))
    wanted = extension(read_made(facts).standing, plan)
    _tell(wanted)
    for line in _others(chosen.data, plan):
        say(Text(f"{line.zh}\n", f"{line.en}\n"))
    for line in wanted.refused:
        say(Text(f"拒绝：{line.zh}\n", f"refused: {line.en}\n"))
    return 1 if wanted.refused else 0


def apply(chosen: argparse.Namespace) -> None:
    """All of it or, refused, nothing."""
    raw = chosen.plan.read_bytes()
    plan = parse_plan(from_json(raw, str(chosen.plan)))
    with _bench(chosen) as bench:
        if bench.note.exists():
            bench.finish()
            say(Text(f"{_CUT.zh}\n", f"{_CUT.en}\n"))
        wanted = bench.wanted(plan)
        _require_possible(wanted)
        if wanted.is_empty:
            write_private(chosen.data / PLAN, raw)
            say(Text("校园已如计划\n", "the campus is as the plan says\n"))
            return
        bench.begin(plan, from_json(raw, str(chosen.plan)), wanted)
        bench.finish()
    _tell(wanted)
    say(
        Text(
            "已扩展；接着 cloud import，重启 broker 与有改动的网关（墙上的网关用新码再入网，取回设置）\n",
            "extended; next: cloud import, restart broker and changed boxes (one on a wall enrols again)\n",
        )
    )


class _Bench:
    """A campus held by this command alone."""

    def __init__(self, chosen: argparse.Namespace, facts: CampusFacts, masters: Masters, next_card: int) -> None:
        self._chosen = chosen
        self._facts = facts
        self._masters = masters
        self._next_card = next_card
        self._vault = vault_of(chosen)
        self.note: Path = chosen.data / NEXT_PLAN

    def wanted(self, plan: Plan) -> Extension:
        """What is left to do."""
        return extension(read_made(self._facts).standing, plan)

    def begin(self, plan: Plan, raw: object, wanted: Extension) -> None:
        """The note: who, which plan, which numbers, which dates."""
        self._require_keys(wanted)
        with self._keys().psams() as (register, _):
            given = give(wanted, self._facts, register.next_number, self._next_card)
        dates = usual_validity(now_s() - now_s() % DAY_S)
        if plan.expires is not None:
            dates = dates._replace(expires=_day(plan.expires.toordinal()))
        many = len(wanted.new_bodies), len(wanted.boxes), len(wanted.cards)
        words = f"{_EXTENDED}: +{many[0]} terminals, +{many[1]} boxes, +{many[2]} cards, -{len(wanted.retired)}"
        self._vault.record([deed(now_s(), Act.EXTENDED, self._chosen.who, words)])
        told = {"plan": raw, "given": given._asdict(), "dates": list(dates), "who": self._chosen.who}
        write_private(self.note, to_bytes(told))

    def finish(self) -> None:
        """Everything that the note says and that is not there yet; may be cut and done again."""
        told = read_json(self.note)
        plan = parse_plan(told["plan"])
        run = Extending(
            self._facts, read_made(self._facts), plan, self.wanted(plan), Given(**told["given"]),
            Validity(*told["dates"]), datetime.fromtimestamp(time.time(), UTC), self._make_psam, self._masters.store,
        )  # fmt: skip
        write_into(self._chosen.data, run.new_files())
        write_into(self._chosen.data, run.changed_files())
        made = run.inventory()
        if replaced(made, self._facts):
            self._facts.publish(made, self._masters.store)
        self._facts = read_campus(self._chosen.data)
        self._adopt(told["who"])
        write_private(self._chosen.data / PLAN, to_bytes(told["plan"]))
        self.note.unlink()
        sync_folder(self._chosen.data)

    def _adopt(self, who: str) -> None:
        """The new PSAMs stand in the register, in their bodies."""
        keys = self._keys()
        versions = keys.purchase_versions(self._masters)
        with keys.psams() as (register, commit):
            known = {entry.psam for entry in register.entries}
            for row in self._facts.inventory.psams:
                if row.psam not in known:
                    rows = register.adopt(row.psam, row.device, versions, who, row.issued)
                    commit(rows, who, f"{_EXTENDED}: {row.psam.hex()}")

    def _make_psam(self, psam: PsamId) -> bytes:
        versions = self._keys().purchase_versions(self._masters)
        require_masters(self._masters.store.versions(KeyKind.PURCHASE), versions)
        return make_psam(psam, with_versions(self._masters.store, versions), control_key(self._masters, psam))

    def _require_keys(self, wanted: Extension) -> None:
        """Before the note: afterwards nothing may be missing."""
        store = self._masters.store
        if wanted.new_bodies:
            versions = self._keys().purchase_versions(self._masters)
            require_masters(store.versions(KeyKind.PURCHASE), versions)
        if (wanted.new_bodies or wanted.new_spares) and not store.versions(KeyKind.LINK):
            raise ConfigFault(
                Text("终端主密钥在密码设备里：先取回再扩展", "the link master is in a token: bring it back first")
            )
        if wanted.cards and not self._can_make_cards(store):
            raise ConfigFault(
                Text(
                    "新卡请分批制作（batch）：主密钥已轮换或在密码设备里",
                    "make new cards by batch: masters were rotated, or are in a token",
                )
            )

    def _can_make_cards(self, store: KeyStore) -> bool:
        return bool(store.versions(KeyKind.TAC)) and issuing(self._chosen.data) == VERSIONS[0]

    def _keys(self) -> CampusKeys:
        return CampusKeys(self._facts, self._vault, now_s, token_place(self._chosen))


@contextmanager
def _bench(chosen: argparse.Namespace) -> Iterator[_Bench]:
    """No other command makes an inventory, a lease, a deck or settings meanwhile. JournalBusy."""
    with ExitStack() as held:
        facts = held.enter_context(changing(chosen.data))
        next_card = held.enter_context(batches(chosen).closed())
        for name in ("cards", "terminals"):
            (chosen.data / name).mkdir(mode=0o700, exist_ok=True)
            held.enter_context(alone_in(chosen.data / name))
        masters = held.enter_context(CampusKeys(facts, vault_of(chosen), now_s, token_place(chosen)).masters())
        yield _Bench(chosen, facts, masters, next_card)


def replaced(made: object, facts: CampusFacts) -> bool:
    """Has this inventory a row that the one in place has not?"""
    old = facts.inventory
    return any(getattr(made, name) != getattr(old, name) for name in ("cards", "psams", "devices", "boxes", "spares"))


def _require_possible(wanted: Extension) -> None:
    if wanted.refused:
        lines = [Text(f"{one.zh}", f"{one.en}") for one in wanted.refused]
        raise ConfigFault(
            Text(
                "\n".join(["未作任何改动", *(one.zh for one in lines)]),
                "\n".join(["nothing was changed", *(one.en for one in lines)]),
            )
        )


def _tell(wanted: Extension) -> None:
    same = Text("校园已如计划", "the campus is as the plan says")
    for line in list(told(wanted)) or ([same] if not wanted.refused else []):
        say(Text(f"{line.zh}\n", f"{line.en}\n"))


def _others(data: Path, plan: Plan) -> Iterator[Text]:
    """What differs from the plan that the campus was made by, and is no plan's to change any more."""
    file = data / PLAN
    if not file.exists():
        return
    old = parse_plan(from_json(file.read_bytes(), PLAN))
    for name, way in _BY_OTHERS.items():
        if getattr(old, name) != getattr(plan, name):
            yield Text(f"{name} 不同：不由计划改，用 {way}", f"{name} differs: no plan changes it: {way}")


def _day(ordinal: int) -> int:
    return (ordinal - datetime(2000, 1, 1, tzinfo=UTC).toordinal()) * DAY_S
