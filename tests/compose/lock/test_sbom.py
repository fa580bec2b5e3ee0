"""The bill of materials says what the lock says, the same each time."""

import json

import pytest

from compose.lock.locked import FILE, parse
from compose.lock.sbom import main
from compose.place import ROOT


def test_every_locked_package_stands_in_it_once(capsys):
    assert main([]) == 0
    text = capsys.readouterr().out
    bill = json.loads(text)
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert bill["metadata"]["component"]["name"] == "openykt"
    locked = parse((ROOT / FILE).read_text(encoding="utf-8"))
    assert [(one["name"], one["version"]) for one in bill["components"]] == [(one.name, one.version) for one in locked]
    assert [len(one["hashes"]) for one in bill["components"]] == [len(one.hashes) for one in locked]
    scopes = {one["name"]: one["scope"] for one in bill["components"]}
    assert (scopes["cryptography"], scopes["pytest"]) == ("required", "excluded")
    refs = {one["ref"] for one in bill["dependencies"]}
    assert set(bill["dependencies"][0]["dependsOn"]) < refs
    assert main([]) == 0
    assert capsys.readouterr().out == text


def test_it_goes_to_a_file_and_a_wrong_word_is_refused(tmp_path, capsys):
    assert main(["--out", str(tmp_path / "bill.json")]) == 0
    assert json.loads((tmp_path / "bill.json").read_text(encoding="utf-8"))["version"] == 1
    assert capsys.readouterr().out == ""
    with pytest.raises(SystemExit, match="2"):
        main(["--for"])
