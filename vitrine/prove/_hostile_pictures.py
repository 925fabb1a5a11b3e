"""Pictures that strangers may send: made here, byte by byte, so that none has to be kept.

`named_pictures()` gives each case with the outcomes that are right for it; `mutated()` makes the rest.
"""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL import Image

READ = "read"
_CANARY = "canary-4711"  # in every metadata block: it must never come out again


@dataclass(frozen=True, slots=True)
class NamedPicture:
    """`right` holds the outcomes that keep the promise: "read", or reasons of a refusal."""

    name: str
    data: bytes
    right: frozenset[str]


def named_pictures() -> Iterator[NamedPicture]:
    """Every case of the threat model. About 400 pictures, some of them 100 kB, made in a few seconds."""
    yield from _bombs()
    yield from _other_formats()
    yield from _unusual_modes()
    yield from _animations()
    yield from _metadata()
    yield from _truncations()


def photo(form: str = "JPEG", size: tuple[int, int] = (240, 320), seed: int = 1, **saving: Any) -> bytes:
    """A drawn garment-like shape on a plain ground; a good picture."""
    return _saved(drawing(size, seed), form, **saving)


def drawing(size: tuple[int, int] = (240, 320), seed: int = 1) -> Image.Image:
    """Deterministic by seed: a coloured T-shaped piece on a light ground, with some texture."""
    from PIL import Image, ImageDraw

    rng = random.Random(seed)
    width, height = size
    image = Image.new("RGB", size, (235 + rng.randrange(20), 235 + rng.randrange(20), 235 + rng.randrange(20)))
    draw = ImageDraw.Draw(image)
    colour = (rng.randrange(200), rng.randrange(200), rng.randrange(200))
    draw.rectangle((width * 0.3, height * 0.2, width * 0.7, height * 0.9), fill=colour)
    draw.polygon([(width * x, height * y) for x, y in ((0.3, 0.2), (0.05, 0.45), (0.3, 0.5))], fill=colour)
    draw.polygon([(width * x, height * y) for x, y in ((0.7, 0.2), (0.95, 0.45), (0.7, 0.5))], fill=colour)
    for _ in range(20):
        x, y = rng.randrange(width), rng.randrange(height)
        shade = tuple(min(255, part + rng.randrange(60)) for part in colour)
        draw.line((x, y, x + rng.randrange(-30, 30), y + rng.randrange(-30, 30)), fill=shade, width=2)
    return image


