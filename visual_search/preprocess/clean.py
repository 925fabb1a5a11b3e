"""Bytes to safe pixels with Pillow. Runs in the child only: it may die here, and nothing else is harmed.

What comes out: the encoder's square, an 8 x 8 thumb, and our own JPEG that is upright, in sRGB and carries
nothing of what came in (EXIF, GPS, XMP, comments, profiles, text chunks, later frames, bytes after the end); for a
photo that is looked at also a view to cut garments from, and its barcodes.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from PIL import Image, ImageCms, ImageFile

from visual_search.preprocess.barcodes import read_barcodes
from visual_search.preprocess.limits import THUMB_PX, Resize

if TYPE_CHECKING:  # the child does without numpy
    from visual_search.values import RefusalReason

Part = tuple[float, float, float, float]
"""Left, top, right, bottom of an upright picture, as fractions 0..1."""
EVERYTHING: Part = (0.0, 0.0, 1.0, 1.0)
_WHITE = (255, 255, 255)
_MAX_PROFILE_BYTES = 4 * 1024 * 1024
_ORIENTATION_TAG = 0x0112
# EXIF 2.32, 4.6.4 A: what to do to the stored rows to see them upright.
_TURN = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class Refused(Exception):
    """Carries the typed refusal out of the decoder."""

    def __init__(self, reason: RefusalReason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Cleaned:
    """`pixels` is input_px * input_px * 3 bytes, `thumb` 192 bytes, `clean` a JPEG or empty, `view` width * height * 3
    bytes of `view_size` or empty."""

    pixels: bytes
    thumb: bytes
    clean: bytes
    clean_size: tuple[int, int]
    size: tuple[int, int]
    view: bytes = b""
    view_size: tuple[int, int] = (0, 0)
    barcodes: tuple[str, ...] = ()


def prepare_pillow(max_pixels: int, heic: bool) -> None:
    """Set Pillow's own limits once, before the first picture. Warnings become errors."""
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = max_pixels
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    Image.preinit()
    if heic:
        try:
            import pi_heif  # type: ignore[import-not-found,unused-ignore]
        except ImportError:
            return
        pi_heif.register_heif_opener()


def clean_picture(
    data: bytes,
    *,
    format: str,
    input_px: int,
    resize: Resize,
    max_pixels: int,
    min_side_px: int,
    clean_px: int,
    quality: int,
    view_px: int,
    wants_copy: bool,
    wants_look: bool,
    part: Part = EVERYTHING,
) -> Cleaned:
    """Read one picture of a format that was sniffed before. Its pixels are the same whatever else is wanted.

    Raises Refused. MemoryError, and the process's own death, are for the caller to name.
    """
    try:
        image = _open(data, format, max_pixels, min_side_px)
        width, height = image.size
        keep_px = max(clean_px, input_px)
        _shrink_while_decoding(image, keep_px)
        image.load()
        turn = _orientation(image)
        upright = _to_srgb(image, keep_px)
        if turn in _TURN:
            upright = upright.transpose(_TURN[turn])
        view = _view(upright, part, view_px) if wants_look else None
        return Cleaned(
            pixels=to_square(upright, input_px, resize).tobytes(),
            thumb=upright.resize((THUMB_PX, THUMB_PX), Image.Resampling.BOX).tobytes(),
            clean=_clean_jpeg(upright, quality) if wants_copy else b"",
            clean_size=upright.size if wants_copy else (0, 0),
            size=(height, width) if turn >= 5 else (width, height),
            view=view.tobytes() if view else b"",
            view_size=view.size if view else (0, 0),
            barcodes=read_barcodes(upright) if wants_look else (),
        )
    except Refused:
        raise
    except MemoryError:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as bomb:
        raise Refused("too_many_pixels", str(bomb)) from bomb
    except Exception as broken:  # Pillow raises OSError, ValueError, SyntaxError, struct.error, EOFError, ...
        raise Refused("damaged", f"{type(broken).__name__}: {broken}"[:200]) from broken


