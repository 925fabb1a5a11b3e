"""Bags and small things: tote, backpack, handbag, belt, hat, cap, beanie, scarf, sunglasses."""

from __future__ import annotations

from math import cos, pi, sin
from random import Random

from vitrine.demo_shop.canvas import Canvas, both_sides
from vitrine.demo_shop.fabrics import Fabric, fabric, ink, mix
from vitrine.demo_shop.measures import Point, line, mid

# A line of points is a line of the drawing.
# fmt: off

_BRASS = "#cfae6a"


def tote(canvas: Canvas, cloth: Fabric) -> None:
    canvas.ground(300, 606, 186, half_height=16, strength=0.55)
    canvas.band(line((-72, 330), (-70, 190), (0, 120), (70, 190), (72, 330)), 15, cloth, shadow=0.3, tone=0.72, gloss=0.2)
    canvas.part(both_sides([(0, 300), (150, 296, 1), (150, 322, 1), (0, 332)]), cloth, tone=0.45, shadow=0.0, round_px=6)
    half: list[Point] = [(0, 318), (154, 310, 1), (162, 440), (176, 566), (168, 598), (120, 606, 1), (0, 608)]
    canvas.part(
        both_sides(half), cloth, round_px=20, gloss=0.25,
        folds=[line((118, 350), (128, 470), (150, 580)), line((-110, 360), (-126, 480), (-148, 580)), line((-60, 570), (0, 580), (70, 568))],
        lights=[line((-80, 360), (-90, 470), (-104, 570)), line((60, 380), (66, 480), (60, 560))],
    )  # fmt: skip
    dark = ink(cloth.colour)
    canvas.stroke(line((-152, 326), (0, 334), (152, 326)), dark, opacity=0.45, dashed=True)
    canvas.stroke(line((-168, 588), (0, 596), (168, 588)), dark, opacity=0.35, dashed=True)
    canvas.band(line((-88, 372), (-88, 170), (0, 84), (88, 170), (88, 372)), 16, cloth, shadow=0.4, gloss=0.3, depth=1.1)
    for side in (-1, 1):
        tab: list[Point] = [(mid(side * 88 - 13), 350, 1), (mid(side * 88 + 13), 350, 1), (mid(side * 88 + 13), 392, 1), (mid(side * 88), 406), (mid(side * 88 - 13), 392, 1)]
        canvas.part(tab, cloth, round_px=4, shadow=0.35, shadow_px=4, gloss=0.3)
        for y in (364, 388):
            canvas.disc(mid(side * 88), y, 4, (206, 174, 106), metal=True)
    canvas.band(line((0, 330), (4, 362), (0, 388)), 9, cloth, shadow=0.35)
    canvas.part(both_sides([(0, 386), (16, 388, 1), (18, 432, 1), (0, 438)]), cloth, round_px=5, shadow=0.4, gloss=0.3)


def backpack(canvas: Canvas, cloth: Fabric) -> None:
    canvas.ground(300, 608, 172, half_height=16, strength=0.55)
    leather = fabric("#8a5a36", weave="leather")
    for side in (-1, 1):
        canvas.band(line((side * 84, 210), (side * 168, 300), (side * 172, 460), (side * 138, 560)), 24, cloth, shadow=0.35, tone=0.7)
    canvas.band(line((-34, 172), (-26, 128), (0, 118), (26, 128), (34, 172)), 14, leather, shadow=0.3, gloss=0.3)
    half: list[Point] = [(0, 158), (90, 166), (138, 226), (152, 400), (156, 560), (138, 602), (80, 608), (0, 608)]
    canvas.part(
        both_sides(half), cloth, round_px=26, depth=1.2,
        folds=[line((110, 250), (118, 400), (124, 560)), line((-108, 260), (-120, 400), (-128, 560))], lights=[line((-84, 210), (-92, 330), (-90, 420))],
    )  # fmt: skip
    flap: list[Point] = [(0, 150), (92, 158), (142, 222), (146, 300), (130, 352), (70, 372), (0, 376)]
    canvas.part(both_sides(flap), cloth, round_px=20, shadow=0.5, shadow_px=9, depth=1.1, lights=[line((-90, 200), (-40, 176), (40, 176))])
    canvas.stroke(line((-140, 226), (-136, 300), (-122, 342), (-66, 362), (0, 366), (66, 362), (122, 342), (136, 300), (140, 226)), ink(cloth.colour), opacity=0.45, dashed=True)
    pocket: list[Point] = [(0, 440), (96, 440), (110, 456), (112, 560), (98, 584), (0, 588)]
    canvas.part(both_sides(pocket), cloth, round_px=14, shadow=0.45, shadow_px=7)
    canvas.stroke(line((-104, 466), (0, 470), (104, 466)), ink(cloth.colour), opacity=0.55, width=2.2)
    canvas.stroke(line((-100, 472), (0, 476), (100, 472)), (206, 180, 120), opacity=0.8, width=2.4, dashed=True)
    for side in (-1, 1):
        canvas.band(line((side * 58, 316), (side * 58, 420)), 18, leather, shadow=0.4, gloss=0.4)
        canvas.band(line((side * 58 - 15, 388), (side * 58 + 15, 388), (side * 58 + 15, 412), (side * 58 - 15, 412), (side * 58 - 15, 388)), 4, fabric(_BRASS, weave="smooth"), shadow=0.4, gloss=0.9)
    canvas.part(both_sides([(0, 508, 1), (30, 508, 1), (30, 540, 1), (0, 540, 1)]), leather, round_px=4, shadow=0.3, shadow_px=3)


