"""Make the golden sightings: answers of frames, one after the other, and what the live screen must show.

    python tests/golden/make_sightings.py MODEL.tflite

The short cases are written by hand. `visit` is recorded: drawn posters are photographed as someone walks up to one,
holds the phone, shakes it, turns away and finds another; Python searches a gallery of twelve with each frame.
What must be shown is worked out below from docs/live-answers.md, apart from the apps' code.
"""

import itertools
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from make_verification import FRAME, Corners, drawn, photo
from PIL import Image, ImageFilter

from mobile_actnet.gallery.gallery import Gallery
from mobile_actnet.gallery.hits import Hit, SearchOptions
from mobile_actnet.gallery.indexing.index_options import IndexOptions

GOLDEN = Path(__file__).parent
LASTING_MS, UNSURE_MS, CHANGE_MS, ASKED = 2000, 1000, 1000, 3
FRAME_MS = 250
CANDIDATE_FROM = 0.45
"""Least similarity of what someone is asked about, in the recording."""

POSTERS = 12
NEAR: Corners = [(160, 30), (470, 40), (465, 445), (150, 440)]
Json = dict[str, Any]


def main() -> None:
    if len(sys.argv) != 2:
        raise SystemExit("give an artefact: make_sightings.py MODEL.tflite")
    cases = [*by_hand(), {"name": "visit", "frames": recorded(Path(sys.argv[1]))}]
    for case in cases:
        expected = shown(case["frames"])
        if "states" in case and case["states"] != expected:
            raise SystemExit(f"{case['name']}: {expected} instead of {case['states']}")
        case["states"] = expected
        check_calm(case)
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    (GOLDEN / "sightings.json").write_text(f'{{"cases":[\n{lines}\n]}}\n')


def by_hand() -> list[Json]:
    """Return cases with the states that a person worked out."""
    a, b, c, d, e = ("verified a", "verified b", "looking", "maybe a b c", "maybe d e f")
    return [
        _case("first answer at once", [(0, ""), (250, "A"), (500, "A")], [c, a + " +", a + " +"]),
        _case("one frame without it", [(0, "A"), (250, ""), (500, "A")], [a + " +", a, a + " +"]),
        _case("nothing for two seconds", [(0, "A"), (1900, ""), (2000, ""), (2250, "")], [a + " +", a, c, c]),
        _case("another after a second", [(0, "A"), (500, "B"), (999, "B"), (1000, "B")], [a + " +", a, a, b + " +"]),
        _case("to and fro", [(0, "A"), (1000, "B"), (1250, "A"), (1500, "A"), (2000, "A")],
              [a + " +", b + " +", b, b, a + " +"]),
        _case("asked after a second", [(0, "abc"), (500, "abc"), (1000, "abc"), (1250, "")], [c, c, d, d]),
        _case("not asked for a glimpse", [(0, "abc"), (500, ""), (1000, "abc"), (1750, "abc"), (2000, "abc")],
              [c, c, c, c, d]),
        _case("pictures stay in place", [(0, "abc"), (1000, "abc"), (1500, "cab"), (1750, "def"), (2000, "def")],
              [c, d, d, d, e]),
        _case("asked and then sure", [(0, "abc"), (1000, "abc"), (1500, "A"), (2000, "A")], [c, d, d, a + " +"]),
        _case("asked and left", [(0, "abc"), (1000, "abc"), (2000, ""), (3000, ""), (3250, "abc")], [c, d, d, c, c]),
        _case("unsure after an answer", [(0, "A"), (1000, "abc"), (2000, "abc"), (2250, "abc"), (3250, "abc")],
              [a + " +", a, c, c, d]),
    ]  # fmt: skip


def _case(name: str, frames: list[tuple[int, str]], states: list[str]) -> Json:
    """Write out a frame for each text: a capital for an answer, small letters for candidates."""
    return {
        "name": name,
        "frames": [
            {
                "at_ms": at_ms,
                "hits": [_hit(letter.lower(), ord(letter.lower()) - 96, 0.6, 12 * letter.isupper())
                         for letter in letters],
                "verified": letters.isupper(),
                "outline": [[0.25, 0.25], [0.75, 0.25], [0.75, 0.75], [0.25, 0.75]] if letters.isupper() else None,
            }
            for at_ms, letters in frames
        ],
        "states": states,
    }  # fmt: skip


def _hit(key: str, picture: int, similarity: float, inliers: int) -> Json:
    return {"key": key, "picture": picture, "similarity": similarity, "inliers": inliers}


