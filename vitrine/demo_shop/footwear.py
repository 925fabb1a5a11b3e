"""Shoes, seen from the side, one in front of the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from vitrine.demo_shop.canvas import Canvas
from vitrine.demo_shop.fabrics import Fabric, fabric, ink, mix
from vitrine.demo_shop.measures import Point, Rgb

# A line of points is a line of the drawing.
# fmt: off

def _at(points: Sequence[Point], dx: float, dy: float, size: float) -> list[Point]:
    """Moved and scaled about the middle of the floor."""
    return [
        (300 + (p[0] - 300) * size + dx, 600 + (p[1] - 600) * size + dy, *p[2:])
        for p in points
    ]


def _pair(canvas: Canvas, one: Callable[[float, float, float], None]) -> None:
    """The second shoe stands behind, a little higher and smaller."""
    canvas.ground(322, 556, 214, half_height=15, strength=0.34)
    one(34, -52, 0.93)
    canvas.ground(290, 606, 236, half_height=17, strength=0.5)
    one(-18, 0, 1.0)


def sneakers(canvas: Canvas, cloth: Fabric, *, high: bool = False) -> None:
    white = fabric("#f4f1ea", weave="smooth")
    trim = fabric("#e9e4d9", weave="smooth") if sum(cloth.colour) < 660 else fabric("#3b6a58", weave="leather")
    rise = -92 if high else 0

    def one(dx: float, dy: float, size: float) -> None:
        def p(points: Sequence[Point]) -> list[Point]:
            return _at(points, dx, dy, size)

        inside: list[Point] = [(378, 420 + rise, 1), (430, 402 + rise), (494, 408 + rise, 1), (492, 444 + rise), (430, 458 + rise), (384, 446 + rise)]
        canvas.part(p(inside), trim, tone=0.6, shadow=0.0, round_px=8)
        tongue: list[Point] = [(352, 392 + rise, 1), (384, 380 + rise), (404, 396 + rise, 1), (392, 460 + rise * 0.5), (300, 520), (280, 500)]
        canvas.part(p(tongue), cloth, round_px=9, shadow=0.2)
        upper: list[Point] = [
            (78, 560, 1), (84, 520), (128, 486), (206, 470), (262, 456), (318, 428 + rise * 0.2), (362, 404 + rise, 1), (384, 432 + rise), (436, 450 + rise), (494, 410 + rise, 1),
            (512, 470 + rise * 0.4), (520, 540), (516, 574, 1), (300, 580), (82, 576, 1),
        ]  # fmt: skip
        canvas.part(
            p(upper), cloth, round_px=20, depth=1.2, gloss=0.12, shadow=0.3,
            folds=[p([(168, 482), (196, 510), (192, 552)]), p([(262, 470), (276, 500), (270, 540)])],
            lights=[p([(108, 520), (170, 494), (240, 480)]), p([(440, 470 + rise * 0.6), (470, 480 + rise * 0.5), (500, 520)])],
        )  # fmt: skip
        cap: list[Point] = [(78, 566, 1), (82, 524), (122, 490), (186, 474, 1), (200, 500), (196, 570, 1)]
        canvas.part(p(cap), cloth, round_px=14, depth=1.0, shadow=0.16, shadow_px=3, gloss=0.1)
        heel: list[Point] = [(476, 432 + rise, 1), (496, 414 + rise, 1), (512, 480), (519, 572, 1), (462, 574, 1), (470, 500)]
        canvas.part(p(heel), trim, round_px=9, shadow=0.25, shadow_px=3)
        side: list[Point] = [(286, 574, 1), (330, 506), (352, 470, 1), (378, 462, 1), (370, 506), (352, 574, 1)]
        canvas.part(p(side), trim, round_px=6, shadow=0.25, shadow_px=3)
        eyestay: list[Point] = [(232, 470, 1), (300, 440 + rise * 0.15), (352, 408 + rise, 1), (372, 422 + rise, 1), (330, 476), (266, 500, 1)]
        canvas.part(p(eyestay), cloth, round_px=6, shadow=0.3, shadow_px=4, tone=0.96)
        for at in range(4 if not high else 6):
            share = at / (3 if not high else 5)
            x, y = 262 + 92 * share, 474 - 46 * share + rise * 0.8 * share
            canvas.band(p([(x - 8, y + 10), (x + 10, y - 8), (x + 36, y - 14)]), 8 * size, white, shadow=0.35)
        sole: list[Point] = [
            (66, 574, 1), (80, 556), (200, 566), (330, 570), (460, 566), (526, 556), (534, 576), (528, 602), (506, 608), (300, 610), (100, 608), (72, 600),
        ]  # fmt: skip
        canvas.part(p(sole), white, round_px=8, depth=0.9, shadow=0.25, shadow_px=4)
        canvas.stroke(p([(72, 588), (200, 592), (400, 592), (530, 586)]), (190, 184, 174), width=1.6, opacity=0.8)
        canvas.stroke(p([(84, 566), (200, 574), (330, 578), (460, 574), (524, 564)]), ink(white.colour), opacity=0.3, dashed=True)

    _pair(canvas, one)


def boots(canvas: Canvas, cloth: Fabric, *, tall: bool = False) -> None:
    dark = fabric("#2b2420", weave="smooth")
    lift = -150 if tall else 0

    def one(dx: float, dy: float, size: float) -> None:
        def p(points: Sequence[Point]) -> list[Point]:
            return _at(points, dx, dy, size)

        inside: list[Point] = [(330, 300 + lift, 1), (400, 286 + lift), (482, 296 + lift, 1), (470, 322 + lift), (400, 330 + lift), (336, 322 + lift)]
        canvas.part(p(inside), cloth, tone=0.45, shadow=0.0, round_px=7)
        upper: list[Point] = [
            (92, 572, 1), (96, 536), (140, 504), (220, 486), (292, 462), (322, 420), (330, 340 + lift * 0.6), (330, 304 + lift, 1), (400, 322 + lift), (482, 300 + lift, 1),
            (488, 400 + lift * 0.3), (496, 480), (504, 540), (500, 576, 1), (300, 580), (94, 580, 1),
        ]  # fmt: skip
        canvas.part(
            p(upper), cloth, round_px=24, depth=1.25, gloss=0.3,
            folds=[p([(326, 452), (360, 470), (420, 462)]), p([(318, 474), (352, 496), (400, 492)]), p([(204, 496), (224, 522), (218, 560)]), p([(350, 372), (384, 384), (440, 376)])],
            lights=[p([(126, 530), (190, 506), (256, 492)]), p([(356, 340 + lift), (366, 400), (362, 440)]), p([(470, 420), (482, 500), (484, 560)])],
        )  # fmt: skip
        if not tall:  # an elastic gusset
            gusset: list[Point] = [(380, 326, 1), (436, 318, 1), (430, 400), (408, 446, 1), (388, 400)]
            canvas.part(p(gusset), fabric("#2e2a28", weave="knit"), round_px=5, shadow=0.0, depth=0.6)
        else:
            canvas.stroke(p([(468, 160), (472, 320), (486, 470), (488, 560)]), ink(cloth.colour), opacity=0.6, width=2)
        canvas.stroke(p([(318, 470), (390, 508), (498, 500)]), ink(cloth.colour), opacity=0.45)
        canvas.stroke(p([(316, 477), (390, 515), (498, 507)]), ink(cloth.colour), opacity=0.4, dashed=True)
        canvas.part(p([(372, 584, 1), (506, 578, 1), (504, 610, 1), (380, 612, 1)]), dark, round_px=6, shadow=0.25, gloss=0.2)
        sole: list[Point] = [(80, 580), (92, 570, 1), (250, 578), (400, 578), (508, 570, 1), (510, 588, 1), (372, 594), (240, 604), (104, 604), (82, 596)]
        canvas.part(p(sole), dark, round_px=6, shadow=0.25, gloss=0.2)
        canvas.stroke(p([(90, 570), (250, 582), (380, 582), (504, 572)]), (190, 160, 120), opacity=0.65, dashed=True)

    _pair(canvas, one)


def sandals(canvas: Canvas, cloth: Fabric) -> None:
    cork = fabric("#b98f62", weave="suede")
    rubber = fabric("#3a302a", weave="smooth")

    def one(dx: float, dy: float, size: float) -> None:
        def p(points: Sequence[Point]) -> list[Point]:
            return _at(points, dx, dy, size)

        for points in ([(156, 552), (196, 498), (262, 500), (276, 552)], [(262, 554), (296, 478), (366, 480), (392, 552)]):
            canvas.part(p(points), cloth, tone=0.5, shadow=0.0, round_px=8)
        sole: list[Point] = [(76, 566), (104, 548), (240, 556), (380, 556), (500, 544), (534, 556), (532, 590), (500, 598), (300, 600), (110, 600), (80, 590)]
        canvas.part(p(sole), cork, round_px=9, shadow=0.3)
        canvas.band(p([(94, 602), (300, 607), (520, 601)]), 13 * size, rubber, shadow=0.2, depth=0.5)
        bed: list[Point] = [(84, 562), (106, 548), (240, 555), (380, 555), (500, 545), (530, 555), (380, 568), (240, 570)]
        canvas.part(p(bed), fabric("#d9b78c", weave="suede"), round_px=5, shadow=0.0, depth=0.6)
        straps: tuple[list[Point], ...] = (
            [(128, 576, 1), (138, 520), (172, 482), (222, 472, 1), (262, 478), (270, 520), (262, 580, 1)],
            [(246, 580, 1), (262, 506), (302, 462), (356, 456, 1), (394, 468), (400, 520), (384, 580, 1)],
        )  # fmt: skip
        for at, strap in enumerate(straps):
            canvas.part(p(strap), cloth, round_px=12, depth=0.9, shadow=0.45, shadow_px=6, gloss=0.3)
            canvas.stroke(p([(q[0] * 0.94 + (196, 324)[at] * 0.06, q[1] * 0.94 + 530 * 0.06) for q in strap]), ink(cloth.colour), opacity=0.35, dashed=True)
            (bx, by), = [(q[0], q[1]) for q in p([((204, 330)[at], (506, 496)[at])])]
            canvas.band([(bx - 15, by - 13), (bx + 15, by - 13), (bx + 15, by + 13), (bx - 15, by + 13), (bx - 15, by - 13)], 4.6, fabric("#d8c58a", weave="smooth"), shadow=0.4, gloss=0.9)
            canvas.band([(bx, by - 13), (bx, by + 13)], 3.4, fabric("#d8c58a", weave="smooth"), shadow=0.3, gloss=0.9)

    _pair(canvas, one)


def loafers(canvas: Canvas, cloth: Fabric) -> None:
    dark = fabric("#2b221d", weave="smooth")

    def one(dx: float, dy: float, size: float) -> None:
        def p(points: Sequence[Point]) -> list[Point]:
            return _at(points, dx, dy, size)

        inside: list[Point] = [(294, 474, 1), (400, 444), (502, 444, 1), (496, 480), (400, 502), (312, 500)]
        canvas.part(p(inside), fabric("#c9a27a", weave="leather"), tone=0.62, shadow=0.0, round_px=8)
        upper: list[Point] = [
            (76, 570, 1), (78, 528), (116, 494), (190, 474), (262, 452), (300, 464, 1), (340, 496), (420, 498), (504, 440, 1), (518, 510), (520, 572, 1), (300, 580), (78, 578, 1),
        ]  # fmt: skip
        canvas.part(
            p(upper), cloth, round_px=20, depth=1.25, gloss=0.55,
            folds=[p([(238, 492), (256, 520), (250, 560)])], lights=[p([(112, 532), (160, 508), (214, 494)]), p([(400, 530), (460, 528), (506, 520)])],
        )  # fmt: skip
        apron: list[Point] = [(104, 524), (160, 492), (246, 464), (284, 472), (276, 504), (206, 522), (134, 540)]
        canvas.part(p(apron), cloth, round_px=9, shadow=0.3, shadow_px=3, gloss=0.55)
        canvas.stroke(p([(104, 527), (134, 543), (206, 525), (276, 507), (286, 476)]), ink(cloth.colour), opacity=0.5, dashed=True, width=1.8)
        strap: list[Point] = [(222, 470, 1), (264, 448, 1), (326, 530, 1), (304, 576, 1), (258, 572, 1)]
        canvas.part(p(strap), cloth, round_px=7, shadow=0.4, shadow_px=4, gloss=0.5)
        slot: list[Point] = [(250, 490), (268, 482), (278, 496), (260, 504)]
        canvas.part(p(slot), cloth, tone=0.35, shadow=0.0, round_px=3)
        canvas.part(p([(398, 584, 1), (522, 576, 1), (520, 608, 1), (404, 610, 1)]), dark, round_px=5, shadow=0.25)
        sole: list[Point] = [(70, 582), (88, 574, 1), (300, 580), (420, 580), (524, 570, 1), (526, 586, 1), (400, 592), (240, 602), (96, 602)]
        canvas.part(p(sole), dark, round_px=5, shadow=0.25, gloss=0.2)

    _pair(canvas, one)


def ballerinas(canvas: Canvas, cloth: Fabric) -> None:
    lining = fabric("#e4cdb2", weave="suede")
    dark = fabric("#35291f", weave="smooth")

    def one(dx: float, dy: float, size: float) -> None:
        def p(points: Sequence[Point]) -> list[Point]:
            return _at(points, dx, dy, size)

        inside: list[Point] = [(188, 520, 1), (300, 496), (410, 480), (508, 468, 1), (506, 506), (400, 540), (260, 556)]
        canvas.part(p(inside), lining, tone=0.75, shadow=0.0, round_px=8)
        upper: list[Point] = [
            (74, 578, 1), (76, 546), (112, 518), (180, 506, 1), (206, 540), (300, 550), (420, 524), (510, 466, 1), (522, 526), (518, 580, 1), (300, 586), (78, 584, 1),
        ]  # fmt: skip
        canvas.part(p(upper), cloth, round_px=15, depth=1.2, gloss=0.4, lights=[p([(106, 552), (140, 538), (178, 534)]), p([(430, 552), (480, 540), (510, 530)])])
        canvas.band(p([(180, 508), (206, 540), (300, 550), (420, 524), (509, 468)]), 7 * size, cloth, shadow=0.2, tone=0.85)
        for side in (-1, 1):
            loop: list[Point] = [(190, 518, 1), (190 + side * 20, 500), (190 + side * 40, 514), (190 + side * 22, 532)]
            canvas.part(p(loop), cloth, round_px=5, shadow=0.35, shadow_px=3)
        canvas.part(p([(183, 510), (197, 510), (198, 527), (182, 527)]), cloth, round_px=3, shadow=0.3, shadow_px=3)
        canvas.part(p([(426, 586, 1), (520, 580, 1), (518, 608, 1), (432, 610, 1)]), dark, round_px=4, shadow=0.25)
        canvas.part(p([(68, 586), (86, 580, 1), (300, 586), (420, 586), (522, 576, 1), (522, 588, 1), (400, 594), (200, 602), (84, 600)]), dark, round_px=4, shadow=0.25)

    _pair(canvas, one)


def pumps(canvas: Canvas, cloth: Fabric) -> None:
    """Heels."""
    lining = fabric("#e2c8ac", weave="suede")
    dark: Rgb = mix(cloth.colour, (24, 20, 18), 0.5)

    def one(dx: float, dy: float, size: float) -> None:
        def p(points: Sequence[Point]) -> list[Point]:
            return _at(points, dx, dy, size)

        inside: list[Point] = [(214, 516, 1), (330, 458), (440, 386), (488, 364, 1), (488, 396), (420, 446), (300, 520), (240, 538)]
        canvas.part(p(inside), lining, tone=0.72, shadow=0.0, round_px=8)
        heel: list[Point] = [(470, 440, 1), (512, 420, 1), (500, 500), (494, 606, 1), (476, 606, 1), (474, 510)]
        canvas.part(p(heel), cloth, round_px=6, shadow=0.2, tone=0.8, gloss=0.4)
        upper: list[Point] = [
            (78, 590, 1), (96, 560), (150, 532), (206, 504, 1), (240, 540), (320, 508), (420, 432), (492, 360, 1), (512, 396), (512, 436), (480, 456), (400, 522), (320, 576), (250, 598), (80, 600, 1),
        ]  # fmt: skip
        canvas.part(p(upper), cloth, round_px=16, depth=1.25, gloss=0.7, lights=[p([(112, 568), (150, 548), (192, 534)]), p([(380, 500), (440, 446), (492, 396)])])
        canvas.stroke(p([(76, 600), (250, 604), (322, 582), (402, 528), (482, 460)]), dark, width=4.5, opacity=0.9)

    _pair(canvas, one)
