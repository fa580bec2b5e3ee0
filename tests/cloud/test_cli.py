"""python -m cloud: import, deposit, verify, report, and what wrong use gets."""

import json
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from unicodedata import east_asian_width

import pytest

from cloud.__main__ import main
from cloud.commands.check import NAME_WIDTH, SUMS, SUMS_WIDTH
from cloud.console.access.accounts import Accounts
from cloud.keys.client import KeyClient
from cloud.ledger.desk.door import DeskLedger
from cloud.ledger.desk.replacing import Wish as Lost
from cloud.ledger.journal.opened import open_prepared
from cloud.ledger.ledger import open_ledger
from cloud.ledger.read.reader import open_reader
from cloud.ledger.records.values import Now, Received
from cloud.process.who import login_name
from shared.clocks.campus_clock import WALL
from shared.ids import StorageId, StoreId
from shared.money import yuan
from shared.online import LoadResult
from shared.records import Kind
from shared.wire.messages import EpochRequest, OnlineRequest
from shared.words.voice import Language, speak
from tests.cloud.campus import Campus, Purse, campus_now

MS = 1_784_000_000_000


@pytest.fixture(scope="module")
def lunch(provisioned: Campus, keys_socket: Path, tmp_path_factory: pytest.TempPathFactory) -> Campus:
    """A ledger with 40 taps of 40 cards at two tills, and what the tills have shown."""
    campus = provisioned.copy_to(tmp_path_factory.mktemp("lunch") / "data")
    with closing(open_ledger(str(campus.data / "cloud" / "ledger.db"))) as ledger, KeyClient(keys_socket) as keys:
        for at, body in enumerate(campus.bodies()[:2]):
            now = Now(MS, campus_now())
            epoch = ledger.assign_epoch(body.box, EpochRequest(1, body.device, StorageId(b"T" * 8), body.psam, 0), now)
            purses = campus.purses()[at * 20 : at * 20 + 20]
            records = tuple(p.buy(body, epoch.epoch, seq, 100) for seq, p in enumerate(purses, 1))
            batch = Received(body.box, campus.partition(body.box), StoreId(b"store--%d" % at), 1, records)
            ledger.receive([batch], keys.check_tac, now)
            show(campus.data, f"pos-{at + 1:02d}", purses)
    return campus


def show(data: Path, name: str, purses: list[Purse], counter: int = 1) -> None:
    """As a terminal writes it. The last line was cut by a power loss: never shown."""
    folder = data / "terminals" / name
    folder.mkdir(parents=True, exist_ok=True)
    head = {"epoch": 1, "kind": Kind.PURCHASE, "counter": counter, "fen": 100, "time": 1}
    lines = [head | {"seq": seq, "card": purse.row.card.hex()} for seq, purse in enumerate(purses, 1)]
    with (folder / "shown.log").open("a") as log:
        log.write("".join(json.dumps(line) + "\n" for line in lines) + '{"epoch": 1, "seq"')


@pytest.fixture
def data(lunch: Campus, tmp_path: Path) -> Path:
    """A copy that the test may damage."""
    shutil.copytree(lunch.data, tmp_path / "data")
    return tmp_path / "data"


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str]:
    code = main([str(word) for word in words])
    said = capsys.readouterr()
    return code, said.out + said.err


def change(data: Path, sql: str) -> None:
    """As somebody with the file in his hands does it: around the triggers."""
    with closing(sqlite3.connect(data / "cloud" / "ledger.db")) as db:
        triggers = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            db.execute(f"DROP TRIGGER {name}")
        assert db.execute(sql).rowcount == 1
        for _, text in triggers:
            db.execute(text)
        db.commit()


def test_a_true_ledger_is_said_to_be_true_check_by_check(data: Path, keys_socket: Path, capsys) -> None:
    code, said = run(capsys, "verify", "--data", data, "--keys", keys_socket)
    assert code == 0, said
    assert "账本无误" in said
    assert "复核 TAC" in said
    assert said.count("✓") >= 8
    assert "✗" not in said


