"""Things worn above: T-shirt, top, shirt, jumper, sweatshirt, cardigan, jacket, blazer, coat, dresses."""

from __future__ import annotations

from collections.abc import Sequence

from vitrine.demo_shop.canvas import Canvas, both_sides, mirrored
from vitrine.demo_shop.fabrics import Fabric, ink, mix
from vitrine.demo_shop.measures import CENTRE, Point, Rgb

# A line of points is a line of the drawing.
# fmt: off

Half = Sequence[Point]


def _x(dx: float) -> float:
    return CENTRE + dx


def _line(*points: tuple[float, float]) -> list[Point]:
    """Points given from the centre."""
    return [(_x(dx), y) for dx, y in points]


def _other(points: Sequence[Point]) -> list[Point]:
    return mirrored(points)


def _sleeves(
    canvas: Canvas, cloth: Fabric, outline: Half, folds: Sequence[Sequence[Point]], *, turn: float, cuff: tuple[Point, Point] | None,
    rib: Fabric | None = None, cuff_px: float = 16,
) -> None:  # fmt: skip
    """Both sleeves, below the body. `outline`, `folds` and `cuff` are for the right one, from the centre."""
    right: list[Point] = [(_x(point[0]), *point[1:]) for point in outline]
    for side, points in ((1, right), (-1, mirrored(right))):
        lines = [[(_x(side * p[0]), p[1]) for p in fold] for fold in folds]
        canvas.part(points, cloth, folds=lines, turn=-side * turn, round_px=15, shadow=0.3)
        if cuff:
            ends: list[Point] = [(_x(side * p[0]), p[1]) for p in cuff]
            if rib is not None:
                canvas.band(ends, cuff_px, rib, shadow=0.22, depth=0.45, ends=False)
            else:
                canvas.stroke(ends, ink(cloth.colour), opacity=0.4, width=1.3)


def _inside(canvas: Canvas, cloth: Fabric, half: Half) -> None:
    """The back of the neck, seen through the opening."""
    canvas.part(both_sides(half), cloth, tone=0.62, shadow=0.0, round_px=9)


def _body_folds(width: float, top: float, bottom: float) -> list[list[Point]]:
    """How cloth hangs: from the arms down, and a little across the waist."""
    return [
        _line((width * 0.86, top + 40), (width * 0.62, (top + bottom) / 2), (width * 0.7, bottom - 14)),
        _line((-width * 0.84, top + 46), (-width * 0.55, (top + bottom) / 2 + 30), (-width * 0.66, bottom - 18)),
        _line((-width * 0.2, top + 120), (-width * 0.12, bottom - 80), (-width * 0.22, bottom - 10)),
    ]


def _body_lights(width: float, top: float, bottom: float) -> list[list[Point]]:
    return [
        _line((-width * 0.62, top + 60), (-width * 0.38, (top + bottom) / 2), (-width * 0.46, bottom - 30)),
        _line((width * 0.36, top + 90), (width * 0.3, (top + bottom) / 2 + 20), (width * 0.38, bottom - 40)),
    ]


def _crew(canvas: Canvas, cloth: Fabric, rib: Fabric, *, drop: float, half_width: float, top: float, width: float = 15) -> None:
    """A ribbed round collar."""
    canvas.band(
        _line((-half_width, top), (-half_width * 0.72, top + drop * 0.7), (0, top + drop), (half_width * 0.72, top + drop * 0.7), (half_width, top)),
        width, rib, shadow=0.22,
    )  # fmt: skip