def shown(frames: list[Json]) -> list[str]:
    """Work out what is to be seen after each frame; a + stands for an outline."""
    state, changed, met, unsure_since = "looking", -1e9, -1e9, None
    states = []
    for frame in frames:
        now, hits = frame["at_ms"], frame["hits"]
        may_change, kind = now - changed >= CHANGE_MS, state.split()[0]
        keys, seen = state.split()[1:], " ".join(hit["key"] for hit in hits[:ASKED])
        outlined, wanted = False, state
        if frame["verified"]:
            unsure_since, wanted = None, f"verified {hits[0]['key']}"
            outlined = frame["outline"] is not None and (state == wanted or may_change)
            met = now if state == wanted or may_change else met
        elif kind == "verified" or (kind == "maybe" and not hits):
            wanted = "looking" if now - met >= LASTING_MS else state
        elif not hits:
            unsure_since = None
        else:
            unsure_since = now if unsure_since is None else unsure_since
            if kind == "maybe" and (hits[0]["key"] in keys or not may_change):
                met = now
            elif now - unsure_since >= UNSURE_MS and may_change:
                wanted, met = f"maybe {seen}", now
        if wanted != state and may_change:
            state, changed = wanted, now
            unsure_since = None if state == "looking" else unsure_since
        states.append(state + " +" * outlined)
    return states


def check_calm(case: Json) -> None:
    """Refuse a sequence that changes twice within a second."""
    last = None
    pairs = list(zip(case["frames"], case["states"], strict=True))
    for (_, before), (frame, after) in itertools.pairwise(pairs):
        if before.removesuffix(" +") != after.removesuffix(" +"):
            if last is not None and frame["at_ms"] - last < CHANGE_MS:
                raise SystemExit(f"{case['name']} flickers at {frame['at_ms']} ms")
            last = frame["at_ms"]


def recorded(model: Path) -> list[Json]:
    """Search with the frames of a visit."""
    with tempfile.TemporaryDirectory(prefix="actnet-visit-") as folder:
        photos = Path(folder) / "photos"
        photos.mkdir()
        for seed in range(1, POSTERS + 1):
            drawn(seed).save(photos / f"poster{seed:02}.png")
        options = IndexOptions(thumbnail_side_px=0)
        with Gallery.build(photos, model, Path(folder) / "gallery.sqlite", options) as gallery:
            return [_frame(gallery, number, scene) for number, scene in enumerate(visit())]


def visit() -> list[Image.Image]:
    """Photograph a walk: up to the first poster, a shake, away, and up to the second."""
    rng = np.random.default_rng(22)
    first, second = drawn(1), drawn(2)
    scenes = [photo(first, _scaled(share)) for share in np.linspace(0.12, 1, 10)]
    scenes += [photo(first, _shaken(rng, 3)) for _ in range(8)]
    scenes += [
        photo(first, _shaken(rng, 25)).filter(ImageFilter.BoxBlur(16 if turn % 2 else 5))
        for turn in range(6)
    ]
    scenes += [photo(first, _shifted(_shaken(rng, 3), 110 * turn)) for turn in range(8)]
    scenes += [Image.new("RGB", FRAME, "grey")] * 8
    scenes += [photo(second, _shifted(NEAR, 600 - 150 * turn)) for turn in range(5)]
    scenes += [photo(second, _shaken(rng, 3)) for _ in range(8)]
    return scenes


def _scaled(share: float) -> Corners:
    x, y = FRAME[0] / 2, FRAME[1] / 2
    return [(x + share * (left - x), y + share * (top - y)) for left, top in NEAR]


def _shaken(rng: np.random.Generator, px: float) -> Corners:
    return [(x + rng.uniform(-px, px), y + rng.uniform(-px, px)) for x, y in NEAR]


def _shifted(corners: Corners, px: float) -> Corners:
    return [(x + px, y) for x, y in corners]


def _frame(gallery: Gallery, number: int, scene: Image.Image) -> Json:
    hits = gallery.search_images([scene], SearchOptions(top=ASKED, every_view=True))[0]
    verified = bool(hits[0].verified)
    kept = hits if verified else [hit for hit in hits if hit.similarity >= CANDIDATE_FROM]
    return {
        "at_ms": FRAME_MS * number,
        "hits": [_told(hit) for hit in kept],
        "verified": verified,
        "outline": _shares(hits[0]) if verified else None,
    }


def _told(hit: Hit) -> Json:
    return _hit(Path(hit.path).stem, hit.picture_id, round(hit.similarity, 4), hit.inliers or 0)


def _shares(hit: Hit) -> list[list[float]] | None:
    if hit.outline is None:
        return None
    return [[round(x / FRAME[0], 4), round(y / FRAME[1], 4)] for x, y in hit.outline]


if __name__ == "__main__":
    main()