def test_without_the_key_process_it_says_what_it_did_not_check(data: Path, capsys) -> None:
    code, said = run(capsys, "verify", "--data", data)
    assert code == 0
    assert "未复核 TAC" in said
    assert "✓ 复核 TAC" not in said


def test_one_edited_amount_is_named(data: Path, keys_socket: Path, capsys) -> None:
    change(data, "UPDATE posting SET fen = fen + 1 WHERE entry = 45")
    code, said = run(capsys, "verify", "--data", data, "--keys", keys_socket)
    assert code == 1
    assert "entry 45" in said
    assert "✗" in said


def test_one_edited_record_byte_is_named_in_json(data: Path, keys_socket: Path, capsys) -> None:
    set_byte = "UPDATE record SET stored = CAST(substr(stored, 1, 40) || x'ff' || substr(stored, 42) AS BLOB)"
    change(data, set_byte + " WHERE id = 7")
    code, said = run(capsys, "verify", "--data", data, "--keys", keys_socket, "--json")
    found = json.loads(said)
    assert (code, found["ok"]) == (1, False)
    broken = [check for check in found["checks"] if not check["ok"]]
    assert broken
    assert found["first_broken"].startswith(f"{broken[0]['name']}: ")


def test_a_file_that_cannot_be_read_is_not_true(data: Path, capsys) -> None:
    change(data, "UPDATE record SET stored = CAST(x'ff' AS TEXT) WHERE id = 7")
    code, said = run(capsys, "verify", "--data", data, "--json")
    assert (code, json.loads(said)["ok"]) == (1, False)


def test_verify_as_json_counts_what_it_checked(data: Path, keys_socket: Path, capsys) -> None:
    code, said = run(capsys, "verify", "--data", data, "--keys", keys_socket, "--json")
    found = json.loads(said)
    assert (code, found["ok"], found["first_broken"]) == (0, True, "")
    counts = {check["name"]: check["checked"] for check in found["checks"]}
    assert (counts["tacs"], counts["records"]) == (40, 40)


def test_a_key_process_that_is_away_is_no_verdict(data: Path, tmp_path: Path, capsys) -> None:
    code, said = run(capsys, "verify", "--data", data, "--keys", tmp_path / "nobody", "--json")
    assert code == 1
    assert "KeyProcessAway" in said
    assert '"ok"' not in said


def test_the_report_adds_up(data: Path, capsys) -> None:
    code, said = run(capsys, "report", "--data", data, "--json")
    sums = json.loads(said)
    assert code == 0
    assert (sums["records"], sums["posted"], sums["spent_fen"]) == (40, 40, 4000)
    assert sums["purse_float_fen"] == sums["opening_fen"] + sums["loads_fen"] - sums["spent_fen"]
    assert sums["deposits_fen"] == sums["online_fen"] + sums["transit_fen"] + sums["loads_fen"]
    assert (sums["open"], sums["suspense_fen"], sums["transit_fen"]) == ([], 0, 0)
    nothing = {"lost": 0, "double": 0, "first": "", "owed": 0, "owed_fen": 0, "owed_subsidy_fen": 0, "owed_by": []}
    assert sums["shown"] == {"taps": 40, "mixed": 0, "loads": 0} | nothing
    _, told = run(capsys, "report", "--data", data)
    assert [line.split()[-1] for line in told.splitlines() if line.startswith(("消费合计", "入账"))] == ["40", "¥40.00"]
    speak(Language.EN)
    _, told = run(capsys, "report", "--data", data)
    english = [line.split()[-1] for line in told.splitlines() if line.startswith(("posted ", "spent "))]
    assert english == ["40", "¥40.00"]
    till = sums["terminals"]["pos-02"]
    assert (till["first_seq"], till["last_seq"]) == (1, 20)
    assert (till["taps"], till["posted"], till["spent_fen"]) == (20, 20, 2000)


