"""CHANGELOG and CITATION keep their forms and agree on the version."""

import configparser
import re
from pathlib import Path

import pytest

yaml = pytest.importorskip("yaml", reason="needs the extra dev")

ROOT = Path(__file__).parents[2]
GROUPS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def version() -> str:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    return config["metadata"]["version"]


def test_the_changelog_is_one_of_keepachangelog() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"(?m)^## (.+)$", text)
    assert versions[0] == "[Unreleased]"
    assert versions[1].startswith(f"[{version()}] - ")
    for title in versions[1:]:
        assert re.fullmatch(r"\[\d+\.\d+\.\d+\] - (\d{4}-\d\d-\d\d|not released yet)", title)
    assert set(re.findall(r"(?m)^### (.+)$", text)) <= GROUPS
    for part in text.split("\n## ")[1:]:
        loose = part.partition("\n### ")[0]
        assert "\n- " not in loose, f"a line without a group: {loose}"


def test_the_citation_names_this_version() -> None:
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "message", "title", "authors", "license"} <= set(cited)
    assert cited["version"] == version()
    assert cited["preferred-citation"]["title"].startswith("ACTNET")
