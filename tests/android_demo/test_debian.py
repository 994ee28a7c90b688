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
            (Path(command[-1]) / "usr").mkdir(parents=True, exist_ok=True)

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
    assert [path.name for path in tmp_path.iterdir()] == ["tools"]


def test_a_machine_without_apt_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(debian.shutil, "which", lambda _name: None)
    monkeypatch.setattr("sys.argv", ["debian.py", "bookworm", str(tmp_path / "tools"), "one"])
    assert debian.main() == 1
    assert capsys.readouterr().err == "debian: one: needs apt-get and dpkg-deb (Debian, Ubuntu)\n"
    assert not (tmp_path / "tools").exists()


def test_a_relative_folder_is_the_callers(
    commands: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[dict[str, str]] = []
    note = debian._run
    monkeypatch.setattr(debian, "_run", lambda *run: (given.append(run[2]), note(*run)))
    monkeypatch.setattr("sys.argv", ["debian.py", "bookworm", "tools", "one"])
    monkeypatch.chdir(tmp_path)
    assert debian.main() == 0
    assert (tmp_path / "tools/packages.txt").read_text() == "bookworm one with all they need\n"
    # apt is run in another folder, and without a configuration it changes the system's own.
    (configuration,) = {Path(environment["APT_CONFIG"]) for environment in given}
    assert configuration.is_relative_to(tmp_path)
    assert configuration.name == "apt.conf"


def test_that_no_package_came_is_reported(
    commands: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(debian, "_run", lambda *_run: None)
    with pytest.raises(debian.ToolchainError, match="one: apt-get fetched no package"):
        debian.fetch_packages("bookworm", ("one",), tmp_path / "tools")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["mine.txt", "packages.txt"])
def test_a_folder_of_something_else_is_not_replaced(
    name: str, commands: list[list[str]], tmp_path: Path
) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / name).write_text("ffmpeg")
    with pytest.raises(debian.ToolchainError, match="give a new or an empty folder"):
        debian.fetch_packages("bookworm", ("one",), folder)
    assert (folder / name).read_text() == "ffmpeg"
    assert commands == []
    (folder / name).unlink()
    debian.fetch_packages("bookworm", ("one",), folder)
    assert (folder / "packages.txt").read_text() == "bookworm one\n"