def png_of_zeros(width: int, height: int) -> bytes:
    """A valid black 1-bit PNG of any size, a thousandth of its pixels in bytes."""
    squeeze = zlib.compressobj(9)
    row = bytes(1 + (width + 7) // 8)
    packed = b"".join(squeeze.compress(row * 100) for _ in range(height // 100)) + squeeze.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", packed) + _chunk(b"IEND", b"")


@cache
def animation(form: str, frames: int = 2000) -> bytes:
    from PIL import Image

    pictures = [Image.new("RGB", (32, 32), (at % 256, at // 8, 90)) for at in range(frames)]
    extra: dict[str, Any] = {"quality": 10, "method": 0} if form == "WEBP" else {}
    return _saved(pictures[0], form, save_all=True, append_images=pictures[1:], duration=20, **extra)


def cmyk_jpeg(colour: tuple[int, int, int, int], *, adobe: bool) -> bytes:
    """Ink in both polarities: with Adobe's marker levels are stored inverted, without it as they are."""
    from PIL import Image

    stored = colour if adobe else tuple(255 - ink for ink in colour)  # Pillow inverts what it writes
    data = _saved(Image.new("CMYK", (64, 64), stored), "JPEG", quality=95)
    return data if adobe else _without_marker(data, 0xEE)


def oriented_jpeg(orientation: int) -> bytes:
    """Upright it is 64 wide, 96 high, red above and blue below; stored as the tag says."""
    from PIL import Image

    upright = Image.new("RGB", (64, 96), (0, 0, 200))
    upright.paste((200, 0, 0), (0, 0, 64, 48))
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # Transpose members: FLIP_LR FLIP_TB 90 180 270 …
    stored = upright if orientation == 1 else upright.transpose(Image.Transpose(undo[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    return _saved(stored, "JPEG", quality=95, exif=exif)


def telling(form: str) -> bytes:
    """A photo that carries its owner's secrets in every block the format has: EXIF, GPS, XMP, comment, text."""
    from PIL import Image, PngImagePlugin

    exif = Image.Exif()
    exif[0x010F] = _CANARY
    exif[0x8825] = {1: "N", 2: (48.0, 51.0, 24.0), 3: "E", 4: (2.0, 21.0, 3.0), 29: _CANARY}
    saving: dict[str, Any] = {"exif": exif, "xmp": f"<x:xmpmeta>{_CANARY}</x:xmpmeta>".encode()}
    if form == "JPEG":
        saving["comment"] = _CANARY
    elif form == "PNG":
        info = PngImagePlugin.PngInfo()
        info.add_text("Comment", _CANARY)
        info.add_itxt("XML:com.adobe.xmp", _CANARY)
        saving = {"exif": exif, "pnginfo": info}
    return _saved(drawing(), form, **saving)


CANARY = _CANARY.encode()


def mutated(rng: random.Random) -> bytes:
    """A valid picture with seeded damage: flipped bits, cut, repeated, spliced or with a rewritten length."""
    data = bytearray(_valid()[rng.randrange(len(_valid()))])
    for _ in range(rng.randint(1, 8)):
        at = rng.randrange(max(1, len(data)))
        match rng.randrange(6):
            case 0:
                data[at] ^= 1 << rng.randrange(8)
            case 1:
                data[at : at + 4] = rng.choice((b"\xff\xff\xff\xff", b"\x00\x00\x00\x00", b"\x7f\xff\xff\xff"))
            case 2:
                del data[at : at + rng.randrange(1, 64)]
            case 3:
                data[at:at] = data[at : at + rng.randrange(1, 512)]
            case 4:
                data[at:at] = rng.randbytes(rng.randrange(1, 64))
            case _:
                other = _valid()[rng.randrange(len(_valid()))]
                data[at:] = other[min(at, len(other)) :]
    return bytes(data)


@cache
def _valid() -> tuple[bytes, ...]:
    from PIL import Image

    small = drawing((96, 128), 3)
    return (
        _saved(small, "JPEG"),
        _saved(small, "JPEG", progressive=True, quality=40),
        _saved(small, "PNG"),
        _saved(small.convert("P"), "PNG", transparency=3),
        _saved(Image.new("I;16", (64, 64), 900), "PNG"),
        _saved(small, "WEBP"),
        _saved(small.convert("RGBA"), "WEBP", lossless=True),
        _saved(small, "GIF"),
        _saved(Image.new("CMYK", (64, 64), (9, 200, 40, 10)), "JPEG"),
        animation("GIF", 5),
        animation("WEBP", 5),
        telling("JPEG"),
        telling("PNG"),
        telling("WEBP"),
    )


def _bombs() -> Iterator[NamedPicture]:
    for name, width, height in (
        ("100 megapixels in 12 kB", 10_000, 10_000),
        ("179 megapixels", 13_400, 13_400),
        ("30,000 x 30,000", 30_000, 30_000),
    ):
        yield NamedPicture(name, png_of_zeros(width, height), frozenset({"too_many_pixels"}))
    wide = b"GIF89a" + struct.pack("<HHBBB", 65_535, 65_535, 0, 0, 0) + b";"
    yield NamedPicture("a GIF header of 4,295 megapixels", wide, frozenset({"too_many_pixels", "damaged"}))
    yield NamedPicture("11 MB", b"\xff\xd8\xff" + bytes(11 * 1024 * 1024), frozenset({"too_large_bytes"}))
    yield NamedPicture("a tracking pixel", photo("PNG", (1, 1)), frozenset({"too_small"}))
    yield NamedPicture("12,000 x 3,000, honest", png_of_zeros(12_000, 3_000), frozenset({READ}))


def _other_formats() -> Iterator[NamedPicture]:
    unsupported = frozenset({"unsupported_format"})
    script = b"<script>alert(1)</script>"
    for name, data in (
        ("SVG", b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg">' + script + b"</svg>"),
        ("HTML", b"<!DOCTYPE html><html>" + script + b"</html>"),
        ("EPS", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(x) print"),
        ("PDF", b"%PDF-1.7\n1 0 obj << >> endobj"),
        ("HEIC", b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(64)),
        ("AVIF", _saved(drawing((64, 64)), "AVIF")),
        ("BMP", photo("BMP")),
        ("TIFF", photo("TIFF")),
        ("ICO", photo("ICO", (32, 32))),
        ("MP4", b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00isommp42" + bytes(64)),
        ("ZIP", b"PK\x03\x04" + bytes(64)),
    ):
        yield NamedPicture(name, data, unsupported)
    yield NamedPicture("nothing", b"", frozenset({"unknown_format"}))
    yield NamedPicture("noise", random.Random(5).randbytes(4096).replace(b"BM", b"xx"), frozenset({"unknown_format"}))
    yield NamedPicture("a JPEG with HTML behind it", photo() + script, frozenset({READ}))
    yield NamedPicture("HTML that begins like a GIF", b"GIF89a/*" + script, frozenset({"damaged", "too_many_pixels"}))


def _unusual_modes() -> Iterator[NamedPicture]:
    from PIL import Image

    small = drawing((96, 128))
    holed = small.convert("RGBA")
    holed.putalpha(small.convert("L").point(lambda level: 255 if level < 200 else 0))
    for name, data in (
        ("CMYK, Adobe", cmyk_jpeg((0, 255, 255, 0), adobe=True)),
        ("CMYK, plain", cmyk_jpeg((0, 255, 255, 0), adobe=False)),
        ("16-bit grey", _saved(Image.new("I;16", (64, 64), 30_000), "PNG")),
        ("1-bit", _saved(small.convert("1"), "PNG")),
        ("palette with alpha", _saved(holed.quantize(32), "PNG")),
        ("palette with one transparent colour", _saved(small.convert("P"), "PNG", transparency=0)),
        ("grey with alpha", _saved(holed.convert("LA"), "PNG")),
        ("RGBA WebP", _saved(holed, "WEBP", lossless=True)),
        ("transparent GIF", _saved(small.convert("P"), "GIF", transparency=0)),
        ("grey JPEG", _saved(small.convert("L"), "JPEG")),
        ("progressive JPEG", _saved(small, "JPEG", progressive=True)),
    ):
        yield NamedPicture(name, data, frozenset({READ}))


def _animations() -> Iterator[NamedPicture]:
    for form in ("GIF", "PNG", "WEBP"):
        yield NamedPicture(f"2,000 frames of {form}", animation(form), frozenset({READ}))


def _metadata() -> Iterator[NamedPicture]:
    for form in ("JPEG", "PNG", "WEBP"):
        yield NamedPicture(f"{form} with GPS, XMP and comment", telling(form), frozenset({READ}))
    for orientation in range(1, 9):
        yield NamedPicture(f"EXIF orientation {orientation}", oriented_jpeg(orientation), frozenset({READ}))


def _truncations() -> Iterator[NamedPicture]:
    """50 cuts of each format: a refusal, or a picture where only the tail's padding was lost."""
    either = frozenset({READ, "damaged", "unknown_format"})
    for form in ("JPEG", "PNG", "WEBP", "GIF"):
        whole = photo(form)
        for cut in range(50):
            at = len(whole) * cut // 50
            yield NamedPicture(f"{form} cut at {at} of {len(whole)}", whole[:at], either)


def _saved(image: Image.Image, form: str, **saving: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **saving)
    return out.getvalue()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _without_marker(jpeg: bytes, marker: int) -> bytes:
    """The file less the first segment of that marker (0xEE is Adobe's APP14)."""
    at = jpeg.index(bytes((0xFF, marker)))
    (length,) = struct.unpack_from(">H", jpeg, at + 2)
    return jpeg[:at] + jpeg[at + 2 + length :]