def tshirt(canvas: Canvas, cloth: Fabric, *, long: bool = False) -> None:
    _sleeves(
        canvas, cloth,
        [(128, 156, 1), (180, 205), (222, 300) if not long else (236, 420), (236, 332, 1) if not long else (252, 560, 1),
         (176, 352, 1) if not long else (212, 566, 1), (150, 290) if not long else (172, 380), (128, 262, 1)],
        [[(176, 230), (182, 280), (178, 330)]] if not long else [[(186, 250), (200, 360), (216, 480)], [(168, 330), (196, 372), (214, 372)]],
        turn=24 if not long else 14,
        cuff=((170, 342), (232, 322)) if not long else ((209, 550), (250, 545)),
    )  # fmt: skip
    _inside(canvas, cloth, [(0, 148), (44, 140), (66, 134, 1), (58, 172), (0, 204)])
    half: list[Point] = [(0, 200), (40, 184), (66, 134, 1), (110, 146), (146, 168), (150, 260, 1), (140, 380), (146, 566), (142, 586, 1), (0, 592)]
    canvas.part(both_sides(half), cloth, folds=_body_folds(146, 170, 590), lights=_body_lights(146, 170, 590))
    _crew(canvas, cloth, cloth, drop=64, half_width=66, top=137)
    canvas.stroke(_line((-141, 572), (0, 578), (141, 572)), ink(cloth.colour), opacity=0.35, dashed=True)
    for side in (-1, 1):
        canvas.stroke(_line((side * 146, 172), (side * 156, 214), (side * 150, 258)), ink(cloth.colour), opacity=0.42)


def top(canvas: Canvas, cloth: Fabric) -> None:
    """A sleeveless blouse with a soft V and gathers."""
    _inside(canvas, cloth, [(0, 166), (40, 158), (70, 150, 1), (50, 200), (0, 262)])
    half: list[Point] = [(0, 268, 1), (38, 214), (66, 150, 1), (112, 160, 1), (118, 220), (146, 282, 1), (140, 380), (164, 560), (166, 584, 1), (90, 594), (0, 588)]
    folds = [
        *_body_folds(140, 210, 585),
        _line((46, 240), (58, 340), (50, 470)), _line((-36, 290), (-44, 380), (-30, 500)), _line((94, 300), (88, 420), (110, 560)),
    ]  # fmt: skip
    canvas.part(both_sides(half), cloth, folds=folds, lights=_body_lights(130, 220, 580))
    for side in (-1, 1):
        canvas.stroke(_line((side * 66, 153), (side * 40, 214), (0, 266)), ink(cloth.colour), opacity=0.5)
        canvas.stroke(_line((side * 113, 163), (side * 119, 220), (side * 145, 280)), ink(cloth.colour), opacity=0.4)
    canvas.band(_line((-4, 266), (-16, 312), (-8, 352)), 6, cloth)
    canvas.band(_line((4, 266), (20, 306), (14, 340)), 6, cloth)
    canvas.disc(_x(0), 267, 6, cloth.colour)


def shirt(canvas: Canvas, cloth: Fabric, *, half_sleeves: bool = False) -> None:
    long: Half = [(124, 166, 1), (182, 226), (226, 392), (244, 560, 1), (196, 570, 1), (168, 420), (128, 284, 1)]
    short: Half = [(124, 166, 1), (182, 218), (232, 330, 1), (168, 358, 1), (128, 276, 1)]
    _sleeves(
        canvas, cloth, short if half_sleeves else long,
        [[(170, 260), (186, 330), (202, 350)]] if half_sleeves else [[(176, 270), (196, 390), (216, 520)], [(164, 360), (190, 392), (216, 386)]],
        turn=20 if half_sleeves else 13, cuff=((164, 344), (226, 317)) if half_sleeves else ((195, 546), (243, 537)),
        rib=None if half_sleeves else cloth, cuff_px=30,
    )  # fmt: skip
    _inside(canvas, cloth, [(0, 140), (48, 138), (62, 150, 1), (40, 196), (0, 224)])
    half: list[Point] = [(0, 226, 1), (62, 148, 1), (112, 160), (142, 178), (146, 284, 1), (138, 400), (146, 560), (126, 600), (60, 626), (0, 612)]
    canvas.part(both_sides(half), cloth, folds=_body_folds(144, 180, 600), lights=_body_lights(144, 180, 600))
    dark = ink(cloth.colour)
    canvas.part([(_x(-15), 214, 1), (_x(15), 226, 1), (_x(15), 611, 1), (_x(-15), 613, 1)], cloth, round_px=3, depth=0.35, shadow=0.22, shadow_px=3)
    canvas.stroke(_line((15, 228), (15, 610)), dark, opacity=0.3)
    button = mix(cloth.colour, (250, 246, 236), 0.8)
    for y in (252, 318, 384, 450, 516, 578):
        canvas.disc(_x(0), y, 5.6, button, holes=4)
    _shirt_collar(canvas, cloth)
    canvas.part([(_x(54), 286, 1), (_x(112), 284, 1), (_x(113), 344, 1), (_x(84), 360, 1), (_x(55), 346, 1)], cloth, round_px=4, depth=0.4, shadow=0.2, shadow_px=3)
    canvas.stroke([(_x(57), 298), (_x(110), 296)], dark, opacity=0.35, dashed=True)
    for side in (-1, 1):
        canvas.stroke(_line((side * 142, 180), (side * 154, 230), (side * 147, 282)), dark, opacity=0.4)
    canvas.stroke(_line((-142, 556), (-122, 590), (-58, 616), (0, 604)), dark, opacity=0.25, dashed=True)
    canvas.stroke(_line((142, 556), (122, 590), (58, 616), (0, 604)), dark, opacity=0.25, dashed=True)


