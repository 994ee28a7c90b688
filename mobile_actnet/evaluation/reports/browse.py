"""A page of queries with their hits, to see what a model gets wrong (the paper, figure 7).

One HTML file that holds everything: thumbnails are inside, and a content security policy keeps
browsers from fetching anything. Right and wrong differ in frame and word, not in colour alone.
"""

import html
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mobile_actnet.descriptors import Descriptors
from mobile_actnet.evaluation.config import BrowseConfig
from mobile_actnet.evaluation.ranking import average_precision
from mobile_actnet.gallery.pages import data_url, item, page
from mobile_actnet.pictures.photos import Photo
from mobile_actnet.pictures.preprocessing import decode
from mobile_actnet.pictures.thumbnails import thumbnail_jpeg

THUMBNAIL_SIDE_PX = 96

_STYLE = """
li { width: 108px; text-align: center; font-size: .8rem; overflow-wrap: anywhere; }
img { border: 4px solid #555; max-width: 100px; }
.right img { border: 4px solid #00803c; }
.wrong img { border: 4px dashed #c8102e; }
.right span { color: #00662f; }
.wrong span { color: #b00d27; }
@media (max-width: 480px) {
  body { margin: .75rem; }
  h1 { font-size: 1.4rem; }
  li { width: calc((100% - 1.2rem) / 3); }
  img { max-width: 100%; box-sizing: border-box; }
}
"""


@dataclass(frozen=True)
class Ranking:
    """A query and what was found for it.

    Attributes:
        query: its number among the photos.
        ap: its average precision, 0 to 1.
        hits: (K,) int64, numbers of the best hits, best first.
        similarities: (K,) float32.
        right: (K,) whether a hit shows the query's instance.
        best_right: number of the best right picture. place: where it was found, from 1 on.
        right_similarity: of that picture.
    """

    query: int
    ap: float
    hits: NDArray[np.int64]
    similarities: NDArray[np.float32]
    right: NDArray[np.bool_]
    best_right: int
    place: int
    right_similarity: float


def worst_rankings(
    descriptors: Descriptors,
    photos: list[Photo],
    queries: NDArray[np.int64],
    config: BrowseConfig = BrowseConfig(),
) -> list[Ranking]:
    """Rank the database for each query; return the queries with the worst average precision first.

    A query without a positive in the database is left out, as in the evaluation.

    Args:
        descriptors: (N, D) float32, each of length 1.
        photos: the N photos they belong to; the database are those with the role database,
            distractor or both.
        queries: which of them to search for.
    """
    instances = np.array([photo.instance for photo in photos])
    database = np.flatnonzero([photo.is_searched for photo in photos])
    rankings = []
    for query in queries:
        others = database[database != query]
        similarities = descriptors[others] @ descriptors[query]
        order = np.argsort(-similarities, kind="stable")
        right = instances[others[order]] == instances[query]
        if right.any():
            best, first_right = order[: config.hits], int(right.argmax())
            rankings.append(
                Ranking(
                    query=int(query),
                    ap=average_precision(right),
                    hits=others[best],
                    similarities=similarities[best],
                    right=right[: config.hits],
                    best_right=int(others[order[first_right]]),
                    place=first_right + 1,
                    right_similarity=float(similarities[order[first_right]]),
                )
            )
    return sorted(rankings, key=lambda ranking: ranking.ap)[: config.queries_per_set]


def browse_page(title: str, photos: list[Photo], sets: dict[str, list[Ranking]]) -> str:
    """Write the page.

    Args:
        title: of the page, such as the model's name.
        photos: what the numbers in the rankings stand for.
        sets: rankings by the set's name, in the order to be shown.

    Returns:
        HTML.

    Raises:
        UnreadablePictureError: a photo has gone or changed since it was described.
    """
    thumbnails: dict[int, str] = {}

    def thumbnail(number: int) -> str:
        if number not in thumbnails:
            image = decode(photos[number].path)
            thumbnails[number] = data_url(thumbnail_jpeg(image, THUMBNAIL_SIDE_PX))
        return thumbnails[number]

    parts = [
        "<p>Queries with the worst average precision first. The first picture of a row is the "
        "query; a solid green frame is a right hit, a dashed red one a wrong hit. The number is "
        "the similarity. Where no hit is right, the right picture stands at the end, with its place.</p>",
    ]
    for name, rankings in sets.items():
        parts.append(f"<h2>{html.escape(name)}</h2>")
        for ranking in rankings:
            parts += _section(ranking, photos, thumbnail)
    return page(title, _STYLE, parts)


def _section(ranking: Ranking, photos: list[Photo], thumbnail: Callable[[int], str]) -> list[str]:
    # Sets name photos by number in a folder of each thing.
    name = "/".join(photos[ranking.query].path.parts[-2:])
    parts = [
        f"<section><h3>{html.escape(name)}: average precision {100 * ranking.ap:.1f} %</h3><ol>",
        item("query", thumbnail(ranking.query), f"query {name}", "query"),
    ]
    for rank, (hit, similarity, right) in enumerate(
        zip(ranking.hits, ranking.similarities, ranking.right, strict=True), start=1
    ):
        word = "right" if right else "wrong"
        name = photos[hit].path.name
        alt = f"hit {rank}, {word}: {name}"
        parts.append(item(word, thumbnail(int(hit)), alt, f"{similarity:.3f} {word}", name))
    if not ranking.right.any():
        name, place = photos[ranking.best_right].path.name, f"at place {ranking.place}"
        score = f"{ranking.right_similarity:.3f} right, {place}"
        parts.append(
            item("right", thumbnail(ranking.best_right), f"right, {place}: {name}", score, name)
        )
    return [*parts, "</ol></section>"]