def handbag(canvas: Canvas, cloth: Fabric) -> None:
    canvas.ground(300, 606, 178, half_height=15, strength=0.55)
    brass = fabric(_BRASS, weave="smooth")
    canvas.band(line((-118, 400), (-150, 220), (-60, 96), (60, 96), (150, 220), (118, 400)), 12, cloth, shadow=0.35, gloss=0.4, depth=1.2)
    half: list[Point] = [(0, 366), (118, 370), (142, 390), (160, 500), (164, 582), (140, 606), (0, 608)]
    canvas.part(
        both_sides(half), cloth, round_px=22, gloss=0.45, depth=1.2,
        folds=[line((128, 420), (138, 500), (140, 590)), line((-128, 430), (-138, 510), (-142, 590))], lights=[line((-100, 520), (0, 540), (90, 524))],
    )  # fmt: skip
    flap: list[Point] = [(0, 352), (116, 358), (146, 384), (152, 440), (128, 494), (60, 524), (0, 528)]
    canvas.part(both_sides(flap), cloth, round_px=18, gloss=0.5, shadow=0.55, shadow_px=8, depth=1.1, lights=[line((-110, 392), (-40, 376), (60, 378))])
    canvas.stroke(line((-142, 392), (-146, 438), (-122, 486), (-58, 514), (0, 518), (58, 514), (122, 486), (146, 438), (142, 392)), ink(cloth.colour), opacity=0.45, dashed=True)
    canvas.part(both_sides([(0, 494, 1), (24, 494, 1), (24, 530, 1), (14, 544), (0, 546)]), brass, round_px=5, shadow=0.4, gloss=0.9, shadow_px=4)
    canvas.disc(mid(0), 518, 5.4, (150, 118, 60), metal=True)
    for side in (-1, 1):
        canvas.band([(mid(side * 118 - 12), 388), (mid(side * 118), 376), (mid(side * 118 + 12), 388), (mid(side * 118), 402), (mid(side * 118 - 12), 388)], 5, brass, shadow=0.4, gloss=0.9)


def belt(canvas: Canvas, cloth: Fabric) -> None:
    canvas.ground(300, 470, 230, half_height=120, strength=0.22)
    brass = fabric(_BRASS if sum(cloth.colour) > 120 else "#c9c9c6", weave="smooth")
    ring: list[tuple[float, float]] = [(-204, 400), (-196, 330), (-120, 268), (0, 250), (120, 268), (196, 330), (204, 400)]
    canvas.band(line(*ring), 40, cloth, shadow=0.3, tone=0.62, depth=0.35)
    front = line((204, 396), (196, 470), (110, 530), (0, 546), (-120, 532), (-200, 470), (-205, 396))
    canvas.band(front, 44, cloth, shadow=0.5, gloss=0.3, depth=0.5, shadow_px=10)
    for offset in (-17, 17):
        canvas.stroke([(p[0], p[1] + offset) for p in front], ink(cloth.colour), opacity=0.4, dashed=True)
    tail: list[Point] = [(mid(-30), 522, 1), (mid(70), 520), (mid(150), 500), (mid(196), 470), (mid(206), 494), (mid(170), 530), (mid(80), 566), (mid(-30), 570, 1)]
    canvas.part(tail, cloth, round_px=10, gloss=0.4, shadow=0.5, shadow_px=5)
    for x, y in ((40, 545), (76, 540), (112, 530)):
        canvas.disc(mid(x), y, 4.2, ink(cloth.colour))
    canvas.band([(mid(-58), 510), (mid(-8), 506), (mid(-4), 584), (mid(-60), 586), (mid(-58), 510)], 9, brass, shadow=0.5, gloss=0.9, depth=1.3)
    canvas.band([(mid(-56), 548), (mid(4), 545)], 6, brass, shadow=0.4, gloss=0.9)