@pytest.mark.parametrize("language", Language)
def test_columns_line_up_in_either_language(data: Path, language: Language, capsys) -> None:
    speak(language)
    _, report = run(capsys, "report", "--data", data)
    assert {cells(line) for line in report.splitlines()[: len(SUMS)]} == {SUMS_WIDTH + 16}
    _, verified = run(capsys, "verify", "--data", data)
    checks = [line for line in verified.splitlines() if line.startswith("  ✓")]
    counts = {cells(re.match(r"  ✓ .*?\s+\d+(?=  |$)", line)[0]) for line in checks}
    assert counts == {2 + 2 + NAME_WIDTH + 10}


def cells(line: str) -> int:
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in line)


def half_done_load(data: Path, lunch: Campus) -> None:
    """Granted at the load machine, and nothing more is known of it."""
    machine, purse = lunch.bodies("load")[0], lunch.purses()[3]
    asked = purse.ask_load(machine, 5000)
    with closing(open_ledger(str(data / "cloud" / "ledger.db"))) as ledger:
        now = Now(int(time.time() * 1000) - 3_600_000, WALL.at(time.time() - 3600))
        ledger.deposit(purse.row.card, 5000, "receipt", now)
        online = OnlineRequest(machine.device, 1, machine.psam, 1, asked.to_bytes())
        assert ledger.load_authorise(machine.box, online, asked, True, now).result is LoadResult.GRANTED


def test_a_load_without_an_end_is_listed_with_its_age_evidence_and_what_will_happen(
    data: Path, lunch: Campus, capsys
) -> None:
    nothing = "共 0 笔：● 未了 0，¥0.00；◐ 已退回、未了 0，¥0.00\n"
    assert run(capsys, "loads", "--data", data, "--open") == (0, nothing)
    half_done_load(data, lunch)
    code, said = run(capsys, "loads", "--data", data)
    assert code == 0
    parts = (
        "¥50.00  卡 ", "  load-01", " #1\n", "（申请于 1 小时", "已批准，等结果", "终端尚无状态上报",
        "MAC1：申请时联机计数 1", "退回",
    )  # fmt: skip
    assert all(part in said for part in parts)
    speak(Language.EN)
    _, said = run(capsys, "loads", "--data", data)
    english = ("¥50.00  card ", " (asked 1 h", "no STATUS", "MAC1: online counter 1", "given back", "● open 1, ¥50")
    assert all(part in said for part in english)
    speak(Language.ZH)
    _, said = run(capsys, "loads", "--data", data, "--last", "0")
    assert "  load-01" in said, "what is half done is always listed"
    code, verified = run(capsys, "verify", "--data", data)
    assert code == 0
    assert all(part in verified for part in parts)
    _, said = run(capsys, "loads", "--data", data, "--json")
    (load,) = json.loads(said)["loads"]
    assert (load["open"], load["stage"], load["next"], load["amount_fen"]) == (True, "authorised", "terminal", 5000)
    assert 3600 <= load["age_s"] < 3660
    _, said = run(capsys, "report", "--data", data, "--json")
    (case,) = json.loads(said)["open"]
    assert (case["kind"], case["amount_fen"]) == ("transit", 5000)
    assert load["will"][0] in case["will"][0]
    _, said = run(capsys, "report", "--data", data)
    assert "  未结：圈存在途  ¥50.00  卡 " in said
    assert "load-01 #1  1 小时" in said
    speak(Language.EN)
    _, said = run(capsys, "report", "--data", data)
    assert "  open: load in transit  ¥50.00  card " in said
    assert "load-01 #1  1 h" in said