def _shirt_collar(canvas: Canvas, cloth: Fabric) -> None:
    canvas.band(_line((-60, 150), (-34, 172), (0, 222)), 16, cloth, shadow=0.15)
    canvas.band(_line((60, 150), (34, 172), (0, 222)), 16, cloth, shadow=0.15)
    for side in (-1, 1):
        wing: list[Point] = [
            (_x(side * 56), 128, 1), (_x(side * 76), 152), (_x(side * 84), 216, 1), (_x(side * 40), 208), (_x(side * 6), 224, 1), (_x(side * 26), 176),
        ]  # fmt: skip
        canvas.part(wing, cloth, round_px=7, depth=0.7, shadow=0.4, shadow_px=5, turn=side * 18)
        canvas.stroke([(_x(side * 79), 208), (_x(side * 42), 201), (_x(side * 12), 216)], ink(cloth.colour), opacity=0.3, dashed=True)
    canvas.band(_line((-54, 134), (0, 146), (54, 134)), 20, cloth, shadow=0.0, tone=0.94)


def jumper(canvas: Canvas, cloth: Fabric, *, roll_neck: bool = False) -> None:
    _sleeves(
        canvas, cloth, [(126, 168, 1), (194, 230), (238, 400), (252, 556, 1), (202, 570, 1), (172, 440), (134, 310, 1)],
        [[(180, 280), (206, 400), (220, 510)], [(166, 372), (196, 404), (226, 396)]],
        turn=13, cuff=((203, 552), (251, 538)), rib=cloth, cuff_px=36,
    )  # fmt: skip
    if not roll_neck:
        _inside(canvas, cloth, [(0, 152), (42, 146), (62, 140, 1), (54, 180), (0, 204)])
    half: list[Point] = [(0, 200 if not roll_neck else 168), (40, 186 if not roll_neck else 164), (64, 140, 1), (112, 156), (150, 182), (156, 310, 1), (150, 420), (156, 560), (150, 594, 1), (0, 600)]
    canvas.part(both_sides(half), cloth, folds=_body_folds(152, 190, 580), lights=_body_lights(152, 190, 580), round_px=20, depth=1.1)
    canvas.band(_line((-150, 584), (0, 590), (150, 584)), 32, cloth, shadow=0.2, depth=0.4, ends=False)
    if roll_neck:
        neck: list[Point] = [(0, 98), (46, 100), (60, 112, 1), (66, 150), (62, 178, 1), (0, 190)]
        canvas.part(both_sides(neck), cloth, round_px=12, shadow=0.35, folds=[_line((-58, 142), (0, 150), (58, 142))])
        canvas.stroke(_line((-60, 140), (0, 150), (60, 140)), ink(cloth.colour), opacity=0.45, width=2)
    else:
        _crew(canvas, cloth, cloth, drop=62, half_width=64, top=143, width=22)
    for side in (-1, 1):
        canvas.stroke(_line((side * 150, 186), (side * 166, 244), (side * 157, 306)), ink(cloth.colour), opacity=0.4)


