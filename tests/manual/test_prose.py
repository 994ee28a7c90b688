"""The pages keep the rules of manual/prose.toml, and the rules find what they are for."""

import prose
import pytest


def test_the_pages_keep_the_rules() -> None:
    rules = prose.load_rules()
    chosen = prose.pages(rules)
    assert len(chosen) > 20
    for path in chosen:
        assert not list(prose.check(path.read_text(encoding="utf-8"), rules)), path


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("The shop is told of it.", 1),
        ("It is taken\nfrom a folder.", 1),
        ("The page is made by the command.", 1),
        ("The photos have been quickly described\nby the phone.", 1),
        ("It cannot be written by `index update`.", 1),
        ("The command makes the page.", 0),
        ("The sum is divided by the count, hits are ordered by similarity.", 0),
        ("Views are described by themselves; the page is made by hand, the need by the shop.", 0),
        ("This says from where on a match is an answer.", 1),
        ("Short. " * 40, 0),
        ("word " * 31 + ".", 1),
        ("word " * 20 + ".\n\n" + "word " * 20 + ".", 0),
        ("- " + "word " * 20 + "\n- " + "word " * 20, 0),
        ("| " + "word " * 20 + "| " + "word " * 20 + "|", 0),
        ("```\nis told " + "word " * 40 + "\n```\n", 0),
        ("  ```\n  is told\n  ```\n", 0),
        ("It says `is told` and " + "`code` " * 40, 0),
        ("[" + "word " * 10 + "](is-told-" + "word-" * 30 + ".md)", 0),
    ],
)
def test_what_breaks_a_rule(text: str, count: int) -> None:
    assert len(list(prose.check(text, prose.load_rules()))) == count


def test_a_finding_names_its_line(capsys: pytest.CaptureFixture[str], tmp_path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Title\n\nFine. This one\nis told.\n")
    assert prose.main([str(page)]) == 1
    assert f"{page}:3: 'is told'" in capsys.readouterr().out
    page.write_text("# Title\n\nFine.\n")
    assert prose.main([str(page)]) == 0