def test_a_success_that_was_shown_and_not_posted_is_named(data: Path, lunch: Campus, capsys) -> None:
    purse = lunch.purses()[3]
    show(data, "pos-09", [purse], counter=77)
    _, said = run(capsys, "report", "--data", data, "--json")
    shown = json.loads(said)["shown"]
    assert (shown["lost"], shown["double"], shown["owed"]) == (0, 0, 1), "its terminal was never heard of"
    assert shown["owed_by"] == [{"name": "pos-09", "epoch": 1, "first": 1, "last": 1}]
    show(data, "nobody", [purse], counter=78)
    _, said = run(capsys, "report", "--data", data, "--json")
    shown = json.loads(said)["shown"]
    assert (shown["lost"], shown["double"], shown["owed"]) == (1, 0, 1)
    assert purse.row.card.hex() in shown["first"]


def test_a_damaged_shown_log_is_no_guess(data: Path, capsys) -> None:
    (data / "terminals" / "pos-01" / "shown.log").write_text("{}\n")
    code, said = run(capsys, "report", "--data", data, "--json")
    assert code == 1
    assert "line 1 is damaged" in said


def test_import_again_adds_nothing(data: Path, capsys) -> None:
    code, said = run(capsys, "import", "--data", data)
    assert code == 0
    assert "0 张卡" in said


def test_an_inventory_signed_by_somebody_else_is_refused(data: Path, capsys) -> None:
    raw = bytearray((data / "inventory.bin").read_bytes())
    raw[-1] ^= 1
    (data / "inventory.bin").write_bytes(raw)
    code, said = run(capsys, "import", "--data", data)
    assert code == 1
    assert "wrong signature" in said


def test_demonstration_data_does_not_enter_a_production_campus(data: Path, capsys) -> None:
    file = data / "cloud" / "cloud.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"demo": False}))
    code, said = run(capsys, "import", "--data", data)
    assert code == 2
    assert "演示" in said


def online_fen(data: Path, capsys) -> int:
    return json.loads(run(capsys, "report", "--data", data, "--json")[1])["online_fen"]


def test_deposits_are_posted_once_per_key(data: Path, capsys) -> None:
    for _ in range(2):
        code, said = run(capsys, "deposit", "--data", data, "--card", "0007", "--fen", "1250", "--key", "k1")
        assert code == 0, said
    assert "新入账 0 笔" in said
    assert online_fen(data, capsys) == 1250
    assert run(capsys, "deposit", "--data", data, "--all", "--fen", "100", "--key", "k2")[0] == 0
    assert online_fen(data, capsys) == 1250 + 40 * 100


def test_who_made_a_deposit_is_kept_and_shown(data: Path, lunch: Campus, capsys) -> None:
    """Whoever repeats it, the first one has made it; --fen of before is understood."""
    for who in ("王芳", "李明"):
        words = ("--card", "0007", "--yuan", "12.50", "--key", "k1", "--who", who)
        assert run(capsys, "deposit", "--data", data, *words)[0] == 0
    assert run(capsys, "deposit", "--data", data, "--card", "0007", "--fen", "100", "--key", "k2")[0] == 0
    grant = ("grant", "--data", data, "--card", "0007", "--yuan", "3", "--reason", "补助", "--who", "李明")
    assert run(capsys, *grant)[0] == 0
    card = next(row.card for row in lunch.inventory.cards if row.label == "0007")
    with closing(open_reader(str(data / "cloud" / "ledger.db"))) as reader:
        told = [(entry.kind, entry.who) for entry in reader.statement(card) if entry.kind in ("deposit", "grant")]
    assert told == [("grant", "李明"), ("deposit", login_name()), ("deposit", "王芳")]
    assert run(capsys, "verify", "--data", data)[0] == 0


def test_deposits_without_a_key_are_new_each_time(data: Path, capsys) -> None:
    for _ in range(2):
        run(capsys, "deposit", "--data", data, "--card", "0007", "--fen", "10")
    assert online_fen(data, capsys) == 20