def sweatshirt(canvas: Canvas, cloth: Fabric) -> None:
    """With a hood, a kangaroo pocket and cords."""
    _sleeves(
        canvas, cloth, [(126, 178, 1), (198, 240), (244, 410), (256, 560, 1), (204, 574, 1), (174, 450), (136, 316, 1)],
        [[(182, 290), (208, 404), (224, 510)], [(168, 380), (198, 410), (230, 402)]],
        turn=13, cuff=((205, 556), (255, 543)), rib=cloth, cuff_px=34,
    )  # fmt: skip
    hood: list[Point] = [(0, 84), (62, 92), (96, 140), (92, 206), (60, 236, 1), (0, 250)]
    canvas.part(both_sides(hood), cloth, round_px=18, tone=0.9, folds=[_line((-70, 120), (-40, 106), (0, 102))])
    half: list[Point] = [(0, 236), (58, 208), (84, 168, 1), (122, 170), (154, 192), (160, 316, 1), (154, 430), (160, 566), (154, 600, 1), (0, 606)]
    canvas.part(both_sides(half), cloth, folds=_body_folds(154, 200, 590), lights=_body_lights(154, 200, 590), round_px=20)
    opening: list[Point] = [(0, 128), (40, 140), (56, 178), (40, 214), (0, 234)]
    canvas.part(both_sides(opening), cloth, tone=0.5, shadow=0.0, round_px=10)
    for side in (-1, 1):
        canvas.band(_line((side * 2, 238), (side * 46, 212), (side * 64, 172), (side * 46, 128), (side * 8, 112)), 20, cloth, shadow=0.3)
        cord = mix(cloth.colour, (246, 242, 234), 0.8)
        canvas.stroke(_line((side * 20, 226), (side * 26, 280), (side * 22, 330)), cord, width=4.2, opacity=0.95)
        canvas.disc(_x(side * 20), 228, 4.4, (206, 202, 196), metal=True)
        canvas.disc(_x(side * 22), 332, 3.6, (206, 202, 196), metal=True)
    pocket: list[Point] = [(0, 430, 1), (72, 430, 1), (112, 500), (112, 548, 1), (0, 550, 1)]
    canvas.part(both_sides(pocket), cloth, round_px=6, depth=0.6, shadow=0.3, shadow_px=4)
    for side in (-1, 1):
        canvas.stroke(_line((side * 74, 434), (side * 104, 486), (side * 108, 546)), ink(cloth.colour), opacity=0.4, dashed=True)
    canvas.band(_line((-154, 588), (0, 594), (154, 588)), 32, cloth, shadow=0.2, depth=0.4, ends=False)


def cardigan(canvas: Canvas, cloth: Fabric) -> None:
    _sleeves(
        canvas, cloth, [(124, 170, 1), (190, 232), (232, 400), (246, 560, 1), (198, 572, 1), (168, 440), (132, 306, 1)],
        [[(176, 280), (200, 396), (214, 510)], [(162, 370), (192, 402), (220, 394)]],
        turn=13, cuff=((199, 554), (245, 542)), rib=cloth, cuff_px=32,
    )  # fmt: skip
    _inside(canvas, cloth, [(0, 152), (44, 146), (66, 142, 1), (44, 260), (0, 372)])
    for side in (-1, 1):
        front: list[Point] = [
            (_x(side * 66), 142, 1), (_x(side * 112), 156), (_x(side * 146), 184), (_x(side * 152), 306, 1), (_x(side * 146), 430),
            (_x(side * 152), 596, 1), (_x(side * -2), 602, 1), (_x(side * 0), 372), (_x(side * 40), 262),
        ]  # fmt: skip
        canvas.part(
            front, cloth, round_px=18, shadow=0.3,
            folds=[_line((side * 124, 240), (side * 92, 380), (side * 104, 560)), _line((side * 60, 330), (side * 66, 430), (side * 52, 580))],
            lights=[_line((side * 84, 220), (side * 70, 380), (side * 78, 540))],
        )  # fmt: skip
    for side in (-1, 1):
        canvas.band(_line((side * 65, 144), (side * 42, 262), (side * 4, 372), (side * 3, 600)), 20, cloth, shadow=0.28)
    for y in (392, 446, 500, 554):
        canvas.disc(_x(3), y, 7.4, mix(cloth.colour, (70, 46, 30), 0.72), holes=4)
    canvas.band(_line((-152, 586), (-8, 590)), 28, cloth, shadow=0.15, depth=0.4, ends=False)
    canvas.band(_line((12, 590), (152, 586)), 28, cloth, shadow=0.15, depth=0.4, ends=False)


