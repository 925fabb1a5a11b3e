"""Things worn over others: denim jacket, blazer, coat, quilted jacket."""

from __future__ import annotations

from vitrine.demo_shop.canvas import Canvas, both_sides
from vitrine.demo_shop.fabrics import Fabric, ink, mix
from vitrine.demo_shop.measures import Point, Rgb, line, mid
from vitrine.demo_shop.torso import body_folds, body_lights, inside, sleeves

# A line of points is a line of the drawing.
# fmt: off


def denim_jacket(canvas: Canvas, cloth: Fabric) -> None:
    thread: Rgb = (206, 148, 84) if cloth.colour[2] > cloth.colour[0] else ink(cloth.colour)
    sleeves(
        canvas, cloth, [(124, 176, 1), (192, 238), (234, 400), (250, 548, 1), (198, 562, 1), (170, 430), (130, 300, 1)],
        [[(178, 280), (202, 392), (220, 500)], [(162, 360), (194, 394), (224, 386)]],
        turn=0, cuff=((199, 544), (249, 531)), rib=cloth, cuff_px=32,
    )  # fmt: skip
    inside(canvas, cloth, [(0, 148), (48, 144), (64, 156, 1), (40, 206), (0, 232)])
    half: list[Point] = [(0, 230, 1), (62, 152, 1), (114, 166), (144, 188), (150, 300, 1), (140, 420), (138, 520), (136, 548, 1), (0, 552)]
    canvas.part(both_sides(half), cloth, folds=body_folds(140, 190, 540), lights=body_lights(140, 190, 540))
    for side in (-1, 1):
        canvas.stroke(line((side * 12, 282), (side * 80, 276), (side * 148, 284)), ink(cloth.colour), opacity=0.5, width=1.6)
        canvas.stroke(line((side * 12, 287), (side * 80, 281), (side * 147, 289)), thread, opacity=0.85, dashed=True)
        for inner, outer in ((34, 28), (104, 84)):
            canvas.stroke(line((side * inner, 330 if inner > 60 else 286), (side * outer, 522)), ink(cloth.colour), opacity=0.45)
            canvas.stroke(line((side * (inner + 4), 330 if inner > 60 else 286), (side * (outer + 4), 522)), thread, opacity=0.8, dashed=True)
        flap: list[Point] = [(mid(side * 44), 288, 1), (mid(side * 110), 286, 1), (mid(side * 110), 316, 1), (mid(side * 77), 332, 1), (mid(side * 44), 318, 1)]
        canvas.part(flap, cloth, round_px=4, depth=0.6, shadow=0.38, shadow_px=4)
        canvas.stroke([(mid(side * 48), 315), (mid(side * 77), 327), (mid(side * 106), 313)], thread, opacity=0.8, dashed=True)
        canvas.disc(mid(side * 77), 318, 5, (172, 122, 74), metal=True)
        canvas.stroke(line((side * 144, 192), (side * 160, 244), (side * 150, 298)), thread, opacity=0.75, dashed=True)
    canvas.part([(mid(-13), 224, 1), (mid(13), 232, 1), (mid(13), 524, 1), (mid(-13), 524, 1)], cloth, round_px=3, depth=0.4, shadow=0.3, shadow_px=3)
    for x in (-9, 9):
        canvas.stroke(line((x, 232), (x, 522)), thread, opacity=0.75, dashed=True)
    canvas.band(line((-137, 536), (0, 540), (137, 536)), 32, cloth, shadow=0.3, depth=0.45, ends=False)
    canvas.stroke(line((-134, 526), (0, 530), (134, 526)), thread, opacity=0.75, dashed=True)
    for y in (256, 308, 360, 412, 464, 540):
        canvas.disc(mid(0), y, 6.4, (176, 126, 78), metal=True)
    _wide_collar(canvas, cloth, thread, spread=92, tip=214)


def _wide_collar(canvas: Canvas, cloth: Fabric, thread: Rgb, *, spread: float, tip: float) -> None:
    for side in (-1, 1):
        wing: list[Point] = [
            (mid(side * 54), 130, 1), (mid(side * 84), 150), (mid(side * spread), tip, 1), (mid(side * 46), tip + 6), (mid(side * 4), 234, 1), (mid(side * 30), 180),
        ]  # fmt: skip
        canvas.part(wing, cloth, round_px=8, depth=0.8, shadow=0.42, shadow_px=6)
        canvas.stroke([(mid(side * (spread - 6)), tip - 8), (mid(side * 46), tip - 3), (mid(side * 12), 222)], thread, opacity=0.75, dashed=True)
    canvas.band(line((-52, 136), (0, 148), (52, 136)), 20, cloth, shadow=0.0, tone=0.92)