def test_deposits_of_a_file(data: Path, tmp_path: Path, capsys) -> None:
    lines = tmp_path / "deposits.jsonl"
    rows = [{"card": f"{n:04d}", "fen": n, "key": f"first-{n}"} for n in range(1, 11)]
    lines.write_text("".join(json.dumps(row) + "\n" for row in rows) + "\n")
    for posted in (10, 0):
        code, said = run(capsys, "deposit", "--data", data, "--file", lines)
        assert code == 0, said
        assert f"新入账 {posted} 笔\n" in said
    assert online_fen(data, capsys) == 55


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--card", "12", "--yuan", "5"], "12"),
        (["--card", "0007", "--yuan", "0"], "不能为零"),
        (["--card", "0007", "--yuan", "-5"], "--yuan"),
        (["--card", "0007", "--yuan", "12,50"], "是不是 12.50？"),
        (["--card", "0007", "--fen", str(2**40)], "元"),
        (["--card", "0007"], "--yuan"),
        (["--file", "nowhere", "--yuan", "5"], "--file"),
        (["--card", "0007", "--yuan", "5", "--who", "x" * 65], "--who"),
        (["--file", "nowhere"], "nowhere"),
    ],
)
def test_a_wrong_deposit_posts_nothing(data: Path, words: list[str], said: str, capsys) -> None:
    try:
        code, text = run(capsys, "deposit", "--data", data, *words)
    except SystemExit as wrong:
        code, text = wrong.code, capsys.readouterr().err
    assert code == (1 if "--who" in words else 2)
    assert said in text
    assert online_fen(data, capsys) == 0


@pytest.mark.parametrize(
    "line",
    ["{", "[]", '{"card": "0001"}', '{"card": 1, "fen": 5, "key": "k"}', '{"card": "0001", "fen": 5.0, "key": "k"}'],
)
def test_a_wrong_line_is_named_and_posts_nothing(data: Path, tmp_path: Path, line: str, capsys) -> None:
    lines = tmp_path / "d.jsonl"
    lines.write_text('{"card": "0001", "fen": 5, "key": "k1"}\n' + line + "\n")
    code, said = run(capsys, "deposit", "--data", data, "--file", lines)
    assert code == 2
    assert "d.jsonl:2" in said
    assert online_fen(data, capsys) == 0


def test_the_same_key_for_another_sum_is_refused(data: Path, capsys) -> None:
    run(capsys, "deposit", "--data", data, "--card", "0007", "--fen", "10", "--key", "k")
    code, said = run(capsys, "deposit", "--data", data, "--card", "0007", "--fen", "11", "--key", "k")
    assert code == 1
    assert "DepositRefused" in said


def test_a_forgotten_password_gets_a_link_that_works_once(data: Path, capsys) -> None:
    code, said = run(capsys, "sign-in", "--data", data, "--address", "https://console.school.example/")
    assert code == 0
    link = said[said.index("https:") :].strip()
    assert link.startswith("https://console.school.example/first-login/")
    accounts = Accounts(data / "cloud" / "console.db")
    assert accounts.use_link(link.rpartition("/")[2], "correct horse battery", int(time.time())) == "admin"
    accounts.close()


def test_a_folder_without_a_campus_is_wrong_use(tmp_path: Path, capsys) -> None:
    for verb in ("import", "verify", "report"):
        assert run(capsys, verb, "--data", tmp_path)[0] == 2


def test_a_campus_without_a_ledger_is_wrong_use(data: Path, capsys) -> None:
    (data / "cloud" / "ledger.db").unlink()
    grant = ("grant", "--card", "0001", "--fen", "100", "--reason", "补助")
    stolen = ("psam-stolen", "--psam", "530300000001", "--since", "2026-11-26T11:30", "--who", "王", "--reason", "盗")
    for words in (("verify",), ("report",), ("deposit", "--all", "--fen", "1", "--key", "k"), grant, stolen):
        code, said = run(capsys, *words, "--data", data)
        assert code == 2
        assert "没有账本" in said
    assert not (data / "cloud" / "ledger.db").exists()