def denim_jacket(canvas: Canvas, cloth: Fabric) -> None:
    thread: Rgb = (206, 148, 84) if cloth.colour[2] > cloth.colour[0] else ink(cloth.colour)
    _sleeves(
        canvas, cloth, [(124, 176, 1), (192, 238), (234, 400), (250, 548, 1), (198, 562, 1), (170, 430), (130, 300, 1)],
        [[(178, 280), (202, 392), (220, 500)], [(162, 360), (194, 394), (224, 386)]],
        turn=0, cuff=((199, 544), (249, 531)), rib=cloth, cuff_px=32,
    )  # fmt: skip
    _inside(canvas, cloth, [(0, 148), (48, 144), (64, 156, 1), (40, 206), (0, 232)])
    half: list[Point] = [(0, 230, 1), (62, 152, 1), (114, 166), (144, 188), (150, 300, 1), (140, 420), (138, 520), (136, 548, 1), (0, 552)]
    canvas.part(both_sides(half), cloth, folds=_body_folds(140, 190, 540), lights=_body_lights(140, 190, 540))
    for side in (-1, 1):
        canvas.stroke(_line((side * 12, 282), (side * 80, 276), (side * 148, 284)), ink(cloth.colour), opacity=0.5, width=1.6)
        canvas.stroke(_line((side * 12, 287), (side * 80, 281), (side * 147, 289)), thread, opacity=0.85, dashed=True)
        for inner, outer in ((34, 28), (104, 84)):
            canvas.stroke(_line((side * inner, 330 if inner > 60 else 286), (side * outer, 522)), ink(cloth.colour), opacity=0.45)
            canvas.stroke(_line((side * (inner + 4), 330 if inner > 60 else 286), (side * (outer + 4), 522)), thread, opacity=0.8, dashed=True)
        flap: list[Point] = [(_x(side * 44), 288, 1), (_x(side * 110), 286, 1), (_x(side * 110), 316, 1), (_x(side * 77), 332, 1), (_x(side * 44), 318, 1)]
        canvas.part(flap, cloth, round_px=4, depth=0.6, shadow=0.38, shadow_px=4)
        canvas.stroke([(_x(side * 48), 315), (_x(side * 77), 327), (_x(side * 106), 313)], thread, opacity=0.8, dashed=True)
        canvas.disc(_x(side * 77), 318, 5, (172, 122, 74), metal=True)
        canvas.stroke(_line((side * 144, 192), (side * 160, 244), (side * 150, 298)), thread, opacity=0.75, dashed=True)
    canvas.part([(_x(-13), 224, 1), (_x(13), 232, 1), (_x(13), 524, 1), (_x(-13), 524, 1)], cloth, round_px=3, depth=0.4, shadow=0.3, shadow_px=3)
    for x in (-9, 9):
        canvas.stroke(_line((x, 232), (x, 522)), thread, opacity=0.75, dashed=True)
    canvas.band(_line((-137, 536), (0, 540), (137, 536)), 32, cloth, shadow=0.3, depth=0.45, ends=False)
    canvas.stroke(_line((-134, 526), (0, 530), (134, 526)), thread, opacity=0.75, dashed=True)
    for y in (256, 308, 360, 412, 464, 540):
        canvas.disc(_x(0), y, 6.4, (176, 126, 78), metal=True)
    _wide_collar(canvas, cloth, thread, spread=92, tip=214)


def _wide_collar(canvas: Canvas, cloth: Fabric, thread: Rgb, *, spread: float, tip: float) -> None:
    for side in (-1, 1):
        wing: list[Point] = [
            (_x(side * 54), 130, 1), (_x(side * 84), 150), (_x(side * spread), tip, 1), (_x(side * 46), tip + 6), (_x(side * 4), 234, 1), (_x(side * 30), 180),
        ]  # fmt: skip
        canvas.part(wing, cloth, round_px=8, depth=0.8, shadow=0.42, shadow_px=6)
        canvas.stroke([(_x(side * (spread - 6)), tip - 8), (_x(side * 46), tip - 3), (_x(side * 12), 222)], thread, opacity=0.75, dashed=True)
    canvas.band(_line((-52, 136), (0, 148), (52, 136)), 20, cloth, shadow=0.0, tone=0.92)