def blazer(canvas: Canvas, cloth: Fabric, *, long: bool = False) -> None:
    """A tailored jacket with lapels; `long`: a coat, double-breasted, to below the knee."""
    bottom = 690 if long else 596
    sleeves(
        canvas, cloth, [(122, 166, 1), (178, 206), (212, 390), (226, bottom - 40 if not long else 560, 1), (178, bottom - 30 if not long else 570, 1), (158, 420), (126, 290, 1)],
        [[(166, 260), (182, 380), (198, 500)], [(156, 350), (180, 384), (204, 378)]],
        turn=9, cuff=((180, 532), (223, 523)),
    )  # fmt: skip
    for side in (-1, 1):
        for at in range(3):
            canvas.disc(mid(side * (216 - at * 1.2)), 550 - at * 13, 3.6, ink(cloth.colour))
    inside(canvas, cloth, [(0, 140), (46, 136), (60, 148, 1), (34, 280), (0, 372)])
    lining = mix(cloth.colour, (250, 246, 240), 0.0)
    overlap = 34 if long else 12
    for side in (1, -1):
        cross = overlap if side == -1 else -overlap
        front: list[Point] = [
            (mid(side * 58), 144, 1), (mid(side * 108), 156), (mid(side * 136), 178), (mid(side * 140), 290, 1), (mid(side * 122), 410),
            (mid(side * (142 if not long else 160)), bottom - 20), (mid(side * (138 if not long else 158)), bottom, 1),
            (mid(side * 40), bottom + (6 if long else 2)), (mid(-side * abs(cross) + (0 if long else side * 22)), bottom + (8 if long else -16), 1),
            (mid(-side * abs(cross)), 470), (mid(-side * abs(cross)), 376, 1),
        ]  # fmt: skip
        canvas.part(
            front, cloth, round_px=18, shadow=0.4,
            folds=[line((side * 112, 240), (side * 74, 400), (side * 92, bottom - 20)), line((side * 130, 330), (side * 92, 410), (side * 60, 424))],
            lights=[line((side * 84, 260), (side * 66, 400), (side * 84, bottom - 50))],
        )  # fmt: skip
    dark = ink(cloth.colour)
    for side in (1, -1):
        lapel: list[Point] = [
            (mid(side * 56), 138, 1), (mid(side * 84), 178), (mid(side * 104), 226, 1), (mid(side * 86), 240, 1), (mid(side * 100), 262, 1),
            (mid(side * 50), 320), (mid(-side * overlap), 378, 1), (mid(side * 22), 262),
        ]  # fmt: skip
        canvas.part(lapel, cloth, round_px=8, depth=0.8, shadow=0.45, shadow_px=6, turn=side * 12)
        canvas.stroke([(mid(side * 58), 232), (mid(side * 87), 240)], dark, opacity=0.6, width=1.8)
        canvas.band([(mid(side * 62), 453 if not long else 471), (mid(side * 120), 446 if not long else 462)], 18, cloth, shadow=0.4, depth=0.4, ends=False)
    canvas.band(line((-54, 140), (0, 150), (54, 140)), 24, cloth, shadow=0.1, tone=0.95)
    canvas.band([(mid(-100), 307), (mid(-62), 300)], 11, cloth, shadow=0.3, depth=0.4, ends=False)
    horn = mix(lining, (40, 28, 22), 0.75) if sum(cloth.colour) > 210 else (96, 84, 74)
    if long:
        for y in (404, 470, 536):
            for x in (-26, 26):
                canvas.disc(mid(x), y, 8.5, horn, holes=4)
    else:
        for y in (396, 458):
            canvas.disc(mid(0), y, 8, horn, holes=4)


def coat(canvas: Canvas, cloth: Fabric) -> None:
    blazer(canvas, cloth, long=True)


def puffer(canvas: Canvas, cloth: Fabric) -> None:
    """A quilted jacket: each tube is its own rounded part."""
    for side in (-1, 1):
        for at in range(6):
            y0, y1 = 190 + at * 62, 190 + (at + 1) * 62 + 8
            spread = at * 12
            tube: list[Point] = [
                (mid(side * (124 + spread * 0.8)), y0, 1), (mid(side * (186 + spread * 0.9 + (0 if at else -24))), y0 + 4, 1), (mid(side * (202 + spread)), (y0 + y1) / 2),
                (mid(side * (192 + spread)), y1, 1), (mid(side * (134 + spread * 0.9)), y1 + 2, 1), (mid(side * (120 + spread * 0.9)), (y0 + y1) / 2),
            ]  # fmt: skip
            canvas.part(tube, cloth, round_px=15, depth=1.5, shadow=0.25, gloss=0.35, shadow_px=5)
        canvas.band(line((side * 196, 566), (side * 244, 564)), 22, cloth, tone=0.85)
    inside(canvas, cloth, [(0, 120), (48, 118), (62, 130, 1), (30, 176), (0, 190)])
    for at in range(7):
        y0 = 170 + at * 58
        y1 = y0 + 66
        half: list[Point] = [(0, y0, 1), (64 if at == 0 else 140, y0 if at else y0 - 16, 1), (146 if at == 0 else 150, y0 + 14), (154, (y0 + y1) / 2), (148, y1, 1), (0, y1 + 2, 1)]
        canvas.part(both_sides(half), cloth, round_px=15, depth=1.5, shadow=0.22, gloss=0.35, shadow_px=5)
    for at, y in enumerate((104, 136, 166)):
        half_collar: list[Point] = [(0, y, 1), (60 + at * 4, y - 2, 1), (72 + at * 4, y + 18), (62 + at * 5, y + 36, 1), (0, y + 40, 1)]
        canvas.part(both_sides(half_collar), cloth, round_px=11, depth=1.3, shadow=0.25, gloss=0.35, shadow_px=4)
    canvas.band(line((0, 110), (0, 580)), 13, cloth, shadow=0.3, tone=0.8, depth=0.4)
    canvas.stroke(line((0, 112), (0, 578)), (210, 208, 204), width=2.4, opacity=0.9, dashed=True)
    canvas.disc(mid(0), 214, 5, (214, 210, 204), metal=True)
    canvas.band(line((0, 218), (0, 238)), 6, cloth)