def hat(canvas: Canvas, cloth: Fabric) -> None:
    """Wide brim and a ribbon."""
    canvas.ground(300, 520, 250, half_height=40, strength=0.4)
    brim: list[Point] = [(54, 470), (120, 420), (300, 396), (480, 420), (546, 470), (480, 514), (300, 534), (120, 514)]
    canvas.part(brim, cloth, round_px=16, depth=1.0, shadow=0.4, shadow_px=10, lights=[[(110, 470), (200, 440), (300, 430)]], folds=[[(180, 476), (300, 494), (430, 474)]])
    canvas.stroke([(66, 472), (124, 428), (300, 406), (476, 428), (534, 472)], ink(cloth.colour), opacity=0.25, dashed=True)
    crown: list[Point] = [(178, 452, 1), (186, 370), (206, 296), (250, 272), (300, 292), (350, 272), (394, 296), (414, 370), (422, 452, 1), (300, 482)]
    canvas.part(crown, cloth, round_px=26, depth=1.3, folds=[[(258, 282), (300, 318), (346, 282)], [(390, 320), (398, 400), (396, 450)]], lights=[[(214, 320), (212, 380), (208, 430)]])
    ribbon = fabric("#2c2a2e" if sum(cloth.colour) > 300 else "#d9cdb8", weave="smooth")
    canvas.band([(179, 430), (240, 450), (300, 456), (360, 450), (421, 430)], 34, ribbon, shadow=0.3, depth=0.4, ends=False)


def cap(canvas: Canvas, cloth: Fabric) -> None:
    canvas.ground(290, 520, 220, half_height=26, strength=0.45)
    dome: list[Point] = [(190, 486, 1), (184, 400), (222, 306), (310, 262), (408, 290), (466, 376), (474, 480, 1), (330, 506)]
    canvas.part(
        dome, cloth, round_px=30, depth=1.3, folds=[[(330, 268), (352, 380), (346, 496)], [(436, 330), (452, 410), (450, 480)]], lights=[[(240, 320), (224, 390), (224, 460)]],
    )  # fmt: skip
    dark = ink(cloth.colour)
    canvas.stroke([(310, 264), (330, 380), (330, 504)], dark, opacity=0.5)
    canvas.stroke([(310, 264), (250, 360), (232, 490)], dark, opacity=0.4)
    canvas.stroke([(310, 264), (410, 350), (440, 490)], dark, opacity=0.4)
    visor: list[Point] = [(194, 470, 1), (260, 492), (336, 500, 1), (300, 548), (200, 566), (96, 548), (76, 524), (120, 492)]
    canvas.part(visor, cloth, round_px=14, depth=1.1, shadow=0.5, shadow_px=8, lights=[[(116, 522), (180, 512), (250, 516)]])
    for inset in (0, 12, 24):
        canvas.stroke([(102 + inset, 530 - inset * 0.4), (200, 550 - inset), (296 - inset, 534 - inset)], dark, opacity=0.3, dashed=True)
    canvas.disc(310, 264, 8, mix(cloth.colour, (0, 0, 0), 0.2))
    for x, y in ((262, 350), (390, 352)):
        canvas.disc(x, y, 4.6, mix(cloth.colour, (0, 0, 0), 0.35))


def beanie(canvas: Canvas, cloth: Fabric) -> None:
    half: list[Point] = [(0, 214), (86, 232), (150, 320), (168, 460, 1), (0, 476)]
    canvas.part(both_sides(half), cloth, round_px=34, depth=1.3, folds=[line((70, 236), (110, 330), (120, 450)), line((-60, 232), (-100, 330), (-110, 450)), line((4, 224), (8, 330), (4, 460))])
    cuff: list[Point] = [(0, 430), (174, 418, 1), (182, 470), (176, 524, 1), (0, 540)]
    canvas.part(both_sides(cuff), cloth, round_px=18, shadow=0.45, shadow_px=7, depth=1.1)
    for at in range(-9, 10):
        canvas.stroke(line((at * 18.5, 432 - abs(at) * 1.2), (at * 19.2, 534 - abs(at) * 1.6)), ink(cloth.colour), opacity=0.26, width=2.4)
    chance = Random(4)
    ball: list[Point] = [(mid(52 * cos(at * pi / 6)), 186 + 49 * sin(at * pi / 6)) for at in range(12)]
    canvas.part(ball, cloth, round_px=26, shadow=0.3, depth=1.1)
    for _ in range(130):  # tufts
        angle, reach = chance.uniform(0, 2 * pi), 53 * chance.random() ** 0.5
        x, y, lean = reach * cos(angle), 186 + reach * sin(angle) * 0.94, angle + chance.uniform(-0.8, 0.8)
        shade = mix(cloth.colour, (255, 255, 255) if y < 190 + chance.uniform(-40, 30) else (0, 0, 0), 0.18)
        canvas.stroke(line((x, y), (x + 6 * cos(lean), y + 6 * sin(lean))), shade, width=2.4, opacity=0.55)