def blazer(canvas: Canvas, cloth: Fabric, *, long: bool = False) -> None:
    """A tailored jacket with lapels; `long`: a coat, double-breasted, to below the knee."""
    bottom = 690 if long else 596
    _sleeves(
        canvas, cloth, [(122, 166, 1), (178, 206), (212, 390), (226, bottom - 40 if not long else 560, 1), (178, bottom - 30 if not long else 570, 1), (158, 420), (126, 290, 1)],
        [[(166, 260), (182, 380), (198, 500)], [(156, 350), (180, 384), (204, 378)]],
        turn=9, cuff=((180, 532), (223, 523)),
    )  # fmt: skip
    for side in (-1, 1):
        for at in range(3):
            canvas.disc(_x(side * (216 - at * 1.2)), 550 - at * 13, 3.6, ink(cloth.colour))
    _inside(canvas, cloth, [(0, 140), (46, 136), (60, 148, 1), (34, 280), (0, 372)])
    lining = mix(cloth.colour, (250, 246, 240), 0.0)
    overlap = 34 if long else 12
    for side in (1, -1):
        cross = overlap if side == -1 else -overlap
        front: list[Point] = [
            (_x(side * 58), 144, 1), (_x(side * 108), 156), (_x(side * 136), 178), (_x(side * 140), 290, 1), (_x(side * 122), 410),
            (_x(side * (142 if not long else 160)), bottom - 20), (_x(side * (138 if not long else 158)), bottom, 1),
            (_x(side * 40), bottom + (6 if long else 2)), (_x(-side * abs(cross) + (0 if long else side * 22)), bottom + (8 if long else -16), 1),
            (_x(-side * abs(cross)), 470), (_x(-side * abs(cross)), 376, 1),
        ]  # fmt: skip
        canvas.part(
            front, cloth, round_px=18, shadow=0.4,
            folds=[_line((side * 112, 240), (side * 74, 400), (side * 92, bottom - 20)), _line((side * 130, 330), (side * 92, 410), (side * 60, 424))],
            lights=[_line((side * 84, 260), (side * 66, 400), (side * 84, bottom - 50))],
        )  # fmt: skip
    dark = ink(cloth.colour)
    for side in (1, -1):
        lapel: list[Point] = [
            (_x(side * 56), 138, 1), (_x(side * 84), 178), (_x(side * 104), 226, 1), (_x(side * 86), 240, 1), (_x(side * 100), 262, 1),
            (_x(side * 50), 320), (_x(-side * overlap), 378, 1), (_x(side * 22), 262),
        ]  # fmt: skip
        canvas.part(lapel, cloth, round_px=8, depth=0.8, shadow=0.45, shadow_px=6, turn=side * 12)
        canvas.stroke([(_x(side * 58), 232), (_x(side * 87), 240)], dark, opacity=0.6, width=1.8)
        canvas.band([(_x(side * 62), 453 if not long else 471), (_x(side * 120), 446 if not long else 462)], 18, cloth, shadow=0.4, depth=0.4, ends=False)
    canvas.band(_line((-54, 140), (0, 150), (54, 140)), 24, cloth, shadow=0.1, tone=0.95)
    canvas.band([(_x(-100), 307), (_x(-62), 300)], 11, cloth, shadow=0.3, depth=0.4, ends=False)
    horn = mix(lining, (40, 28, 22), 0.75) if sum(cloth.colour) > 210 else (96, 84, 74)
    if long:
        for y in (404, 470, 536):
            for x in (-26, 26):
                canvas.disc(_x(x), y, 8.5, horn, holes=4)
    else:
        for y in (396, 458):
            canvas.disc(_x(0), y, 8, horn, holes=4)


def coat(canvas: Canvas, cloth: Fabric) -> None:
    blazer(canvas, cloth, long=True)


