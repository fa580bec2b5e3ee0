"""The command line: exit codes and words for people."""

import json

import pytest


def test_plan_demo_writes_a_plan_that_campus_takes(tmp_path, provision) -> None:
    assert provision("plan", "demo", "--out", tmp_path / "plan.json").returncode == 0
    assert len(json.loads((tmp_path / "plan.json").read_text())["cards"]) == 200
    shown = provision("plan", "demo", "--cards", 3, "--out", "-")
    assert len(json.loads(shown.stdout)["cards"]) == 3


def test_a_filled_folder_is_wrong_use(campus, provision) -> None:
    before = sorted(campus.data.iterdir())
    done = provision("campus", "--data", campus.data, "--plan", campus.data.parent / "plan.json")
    assert done.returncode == 2
    assert "数据目录不是空的" in done.stderr
    assert sorted(campus.data.iterdir()) == before


@pytest.mark.parametrize(
    ("text", "said"),
    [("{", "不是 JSON"), ('{"campus": 0}', "campus: 应在"), ("[]", "应为对象"), ("[" * 100_000, "不是 JSON")],
)
def test_a_wrong_plan_is_wrong_use(tmp_path, provision, text, said) -> None:
    (tmp_path / "plan.json").write_text(text)
    done = provision("campus", "--data", tmp_path / "d", "--plan", tmp_path / "plan.json")
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "d").exists()


def test_missing_files_are_wrong_use(tmp_path, provision) -> None:
    for words in (
        ("campus", "--data", tmp_path / "d", "--plan", tmp_path / "none.json"),
        ("keys", "--data", tmp_path, "--socket", tmp_path / "s"),
        ("keys", "--data", tmp_path),
        ("bake",),
        (),
    ):
        done = provision(*words)
        assert done.returncode == 2, words
        assert "Traceback" not in done.stderr


def test_a_campus_under_a_passphrase_has_no_unlock_file(tmp_path, provision) -> None:
    words = tmp_path / "words"
    words.write_text("correct horse battery\n")
    words.chmod(0o600)
    provision("plan", "demo", "--cards", 2, "--out", tmp_path / "plan.json")
    made = ("campus", "--data", tmp_path / "d", "--plan", tmp_path / "plan.json", "--passphrase-file", words)
    assert provision(*made).returncode == 0
    assert not (tmp_path / "d/keys/unlock").exists()
    keys = ("keys", "--data", tmp_path / "d", "--socket", tmp_path / "s", "--end-with-stdin")
    assert provision(*keys).returncode == 2
    assert "READY keys" in provision(*keys, "--passphrase-file", words).stdout
