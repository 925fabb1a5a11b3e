"""Photos and shapes on a sheet: whole or cut to their box, never larger than they bear."""

from __future__ import annotations

import io

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageStat

from commerce.domain.sheet import Block, Box, Fit, Photo, Sheet
from commerce.drawing.lettering import letter

_ROUND = 4  # corners are drawn so many times larger, then made small: their edges are soft
_SOFTENED_FRAC = 0.06  # of an edge's length: what is told apart below that is no ground
_EVEN = 2.5  # mean difference of an edge from itself softened, of 255, that is a ground to the eye
_SOFT_FROM = 1.4  # enlarged by more than this, a photo's edges are drawn after a little


def composed(sheet: Sheet) -> Image.Image:
    """Raises OSError or ValueError for a picture that is none."""
    canvas = Image.new("RGB", (sheet.width_px, sheet.height_px), sheet.paper)
    for part in sheet.parts:
        if isinstance(part, Photo):
            _photo(canvas, part)
        elif isinstance(part, Block):
            mask = _corners(part.box, part.radius_px).point(lambda level, of=part.opacity: round(level * of))
            canvas.paste(Image.new("RGB", mask.size, part.colour), _corner(part.box), mask)
        else:
            letter(canvas, part)
    return canvas


def _photo(canvas: Image.Image, part: Photo) -> None:
    picture = _opened(part.data)
    box = part.box
    scaled = _scaled(picture, part, _fit(picture, part))
    # Photo and tile are put together first, so that round corners cut both.
    tile = Image.new("RGBA", (box.width_px, box.height_px), (0, 0, 0, 0) if part.tile in ("", "none") else part.tile)
    at = (box.width_px - scaled.width) // 2, (box.height_px - scaled.height) // 2
    if not part.tile and tile.size != scaled.size:
        if is_even(picture, across=at[0] > 0, down=at[1] > 0):
            _carried_on(tile, scaled, at)
        elif is_even(upper := picture.crop((0, 0, picture.width, picture.height // 2)), across=True, down=False):
            tile.paste(_mean_of_sides(upper), (0, 0, *tile.size))  # somebody who is cut off further down
    tile.alpha_composite(scaled, at)
    mask = tile.getchannel("A")
    if part.radius_px:
        mask = ImageChops.multiply(mask, _corners(box, part.radius_px))
    canvas.paste(tile.convert("RGB"), _corner(box), mask)


def _opened(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data), formats=["JPEG", "PNG"]) as picture:
        return picture.convert("RGBA")


def _fit(picture: Image.Image, part: Photo) -> Fit:
    if part.fit is not Fit.BEST:
        return part.fit
    own, wanted = picture.width / picture.height, part.box.width_px / part.box.height_px
    scale = max(part.box.width_px / picture.width, part.box.height_px / picture.height)
    is_cut = 1 - min(own / wanted, wanted / own) <= part.most_cut_frac and scale <= part.largest_scale
    return Fit.CONTAIN if is_even(picture, across=own < wanted, down=own > wanted) or not is_cut else Fit.COVER


def _scaled(picture: Image.Image, part: Photo, fit: Fit) -> Image.Image:
    """As large as it is drawn, and not larger than its box."""
    box = part.box
    across, down = box.width_px / picture.width, box.height_px / picture.height
    scale = min(max(across, down) if fit is Fit.COVER else min(across, down), part.largest_scale)
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    drawn = picture.resize(size, Image.Resampling.LANCZOS)
    if scale > _SOFT_FROM:
        alpha = drawn.getchannel("A")
        drawn = drawn.filter(ImageFilter.UnsharpMask(radius=scale * 0.7, percent=70, threshold=2))
        drawn.putalpha(alpha)
    left, top = max(0, (size[0] - box.width_px) // 2), max(0, (size[1] - box.height_px) // 2)
    return drawn.crop((left, top, left + min(size[0], box.width_px), top + min(size[1], box.height_px)))


def is_even(picture: Image.Image, *, across: bool, down: bool) -> bool:
    """Whether the photo's ground can be carried on beyond its left and right edge, its upper and lower one: it is of
    one colour there, or shades off softly, as behind most photos of products."""
    width, height = picture.size
    if min(width, height) < 8 or picture.getchannel("A").getextrema() != (255, 255):
        return False
    edges = [(0, 0, 1, height), (width - 1, 0, width, height)] if across else []
    edges += [(0, 0, width, 1), (0, height - 1, width, height)] if down else []
    plain = picture.convert("RGB")
    for edge in edges:
        strip = plain.crop(edge)
        rough = ImageStat.Stat(ImageChops.difference(strip, _softened(strip))).mean
        if max(rough) > _EVEN:
            return False
    return True


def _mean_of_sides(picture: Image.Image) -> tuple[int, int, int]:
    plain = picture.convert("RGB")
    width, height = plain.size
    sides = [ImageStat.Stat(plain.crop((x, 0, x + 1, height))).mean for x in (0, width - 1)]
    red, green, blue = (round((sides[0][channel] + sides[1][channel]) / 2) for channel in range(3))
    return red, green, blue


def _carried_on(tile: Image.Image, scaled: Image.Image, at: tuple[int, int]) -> None:
    """The photo's outermost pixels, drawn out to the edges of the tile."""
    wide, high = scaled.size
    right, below = tile.width - at[0] - wide, tile.height - at[1] - high
    for strip, width, height, corner in (
        ((0, 0, wide, 1), wide, at[1], (at[0], 0)),
        ((0, high - 1, wide, high), wide, below, (at[0], at[1] + high)),
    ):
        if height:
            tile.paste(_softened(scaled.crop(strip)).resize((width, height)), corner)
    for strip, width, corner in (
        ((0, 0, 1, high), at[0], (0, at[1])),
        ((wide - 1, 0, wide, high), right, (at[0] + wide, at[1])),
    ):
        if width:
            tile.paste(_softened(scaled.crop(strip)).resize((width, high)), corner)
    if at[0] and (at[1] or below):  # the corners: where both are free, the nearest pixel
        for left, room in ((0, at[0]), (at[0] + wide, right)):
            for top, deep, row in ((0, at[1], at[1]), (at[1] + high, below, at[1] + high - 1)):
                if room and deep:
                    tile.paste(tile.crop((left, row, left + 1, row + 1)).resize((room, deep)), (left, top))


def _softened(strip: Image.Image) -> Image.Image:
    return strip.filter(ImageFilter.GaussianBlur(max(strip.size) * _SOFTENED_FRAC))


def _corners(box: Box, radius_px: int) -> Image.Image:
    """A mask of the box's size."""
    if not radius_px:
        return Image.new("L", (box.width_px, box.height_px), 255)
    large = Image.new("L", (box.width_px * _ROUND, box.height_px * _ROUND), 0)
    frame = (0, 0, large.width - 1, large.height - 1)
    ImageDraw.Draw(large).rounded_rectangle(frame, radius_px * _ROUND, fill=255)
    return large.resize((box.width_px, box.height_px), Image.Resampling.LANCZOS)


def _corner(box: Box) -> tuple[int, int]:
    return box.x_px, box.y_px