def puffer(canvas: Canvas, cloth: Fabric) -> None:
    """A quilted jacket: each tube is its own rounded part."""
    for side in (-1, 1):
        for at in range(6):
            y0, y1 = 190 + at * 62, 190 + (at + 1) * 62 + 8
            spread = at * 12
            tube: list[Point] = [
                (_x(side * (124 + spread * 0.8)), y0, 1), (_x(side * (186 + spread * 0.9 + (0 if at else -24))), y0 + 4, 1), (_x(side * (202 + spread)), (y0 + y1) / 2),
                (_x(side * (192 + spread)), y1, 1), (_x(side * (134 + spread * 0.9)), y1 + 2, 1), (_x(side * (120 + spread * 0.9)), (y0 + y1) / 2),
            ]  # fmt: skip
            canvas.part(tube, cloth, round_px=15, depth=1.5, shadow=0.25, gloss=0.35, shadow_px=5)
        canvas.band(_line((side * 196, 566), (side * 244, 564)), 22, cloth, tone=0.85)
    _inside(canvas, cloth, [(0, 120), (48, 118), (62, 130, 1), (30, 176), (0, 190)])
    for at in range(7):
        y0 = 170 + at * 58
        y1 = y0 + 66
        half: list[Point] = [(0, y0, 1), (64 if at == 0 else 140, y0 if at else y0 - 16, 1), (146 if at == 0 else 150, y0 + 14), (154, (y0 + y1) / 2), (148, y1, 1), (0, y1 + 2, 1)]
        canvas.part(both_sides(half), cloth, round_px=15, depth=1.5, shadow=0.22, gloss=0.35, shadow_px=5)
    for at, y in enumerate((104, 136, 166)):
        half_collar: list[Point] = [(0, y, 1), (60 + at * 4, y - 2, 1), (72 + at * 4, y + 18), (62 + at * 5, y + 36, 1), (0, y + 40, 1)]
        canvas.part(both_sides(half_collar), cloth, round_px=11, depth=1.3, shadow=0.25, gloss=0.35, shadow_px=4)
    canvas.band(_line((0, 110), (0, 580)), 13, cloth, shadow=0.3, tone=0.8, depth=0.4)
    canvas.stroke(_line((0, 112), (0, 578)), (210, 208, 204), width=2.4, opacity=0.9, dashed=True)
    canvas.disc(_x(0), 214, 5, (214, 210, 204), metal=True)
    canvas.band(_line((0, 218), (0, 238)), 6, cloth)