def scarf(canvas: Canvas, cloth: Fabric) -> None:
    tails: list[tuple[list[Point], float]] = [
        ([(mid(-70), 330, 1), (mid(-2), 340, 1), (mid(-18), 480), (mid(-26), 640, 1), (mid(-118), 636, 1), (mid(-96), 470)], 4.0),
        ([(mid(-6), 330, 1), (mid(72), 322, 1), (mid(92), 450), (mid(116), 590, 1), (mid(26), 602, 1), (mid(14), 460)], -6.0),
    ]  # fmt: skip
    for points, turn in tails:
        canvas.part(points, cloth, turn=turn, round_px=16, shadow=0.4, folds=[[((points[0][0] + points[1][0]) / 2 + 8, 360), ((points[2][0] + points[5][0]) / 2 + 10, 480), ((points[3][0] + points[4][0]) / 2 + 8, 600)]])
        left, right = sorted((points[3], points[4]))
        for at in range(13):
            share = at / 12
            x, y = left[0] + (right[0] - left[0]) * share, left[1] + (right[1] - left[1]) * share
            canvas.stroke([(x, y - 2), (x + (-2 if at % 2 else 2), y + 30)], mix(cloth.colour, (0, 0, 0), 0.12), width=3.2, opacity=0.95)
    back: list[Point] = [(mid(-132), 236), (mid(-96), 176), (mid(0), 152), (mid(96), 176), (mid(132), 236), (mid(0), 262)]
    canvas.part(back, cloth, tone=0.55, shadow=0.2, round_px=14)
    turns: tuple[list[Point], ...] = (
        [(mid(-146), 224, 1), (mid(-128), 190), (mid(-70), 226), (mid(0), 238), (mid(70), 226), (mid(128), 190), (mid(146), 224, 1), (mid(124), 286), (mid(0), 318), (mid(-124), 286)],
        [(mid(-140), 262, 1), (mid(-60), 288), (mid(30), 292), (mid(136), 250, 1), (mid(138), 296), (mid(70), 348), (mid(-20), 366), (mid(-112), 326)],
    )  # fmt: skip
    for points in turns:
        canvas.part(
            points, cloth, round_px=18, depth=1.1, shadow=0.5, shadow_px=8, turn=5,
            folds=[[((p[0] * 2 + q[0]) / 3, (p[1] * 2 + q[1]) / 3) for p, q in zip(points[1:6], reversed(points[5:10]), strict=False)]],
        )  # fmt: skip
    knot: list[Point] = [(mid(-74), 300), (mid(-10), 292), (mid(66), 312), (mid(58), 372), (mid(-10), 392), (mid(-72), 366)]
    canvas.part(knot, cloth, round_px=18, depth=1.1, shadow=0.5, shadow_px=8, turn=-8, folds=[line((-50, 322), (0, 346), (50, 340))])


def sunglasses(canvas: Canvas, cloth: Fabric) -> None:
    canvas.ground(300, 470, 220, half_height=18, strength=0.4)
    for side in (-1, 1):
        canvas.band(line((side * 196, 356), (side * 190, 318), (side * 150, 290)), 13, cloth, shadow=0.3, tone=0.6, gloss=0.5)
    for side in (-1, 1):
        shape: list[Point] = [(mid(side * 30), 366), (mid(side * 60), 340), (mid(side * 150), 334), (mid(side * 192), 352), (mid(side * 186), 414), (mid(side * 140), 462), (mid(side * 76), 456), (mid(side * 36), 414)]
        canvas.part(shape, fabric("#343a3e", weave="smooth"), round_px=18, gloss=1.0, depth=0.8, shadow=0.35, lights=[line((side * 60 - 20, 420), (side * 90 - 10, 380), (side * 130 - 10, 352))])
        ring = [*shape, shape[0]]
        canvas.band(ring, 15, cloth, shadow=0.35, gloss=0.8, depth=1.2)
    canvas.band(line((-34, 372), (0, 358), (34, 372)), 15, cloth, shadow=0.3, gloss=0.8, depth=1.2)
