"""Fetching Debian's packages: what apt is asked for, and what is said where it cannot be."""

from pathlib import Path

import debian
import pytest


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[list[str]]:
    """Note what would be run, on a machine that has all that is needed."""
    run: list[list[str]] = []

    def note(command: list[str], folder: Path, _environment: dict[str, str]) -> None:
        run.append(command)
        if command[0] == "apt-get" and command[2] != "update":
            archives = folder / ("var/cache/apt/archives" if "install" in command else "")
            (archives / "one.deb").touch()
        if command[0] == "dpkg-deb":
            Path(command[-1]).mkdir(exist_ok=True)

    monkeypatch.setattr(debian, "_run", note)
    monkeypatch.setattr(debian, "KEYRING", tmp_path)
    monkeypatch.setattr(debian.shutil, "which", lambda name: f"/usr/bin/{name}")
    return run


def test_packages_are_fetched_alone_or_with_what_they_need_and_once(
    commands: list[list[str]], tmp_path: Path
) -> None:
    folder = tmp_path / "tools"
    for with_needed, word in ((False, "download"), (True, "install")):
        for _ in range(2):
            debian.fetch_packages("bookworm", ("one",), folder, with_needed)
        assert [command[0] for command in commands] == ["apt-get", "apt-get", "dpkg-deb"]
        assert commands[1][2] == word
        assert commands[1][-1] == "one"
        assert commands[2][2].endswith("one.deb")
        commands.clear()
    assert not folder.with_name("tools.download").exists()


def test_a_machine_without_apt_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(debian.shutil, "which", lambda _name: None)
    monkeypatch.setattr("sys.argv", ["debian.py", "bookworm", str(tmp_path / "tools"), "one"])
    assert debian.main() == 1
    assert capsys.readouterr().err == "debian: one: needs apt-get and dpkg-deb (Debian, Ubuntu)\n"
    assert not (tmp_path / "tools").exists()
