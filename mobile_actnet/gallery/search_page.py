"""The page of a search: each query with what was found for it, thumbnails inside."""

import html
import io

from PIL import Image, ImageDraw

from mobile_actnet.commands import counted
from mobile_actnet.errors import UnreadablePictureError
from mobile_actnet.gallery.gallery import Gallery
from mobile_actnet.gallery.hits import Answer, Hit, Verdict
from mobile_actnet.gallery.pages import (
    PHONE_STYLE,
    data_url,
    item,
    page,
    shared_item,
    shared_style,
)
from mobile_actnet.gallery.sqlite.schema import from_gallery
from mobile_actnet.pictures.preprocessing import decode
from mobile_actnet.pictures.thumbnails import thumbnail_jpeg

_SIDE_PX = 160
_QUERY_SIDES_PX = (320, 240, 96)
_OUTLINE, _OUTLINE_PX = (30, 200, 80), 4

_MANY_PICTURES, _VERY_MANY_PICTURES = 400, 4000
"""Pages of more get smaller ones, and each hit's picture once. Thumbnails of photos are 11 kB at 240 px
and 3 kB at 96 px on average, so 2 000 queries in a gallery of 1 000 make about 12 MB."""

_STYLE = """
li { width: 172px; text-align: center; font-size: .8rem; overflow-wrap: anywhere; }
img { border: 2px solid #ddd; max-width: 164px; max-height: 164px; }
.query { width: 250px; }
.query img { border-color: #1b1b1b; max-width: 240px; max-height: 240px; }
.verified img { border-color: #1ec850; border-width: 4px; }
.picture { display: inline-block; box-sizing: border-box; width: 100px; height: 100px;
  border: 2px solid #ddd; background: center / contain no-repeat; }
.verified .picture { border-color: #1ec850; border-width: 4px; }
.missing img { width: 120px; height: 120px; background: #eee; }
"""

# One grey pixel, for pictures of which nothing is left to show.
_NOTHING = "data:image/gif;base64,R0lGODlhAQABAIAAAO7u7gAAACwAAAAAAQABAAACAkQBADs="


def search_page(gallery: Gallery, answers: list[Answer]) -> str:
    """Write the page.

    Args:
        answers: what was searched for and found. A query that could not be read has its reason.

    Returns:
        HTML. Pictures come from the gallery's thumbnails, else from the photos themselves.
    """
    shown: dict[int, str] = {}
    count = sum(1 + len(answer.hits) for answer in answers)
    many = count > _MANY_PICTURES
    query_side = _QUERY_SIDES_PX[(count > _MANY_PICTURES) + (count > _VERY_MANY_PICTURES)]
    parts = [
        f"<p>{counted(len(gallery), 'picture')}, described by {html.escape(gallery.info.model_file)}. The "
        "first picture of a row is the query; the number is the similarity, at most 1. A green frame "
        "in the query shows where the thing that was found lies in it.</p>"
    ]
    for answer in answers:
        parts.append(f"<section><h3>{html.escape(answer.picture.name)}</h3>")
        if answer.problem is not None:
            parts.append(f"<p>{html.escape(str(answer.problem))}</p></section>")
            continue
        parts.append(f"<p>{html.escape(answer.sentence())}</p>")
        parts += ["<ol>", _query_item(answer, query_side)]
        parts += [
            _item(gallery, rank, hit, shown, many) for rank, hit in enumerate(answer.hits, start=1)
        ]
        parts.append("</ol></section>")
    shared = "\n".join(shared_style(f"p{number}", source) for number, source in shown.items())
    style = _STYLE + (shared if many else "") + PHONE_STYLE
    return page(f"Search in {gallery.path.name}", style, parts)


def _query_item(answer: Answer, side: int) -> str:
    photo = decode(answer.picture)
    is_answered = answer.verdict() is Verdict.FOUND
    small = photo.copy()
    small.thumbnail((side, side))
    if is_answered and (outline := answer.hits[0].outline) is not None:
        scale = small.width / photo.width
        corners = [(x * scale, y * scale) for x, y in outline]
        pen = ImageDraw.Draw(small)
        pen.line([*corners, corners[0], corners[1]], _OUTLINE, _OUTLINE_PX, joint="curve")
    image = thumbnail_jpeg(small, side)
    return item("query", data_url(image), f"query {answer.picture.name}", answer.verdict())


def _item(gallery: Gallery, rank: int, hit: Hit, shown: dict[int, str], many: bool) -> str:
    if hit.picture_id not in shown:
        shown[hit.picture_id] = _source(gallery, hit, many)
    source = shown[hit.picture_id]
    score = f"{hit.similarity:.3f}"
    if hit.inliers is not None:
        score += f", {hit.inliers} inliers"
    captions = [score, *([hit.label] if hit.label else []), hit.path]
    if hit.duplicates:
        captions.append(f"and {len(hit.duplicates)} nearly the same")
    kind = "missing" if source == _NOTHING else "verified" if hit.verified else "hit"
    alt = f"hit {rank}: {hit.path}"
    if many:
        return shared_item(kind, f"p{hit.picture_id}", alt, *captions)
    return item(kind, source, alt, *captions)


def _source(gallery: Gallery, hit: Hit, many: bool) -> str:
    side = _SIDE_PX * 5 // 8 if many else _SIDE_PX
    jpeg = gallery.thumbnail(hit.picture_id)
    if jpeg is None:
        path = from_gallery(gallery.path, gallery.info.photos_path) / hit.path
        try:
            jpeg = thumbnail_jpeg(decode(path), side)
        except UnreadablePictureError:
            return _NOTHING
    elif many:
        jpeg = thumbnail_jpeg(Image.open(io.BytesIO(jpeg)).convert("RGB"), side)
    return data_url(jpeg)
