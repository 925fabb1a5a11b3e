"""Pictures that strangers may send: made here, byte by byte, so that none has to be kept.

`named_pictures()` gives each case with the outcomes that are right for it; `mutated()` makes the rest.
"""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL import Image

READ = "read"
_CANARY = "canary-4711"  # in every metadata block: it must never come out again


@dataclass(frozen=True, slots=True)
class NamedPicture:
    """`right` holds the outcomes that keep the promise: "read", or reasons of a refusal. `make` makes the bytes."""

    name: str
    make: Callable[[], bytes]
    right: frozenset[str]


def named_pictures() -> Iterator[NamedPicture]:
    """Every case of the threat model. About 250 pictures, each made when it is wanted."""
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


def heavy_png(width: int, height: int, colour_type: int, bits: int) -> bytes:
    """As many bytes to decode as a PNG of that size can have, in about 1 MB."""
    row_bytes = width * {0: 1, 2: 3, 6: 4}[colour_type] * bits // 8
    row = b"\0" + (bytes(range(256)) * (row_bytes // 256 + 1))[:row_bytes]
    squeeze = zlib.compressobj(1)
    packed = b"".join(squeeze.compress(row) for _ in range(height)) + squeeze.flush()
    header = struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, 0)
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
    too_many = frozenset({"too_many_pixels"})
    yield NamedPicture("100 megapixels in 12 kB", partial(png_of_zeros, 10_000, 10_000), too_many)
    yield NamedPicture("179 megapixels", partial(png_of_zeros, 13_400, 13_400), too_many)
    yield NamedPicture("30,000 x 30,000", partial(png_of_zeros, 30_000, 30_000), too_many)
    wide = b"GIF89a" + struct.pack("<HHBBB", 65_535, 65_535, 0, 0, 0) + b";"
    yield NamedPicture("a GIF header of 4,295 megapixels", lambda: wide, too_many | {"damaged"})
    yield NamedPicture("11 MB", lambda: b"\xff\xd8\xff" + bytes(11 * 1024 * 1024), frozenset({"too_large_bytes"}))
    yield NamedPicture("a tracking pixel", partial(photo, "PNG", (1, 1)), frozenset({"too_small"}))
    read = frozenset({READ})
    yield NamedPicture("12,000 x 3,000, honest", partial(png_of_zeros, 12_000, 3_000), read)
    yield NamedPicture("40 megapixels with alpha", partial(heavy_png, 6_300, 6_300, 6, 8), read)
    yield NamedPicture("40 megapixels of 16-bit grey", partial(heavy_png, 6_300, 6_300, 0, 16), read)
    for form in ("GIF", "WEBP"):
        yield NamedPicture(f"40 megapixels of {form}", partial(_plain, form, (6_300, 6_300)), read | too_many)


def _other_formats() -> Iterator[NamedPicture]:
    unsupported = frozenset({"unsupported_format"})
    script = b"<script>alert(1)</script>"
    for name, data in (
        ("SVG", b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg">' + script + b"</svg>"),
        ("HTML", b"<!DOCTYPE html><html>" + script + b"</html>"),
        ("EPS", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(x) print"),
        ("PDF", b"%PDF-1.7\n1 0 obj << >> endobj"),
        ("HEIC", b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(64)),
        ("MP4", b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00isommp42" + bytes(64)),
        ("ZIP", b"PK\x03\x04" + bytes(64)),
    ):
        yield NamedPicture(name, partial(bytes, data), unsupported)
    for form in ("AVIF", "BMP", "TIFF", "ICO"):
        yield NamedPicture(form, partial(photo, form, (64, 64)), unsupported)
    unknown = frozenset({"unknown_format"})
    yield NamedPicture("nothing", lambda: b"", unknown)
    yield NamedPicture("noise", lambda: b"\x07" + random.Random(5).randbytes(4096), unknown)
    yield NamedPicture("a JPEG with HTML behind it", lambda: photo() + script, frozenset({READ}))
    damaged = frozenset({"damaged", "too_many_pixels"})
    yield NamedPicture("HTML that begins like a GIF", lambda: b"GIF89a/*" + script, damaged)


def _unusual_modes() -> Iterator[NamedPicture]:
    for name, make in (
        ("CMYK, Adobe", partial(cmyk_jpeg, (0, 255, 255, 0), adobe=True)),
        ("CMYK, plain", partial(cmyk_jpeg, (0, 255, 255, 0), adobe=False)),
        ("16-bit grey", partial(_plain, "PNG", (64, 64), "I;16", 30_000)),
        ("1-bit", partial(_in_mode, "1", "PNG")),
        ("palette with alpha", partial(_holed, "P", "PNG")),
        ("palette with one transparent colour", partial(_in_mode, "P", "PNG", transparency=0)),
        ("grey with alpha", partial(_holed, "LA", "PNG")),
        ("RGBA WebP", partial(_holed, "RGBA", "WEBP", lossless=True)),
        ("transparent GIF", partial(_in_mode, "P", "GIF", transparency=0)),
        ("grey JPEG", partial(_in_mode, "L", "JPEG")),
        ("progressive JPEG", partial(photo, "JPEG", progressive=True)),
    ):
        yield NamedPicture(name, make, frozenset({READ}))


def _animations() -> Iterator[NamedPicture]:
    for form in ("GIF", "PNG", "WEBP"):
        yield NamedPicture(f"2,000 frames of {form}", partial(animation, form), frozenset({READ}))


def _metadata() -> Iterator[NamedPicture]:
    for form in ("JPEG", "PNG", "WEBP"):
        yield NamedPicture(f"{form} with GPS, XMP and comment", partial(telling, form), frozenset({READ}))
    for orientation in range(1, 9):
        yield NamedPicture(f"EXIF orientation {orientation}", partial(oriented_jpeg, orientation), frozenset({READ}))


def _truncations() -> Iterator[NamedPicture]:
    """50 cuts of each format: a refusal, or a picture where only the tail's padding was lost."""
    either = frozenset({READ, "damaged", "unknown_format"})
    for form in ("JPEG", "PNG", "WEBP", "GIF"):
        for cut in range(50):
            yield NamedPicture(f"{form} cut at {2 * cut} %", partial(_cut, form, cut / 50), either)


@cache
def _whole(form: str) -> bytes:
    return photo(form)


def _cut(form: str, share: float) -> bytes:
    whole = _whole(form)
    return whole[: int(len(whole) * share)]


def _plain(form: str, size: tuple[int, int], mode: str = "RGB", level: int = 0) -> bytes:
    from PIL import Image

    return _saved(Image.new(mode, size, level), form, **({"lossless": True, "method": 0} if form == "WEBP" else {}))


def _in_mode(mode: str, form: str, **saving: Any) -> bytes:
    return _saved(drawing((96, 128)).convert(mode), form, **saving)


def _holed(mode: str, form: str, **saving: Any) -> bytes:
    """The light ground is transparent."""
    small = drawing((96, 128))
    holed = small.convert("RGBA")
    holed.putalpha(small.convert("L").point([255 if level < 200 else 0 for level in range(256)]))
    return _saved(holed.quantize(32) if mode == "P" else holed.convert(mode), form, **saving)


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