def dress(canvas: Canvas, cloth: Fabric, *, cut: str = "midi") -> None:
    """`cut`: midi (belted, short sleeves), wrap (V neck, long sleeves), slip (straps), shirt (collar and buttons)."""
    dark = ink(cloth.colour)
    if cut == "slip":
        hanger(canvas)
        for side in (-1, 1):
            canvas.band(_line((side * 66, 204), (side * 64, 160), (side * 62, 118)), 6, cloth, shadow=0.2)
        _inside(canvas, cloth, [(0, 208), (64, 196, 1), (40, 232), (0, 246)])
        half: list[Point] = [(0, 244), (36, 226), (68, 196, 1), (92, 236), (96, 300), (88, 372), (116, 520), (142, 680, 1), (70, 690), (0, 684)]
        canvas.part(
            both_sides(half), cloth, gloss=0.5, lights=[*_body_lights(86, 250, 640), _line((40, 430), (60, 560), (90, 670))],
            folds=[_line((58, 400), (78, 540), (104, 676)), _line((-40, 420), (-62, 560), (-84, 682)), _line((4, 420), (-6, 560), (10, 684)), _line((-50, 236), (0, 262), (50, 236))],
        )  # fmt: skip
        canvas.stroke(_line((-66, 200), (-36, 228), (0, 246), (36, 228), (66, 200)), dark, opacity=0.4)
        return
    if cut == "wrap":
        _sleeves(
            canvas, cloth, [(104, 132, 1), (150, 190), (176, 320), (186, 420, 1), (146, 432, 1), (126, 330), (100, 240, 1)],
            [[(138, 210), (152, 300), (164, 390)], [(122, 290), (146, 312), (168, 306)]], turn=12, cuff=((147, 420), (185, 408)),
        )  # fmt: skip
    else:
        _sleeves(
            canvas, cloth, [(104, 132, 1), (144, 168), (176, 246, 1), (128, 268, 1), (100, 224, 1)],
            [[(132, 180), (144, 226), (148, 252)]], turn=24, cuff=((126, 258), (172, 237)),
        )  # fmt: skip
    deep = {"midi": 176, "wrap": 268, "shirt": 190}[cut]
    _inside(canvas, cloth, [(0, 122), (36, 118), (50, 112, 1), (36, 150), (0, deep + 6)])
    neck: list[Point] = [(0, deep, 1 if cut != "midi" else 0)] if cut != "midi" else [(0, deep)]
    half = [
        *neck, (34, 158 if cut == "midi" else (deep + 112) / 2), (52, 110, 1), (92, 124), (112, 142), (112, 226, 1), (98, 286), (86, 338, 1), (112, 420), (148, 560),
        (172, 668, 1), (90, 684), (0, 680),
    ]  # fmt: skip
    skirt_folds = [
        _line((50, 356), (78, 500), (112, 668)), _line((-44, 356), (-72, 510), (-104, 670)), _line((14, 360), (22, 520), (34, 678)),
        _line((-16, 362), (-26, 520), (-44, 678)), _line((74, 372), (112, 520), (146, 660)), _line((96, 190), (78, 270), (70, 326)), _line((-94, 200), (-72, 270), (-62, 326)),
    ]  # fmt: skip
    skirt_lights = [_line((-64, 400), (-96, 520), (-132, 650)), _line((32, 390), (50, 520), (72, 660)), _line((-4, 400), (-8, 540), (-4, 660)), _line((-60, 190), (-48, 260), (-46, 320))]
    canvas.part(both_sides(half), cloth, folds=skirt_folds, lights=skirt_lights)
    if cut == "midi":
        _crew(canvas, cloth, cloth, drop=62, half_width=52, top=112, width=9)
    elif cut == "wrap":
        for side, low in ((-1, 338), (1, 268)):
            canvas.band(_line((side * 52, 112), (side * 26, 190), (-side * (14 if low < 300 else 56), low)), 10, cloth, shadow=0.35)
        canvas.stroke(_line((-10, 348), (26, 470), (34, 676)), dark, opacity=0.55, width=2)
    else:
        canvas.part([(_x(-10), 186, 1), (_x(10), 194, 1), (_x(10), 679, 1), (_x(-10), 679, 1)], cloth, round_px=3, depth=0.3, shadow=0.2, shadow_px=3)
        for y in range(214, 660, 44):
            canvas.disc(_x(0), y, 5, mix(cloth.colour, (248, 240, 226), 0.75), holes=4)
        for side in (-1, 1):
            wing: list[Point] = [(_x(side * 46), 98, 1), (_x(side * 66), 118), (_x(side * 70), 168, 1), (_x(side * 34), 170), (_x(side * 3), 192, 1), (_x(side * 24), 140)]
            canvas.part(wing, cloth, round_px=7, depth=0.7, shadow=0.4, shadow_px=5)
        canvas.band(_line((-44, 104), (0, 114), (44, 104)), 16, cloth, shadow=0.0, tone=0.93)
    canvas.band(_line((-87, 336), (0, 344), (87, 336)), 20 if cut != "wrap" else 16, cloth, shadow=0.35, tone=0.93, depth=0.45, ends=False)
    if cut in ("midi", "wrap"):
        x = -58 if cut == "wrap" else 0
        for dx, dy in ((-22, 92), (16, 108)):
            canvas.band(_line((x, 344), (x + dx * 0.5, 344 + dy * 0.5), (x + dx, 344 + dy)), 9, cloth, shadow=0.35)
        for side in (-1, 1):
            loop: list[Point] = [(_x(x), 342, 1), (_x(x + side * 20), 326), (_x(x + side * 38), 340), (_x(x + side * 22), 356)]
            canvas.part(loop, cloth, round_px=5, shadow=0.35, shadow_px=4)
        canvas.part([(_x(x - 8), 334), (_x(x + 8), 334), (_x(x + 9), 351), (_x(x - 9), 351)], cloth, round_px=4, shadow=0.3, shadow_px=3)
    for side in (-1, 1):
        canvas.stroke(_line((side * 111, 144), (side * 118, 184), (side * 112, 224)), dark, opacity=0.38)
    canvas.stroke(_line((-164, 650), (-88, 668), (0, 664), (88, 668), (164, 650)), dark, opacity=0.25, dashed=True)


def hanger(canvas: Canvas) -> None:
    """A wooden hanger behind what hangs."""
    from vitrine.demo_shop.fabrics import fabric

    wood = fabric("#b8926a", weave="leather")
    canvas.stroke([(300, 106), (300, 76), (318, 58), (304, 40), (286, 50)], (150, 148, 146), width=4.2, opacity=1.0)
    canvas.band([(206, 148), (250, 118), (300, 104), (350, 118), (394, 148)], 14, wood, shadow=0.3, depth=1.2)
