"""./ykt psam-stolen: what it hands to which part, and wrong use."""

from pathlib import Path

import pytest

from compose.commands import psam_stolen

STOLEN = ("--psam", "51" * 6, "--who", "王五", "--reason", "窗口被撬")


def words(*more: str, dsn: str = "") -> list[list[str]]:
    given = psam_stolen._parser().parse_args([*STOLEN, *more])
    return [list(part.argv[3:]) for part in psam_stolen._parts(given, Path("/data/campus"), dsn)]


def after(argv: list[str], name: str) -> str:
    return argv[argv.index(name) + 1]


def test_the_ledger_hears_of_the_theft_and_the_register_of_the_keys() -> None:
    ledger, register = words(
        "--since", "2026-11-26T11:30", "--body", "--csv", "cards.csv", "--wait", "3", "--share-file", "a",
        "--share-file", "b", dsn="postgresql://x",
    )  # fmt: skip
    assert (ledger[:2], register[:2]) == (["cloud", "psam-stolen"], ["provisioning", "psam-stolen"])
    for argv in (ledger, register):
        assert (after(argv, "--data"), after(argv, "--who")) == ("/data/campus", "王五")
    told = [after(ledger, name) for name in ("--since", "--csv", "--wait", "--dsn")]
    assert told == ["2026-11-26T11:30", "cards.csv", "3.0", "postgresql://x"]
    assert "--body" in ledger
    assert [register[at + 1] for at, word in enumerate(register) if word == "--share-file"] == ["a", "b"]
    assert not {"--dsn", "--since", "--wait", "--body", "--csv"} & {*register}


def test_a_find_goes_to_both() -> None:
    assert all("--found" in argv for argv in words("--found"))


@pytest.mark.parametrize("arguments", [[], list(STOLEN)[:-2], [*STOLEN, "--wait", "x"]])
def test_wrong_use_ends_with_two(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        psam_stolen.main(arguments)
    assert ended.value.code == 2
    assert capsys.readouterr().err


def test_a_folder_without_a_campus(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert psam_stolen.main(["--data", str(tmp_path), *STOLEN]) == 2
    assert "没有校园数据" in capsys.readouterr().err