def test_a_ledger_of_an_older_program_is_not_called_untrue(data: Path, capsys) -> None:
    with closing(sqlite3.connect(data / "cloud" / "ledger.db")) as ledger, ledger:
        ledger.execute("UPDATE alembic_version SET version_num = '0001'")
    for verb in ("verify", "report", "loads"):
        code, said = run(capsys, verb, "--data", data)
        assert code == 2
        assert "账本是旧版 0001" in said
        assert "账本有误" not in said


@pytest.mark.parametrize("broker", ["nohost", "host:", "host:0", "host:99999", ":1883", "host:x"])
def test_a_broker_address_is_host_and_port(data: Path, broker: str, capsys) -> None:
    code, said = run(capsys, "ingest", "--data", data, "--keys", "k", "--broker", broker)
    assert code == 2
    assert "--broker" in said


def test_an_unknown_verb_is_wrong_use(capsys) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["ingset"])
    assert ended.value.code == 2


def test_help_imports_no_library() -> None:
    """Start-up time: the command line itself pulls nothing in."""
    asked = "import sys, cloud.__main__; print([m for m in ('sqlalchemy', 'gmqtt', 'asyncio') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_lost_cards_are_listed_explained_and_terminals_written_off_by_two(data: Path, lunch: Campus, capsys) -> None:
    with closing(open_prepared(str(data / "cloud" / "ledger.db"))) as opened:
        DeskLedger(opened).report_lost(Lost(b"k" * 16, "王芳", "0007", "丢失"), Now(MS, campus_now()))
    lost = ("lost", "--data", data)
    code, said = run(capsys, *lost)
    assert code == 0
    assert "卡 0007 挂失" in said
    assert "等 17 台终端：bus-01, bus-02" in said
    _, said = run(capsys, *lost, "explain", "--card", "0007")
    assert "pos-01" in said
    assert "未回报拒收" in said
    speak(Language.EN)
    _, english = run(capsys, *lost, "explain", "--card", "0007")
    assert "has not said that it refuses the card" in english
    assert "card 0007 lost " in english
    speak(Language.ZH)
    assert "cloud lost write-off --card 0007 --terminal bus-01" in said
    (card,) = json.loads(run(capsys, *lost, "--json")[1])["cards"]
    assert (card["card"], card["state"], card["due_terminals"], card["left_fen"]) == ("0007", "lost", 17, 6_290)
    words = ("--card", "0007", "--due", "--who", "李明")
    code, said = run(capsys, *lost, "write-off", *words, "--json")
    assert code == 0, said
    fen = json.loads(said)["fen"]
    assert fen > 6_290, "of both purses"
    assert run(capsys, *lost, "write-off", "--proposal", "1", "--who", "李明")[0] == 2
    code, said = run(capsys, *lost, "write-off", "--proposal", "1", "--who", "赵红")
    assert code == 0
    assert "不再等任何终端：desk reissue --label 0007" in said
    code, said = run(capsys, "verify", "--data", data)
    assert code == 0, said
    assert "账本无误\n" not in said, "not in plain green above a loss"
    assert f"学校承担：¥{yuan(fen)}" in said
    sums = json.loads(run(capsys, "report", "--data", data, "--json")[1])
    assert sums["loss_fen"] == sums["loss_provision_fen"] == fen
    assert run(capsys, "held", "--data", data, "list")[0] == 0, "which knows its own proposals only"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("explain",), "--card"),
        (("explain", "--card", "0001"), "未挂失"),
        (("write-off", "--card", "0001"), "--who"),
        (("write-off", "--card", "0001", "--due", "--who", "x"), "未挂失"),
        (("reject", "--proposal", "1", "--who", "x"), "--reason"),
    ],
)
def test_a_lost_card_that_is_none_is_said(data: Path, words: tuple[str, ...], said: str, capsys) -> None:
    code, text = run(capsys, "lost", "--data", data, *words)
    assert (code, said in text) == (2, True), text
