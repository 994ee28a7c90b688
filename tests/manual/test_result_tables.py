"""Figures stand in one place: the pages say what the JSON of the measurements says."""

import json

import result_tables

SHARE = {"value": 50.0, "low": 40.04, "high": 60.0}
SCORE = {
    "recall_at_1": SHARE,
    "recall_at_shortlist": 70.0,
    "right_answers": {"0.01": SHARE, "0.05": SHARE},
    "queries": 10,
    "database": 20,
}
SCORES = {"shop": {"whole photo": SCORE, "views": SCORE, "verified": SCORE}}


def test_the_pages_say_what_the_measurements_say() -> None:
    assert result_tables.main(["--check"]) == 0


def test_each_page_has_a_table() -> None:
    for name in result_tables.PAGES:
        text = (result_tables.ROOT / name).read_text(encoding="utf-8")
        assert "<!-- right answers: " in text, name
        assert result_tables.written(text, SCORES) != text


def test_tables_by_hand() -> None:
    text = "a\n<!-- right answers: full -->\nold\n<!-- end -->\nb\n"
    lines = result_tables.written(text, SCORES).splitlines()
    assert lines[:2] == ["a", "<!-- right answers: full -->"]
    row = (
        "| shop | views | 50.0 (40.0-60.0) | 70.0 | 50.0 (40.0-60.0) | 50.0 (40.0-60.0) | 10 | 20 |"
    )
    assert row in lines
    assert lines[-2:] == ["<!-- end -->", "b"]
    short = result_tables.short_table(SCORES)
    assert "| shop: 10 among 20 | the whole photo alone | 50.0 % (40.0 to 60.0) |" in short
    assert "| **50.0 %** (40.0 to 60.0) | **50.0 %** (40.0 to 60.0) |" in short


def test_a_new_run_is_taken_up(tmp_path, monkeypatch) -> None:
    page, data = tmp_path / "page.md", tmp_path / "data.json"
    page.write_text("<!-- right answers: full -->\n<!-- end -->\n")
    data.write_text("{}")
    run = tmp_path / "run.json"
    run.write_text("some lines\n" + json.dumps({"sets": {}, "answers": SCORES}) + "\n")
    monkeypatch.setattr(result_tables, "ROOT", tmp_path)
    monkeypatch.setattr(result_tables, "DATA", data)
    monkeypatch.setattr(result_tables, "PAGES", ("page.md",))
    assert result_tables.main([str(run)]) == 0
    assert json.loads(data.read_text()) == SCORES
    assert "| shop | verified |" in page.read_text()
    assert result_tables.main(["--check"]) == 0
    page.write_text(page.read_text().replace("50.0", "51.0"))
    assert result_tables.main(["--check"]) == 1