def to_square(image: Image.Image, side_px: int, resize: Resize) -> Image.Image:
    """As open_clip's own transforms do it, to a rounding: encoders were trained behind them."""
    filter = Image.Resampling.BILINEAR if resize.interpolation == "bilinear" else Image.Resampling.BICUBIC
    width, height = image.size
    if resize.mode == "squash":
        return image.resize((side_px, side_px), filter)
    if resize.mode == "shortest":
        # The middle is named in the original's pixels, so that of a strip of 16 x 40,000 only the middle is enlarged.
        sizes = [side_px * side // min(width, height) for side in (width, height)]
        left, top = (round((size - side_px) / 2) for size in sizes)
        across, down = width / sizes[0], height / sizes[1]
        right, bottom = (left + side_px) * across, (top + side_px) * down
        box = (left * across, top * down, min(width, right), min(height, bottom))
        return image.resize((side_px, side_px), filter, box=box)
    scale = side_px / max(width, height)
    fitted = image.resize((max(1, round(width * scale)), max(1, round(height * scale))), filter)
    square = Image.new("RGB", (side_px, side_px), (resize.fill,) * 3)
    square.paste(fitted, ((side_px - fitted.width) // 2, (side_px - fitted.height) // 2))
    return square


def _open(data: bytes, format: str, max_pixels: int, min_side_px: int) -> Image.Image:
    """Header only. One plugin is tried, so nothing else's parser ever sees the bytes."""
    plugin = "HEIF" if format == "HEIC" else format
    image = Image.open(io.BytesIO(data), formats=[plugin])
    width, height = image.size
    if width * height > max_pixels:
        raise Refused("too_many_pixels", f"{width} x {height}")
    if min(width, height) < min_side_px:
        raise Refused("too_small", f"{width} x {height}")
    return image


def _shrink_while_decoding(image: Image.Image, keep_px: int) -> None:
    """JPEG can be decoded at 1/2, 1/4 or 1/8: 12 megapixels cost a third. Other formats ignore it."""
    width, height = image.size
    scale = min(1.0, keep_px / max(width, height))
    image.draft(None, (max(1, round(width * scale)), max(1, round(height * scale))))


def _orientation(image: Image.Image) -> int:
    """1 to 8; 1 when there is none or it is nonsense. A broken EXIF block never refuses a good picture."""
    try:
        turn = image.getexif().get(_ORIENTATION_TAG, 1)
    except Exception:  # the EXIF parser has as many ways to fail as TIFF has tags
        return 1
    return turn if isinstance(turn, int) and turn in _TURN else 1


def _to_srgb(image: Image.Image, keep_px: int) -> Image.Image:
    """Any mode Pillow decodes to RGB over white, at most `keep_px` on its longest side."""
    profile = image.info.get("icc_profile")
    if image.mode == "CMYK" and image.format == "JPEG" and "adobe" not in image.info:
        # Pillow reads every CMYK JPEG with Adobe's inverted polarity; without Adobe's marker it is not.
        image = _invert_bands(image)
    if image.mode.startswith("I") or image.mode == "F":
        image = _sixteen_bits_to_eight(image)
        profile = None
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        image = _over_white(image if image.mode == "RGBA" else image.convert("RGBA"), keep_px)
    elif image.mode == "P":
        image = image.convert("RGB")
    elif image.mode == "1":
        image = image.convert("L")
    image.thumbnail((keep_px, keep_px), Image.Resampling.LANCZOS, reducing_gap=3.0)
    if isinstance(profile, bytes) and 0 < len(profile) <= _MAX_PROFILE_BYTES:
        image = _apply_profile(image, profile)
    return image if image.mode == "RGB" else image.convert("RGB")


def _invert_bands(image: Image.Image) -> Image.Image:
    return Image.merge(image.mode, [band.point(lambda level: 255 - level) for band in image.split()])


def _sixteen_bits_to_eight(image: Image.Image) -> Image.Image:
    """Scale, do not clip: Pillow's own I;16 to RGB turns every level above 255 into white."""
    if image.mode == "F":
        low, high = cast(tuple[float, float], image.getextrema())
        gain = 255.0 / (high - low) if high > low else 0.0
        return image.point(lambda level: level * gain - low * gain).convert("L")
    return image.convert("I").point(lambda level: level * (1 / 257) + 0).convert("L")


def _over_white(image: Image.Image, keep_px: int) -> Image.Image:
    """Shrunk before it is flattened: 40 megapixels of RGBA are 160 MB, and three of them are too much."""
    image.thumbnail((keep_px, keep_px), Image.Resampling.LANCZOS, reducing_gap=3.0)
    flat = Image.new("RGB", image.size, _WHITE)
    flat.paste(image, mask=image.getchannel("A"))
    return flat


def _apply_profile(image: Image.Image, profile: bytes) -> Image.Image:
    """To sRGB. A broken or unsuitable profile is dropped: colours a little off beat no answer."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        turned = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image
    return turned if turned is not None else image


def _view(upright: Image.Image, part: Part, view_px: int) -> Image.Image:
    width, height = upright.size
    left, top = min(int(part[0] * width), width - 1), min(int(part[1] * height), height - 1)
    small = upright.crop((left, top, max(left + 1, round(part[2] * width)), max(top + 1, round(part[3] * height))))
    small.thumbnail((view_px, view_px), Image.Resampling.BICUBIC, reducing_gap=2.0)
    return small


def _clean_jpeg(upright: Image.Image, quality: int) -> bytes:
    upright.info.clear()  # Pillow would save a JPEG comment and a profile again
    out = io.BytesIO()
    upright.save(out, "JPEG", quality=quality, optimize=False, progressive=False)
    return out.getvalue()
