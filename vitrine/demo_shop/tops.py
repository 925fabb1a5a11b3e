"""Things worn above: T-shirt, top, shirt, jumper, sweatshirt, cardigan."""

from __future__ import annotations

from vitrine.demo_shop.canvas import Canvas, both_sides
from vitrine.demo_shop.fabrics import Fabric, ink, mix
from vitrine.demo_shop.measures import Point, line, mid
from vitrine.demo_shop.torso import Half, body_folds, body_lights, crew, inside, sleeves

# A line of points is a line of the drawing.
# fmt: off


def tshirt(canvas: Canvas, cloth: Fabric, *, long: bool = False) -> None:
    sleeves(
        canvas, cloth,
        [(128, 156, 1), (180, 205), (222, 300) if not long else (236, 420), (236, 332, 1) if not long else (252, 560, 1),
         (176, 352, 1) if not long else (212, 566, 1), (150, 290) if not long else (172, 380), (128, 262, 1)],
        [[(176, 230), (182, 280), (178, 330)]] if not long else [[(186, 250), (200, 360), (216, 480)], [(168, 330), (196, 372), (214, 372)]],
        turn=24 if not long else 14,
        cuff=((170, 342), (232, 322)) if not long else ((209, 550), (250, 545)),
    )  # fmt: skip
    inside(canvas, cloth, [(0, 148), (44, 140), (66, 134, 1), (58, 172), (0, 204)])
    half: list[Point] = [(0, 200), (40, 184), (66, 134, 1), (110, 146), (146, 168), (150, 260, 1), (140, 380), (146, 566), (142, 586, 1), (0, 592)]
    canvas.part(both_sides(half), cloth, folds=body_folds(146, 170, 590), lights=body_lights(146, 170, 590))
    crew(canvas, cloth, cloth, drop=64, half_width=66, top=137)
    canvas.stroke(line((-141, 572), (0, 578), (141, 572)), ink(cloth.colour), opacity=0.35, dashed=True)
    for side in (-1, 1):
        canvas.stroke(line((side * 146, 172), (side * 156, 214), (side * 150, 258)), ink(cloth.colour), opacity=0.42)


def top(canvas: Canvas, cloth: Fabric) -> None:
    """A sleeveless blouse with a soft V and gathers."""
    inside(canvas, cloth, [(0, 166), (40, 158), (70, 150, 1), (50, 200), (0, 262)])
    half: list[Point] = [(0, 268, 1), (38, 214), (66, 150, 1), (112, 160, 1), (118, 220), (146, 282, 1), (140, 380), (164, 560), (166, 584, 1), (90, 594), (0, 588)]
    folds = [
        *body_folds(140, 210, 585),
        line((46, 240), (58, 340), (50, 470)), line((-36, 290), (-44, 380), (-30, 500)), line((94, 300), (88, 420), (110, 560)),
    ]  # fmt: skip
    canvas.part(both_sides(half), cloth, folds=folds, lights=body_lights(130, 220, 580))
    for side in (-1, 1):
        canvas.stroke(line((side * 66, 153), (side * 40, 214), (0, 266)), ink(cloth.colour), opacity=0.5)
        canvas.stroke(line((side * 113, 163), (side * 119, 220), (side * 145, 280)), ink(cloth.colour), opacity=0.4)
    canvas.band(line((-4, 266), (-16, 312), (-8, 352)), 6, cloth)
    canvas.band(line((4, 266), (20, 306), (14, 340)), 6, cloth)
    canvas.disc(mid(0), 267, 6, cloth.colour)


def shirt(canvas: Canvas, cloth: Fabric, *, half_sleeves: bool = False) -> None:
    long: Half = [(124, 166, 1), (182, 226), (226, 392), (244, 560, 1), (196, 570, 1), (168, 420), (128, 284, 1)]
    short: Half = [(124, 166, 1), (182, 218), (232, 330, 1), (168, 358, 1), (128, 276, 1)]
    sleeves(
        canvas, cloth, short if half_sleeves else long,
        [[(170, 260), (186, 330), (202, 350)]] if half_sleeves else [[(176, 270), (196, 390), (216, 520)], [(164, 360), (190, 392), (216, 386)]],
        turn=20 if half_sleeves else 13, cuff=((164, 344), (226, 317)) if half_sleeves else ((195, 546), (243, 537)),
        rib=None if half_sleeves else cloth, cuff_px=30,
    )  # fmt: skip
    inside(canvas, cloth, [(0, 140), (48, 138), (62, 150, 1), (40, 196), (0, 224)])
    half: list[Point] = [(0, 226, 1), (62, 148, 1), (112, 160), (142, 178), (146, 284, 1), (138, 400), (146, 560), (126, 600), (60, 626), (0, 612)]
    canvas.part(both_sides(half), cloth, folds=body_folds(144, 180, 600), lights=body_lights(144, 180, 600))
    dark = ink(cloth.colour)
    canvas.part([(mid(-15), 214, 1), (mid(15), 226, 1), (mid(15), 611, 1), (mid(-15), 613, 1)], cloth, round_px=3, depth=0.35, shadow=0.22, shadow_px=3)
    canvas.stroke(line((15, 228), (15, 610)), dark, opacity=0.3)
    button = mix(cloth.colour, (250, 246, 236), 0.8)
    for y in (252, 318, 384, 450, 516, 578):
        canvas.disc(mid(0), y, 5.6, button, holes=4)
    _shirt_collar(canvas, cloth)
    canvas.part([(mid(54), 286, 1), (mid(112), 284, 1), (mid(113), 344, 1), (mid(84), 360, 1), (mid(55), 346, 1)], cloth, round_px=4, depth=0.4, shadow=0.2, shadow_px=3)
    canvas.stroke([(mid(57), 298), (mid(110), 296)], dark, opacity=0.35, dashed=True)
    for side in (-1, 1):
        canvas.stroke(line((side * 142, 180), (side * 154, 230), (side * 147, 282)), dark, opacity=0.4)
    canvas.stroke(line((-142, 556), (-122, 590), (-58, 616), (0, 604)), dark, opacity=0.25, dashed=True)
    canvas.stroke(line((142, 556), (122, 590), (58, 616), (0, 604)), dark, opacity=0.25, dashed=True)


def _shirt_collar(canvas: Canvas, cloth: Fabric) -> None:
    canvas.band(line((-60, 150), (-34, 172), (0, 222)), 16, cloth, shadow=0.15)
    canvas.band(line((60, 150), (34, 172), (0, 222)), 16, cloth, shadow=0.15)
    for side in (-1, 1):
        wing: list[Point] = [
            (mid(side * 56), 128, 1), (mid(side * 76), 152), (mid(side * 84), 216, 1), (mid(side * 40), 208), (mid(side * 6), 224, 1), (mid(side * 26), 176),
        ]  # fmt: skip
        canvas.part(wing, cloth, round_px=7, depth=0.7, shadow=0.4, shadow_px=5, turn=side * 18)
        canvas.stroke([(mid(side * 79), 208), (mid(side * 42), 201), (mid(side * 12), 216)], ink(cloth.colour), opacity=0.3, dashed=True)
    canvas.band(line((-54, 134), (0, 146), (54, 134)), 20, cloth, shadow=0.0, tone=0.94)


def jumper(canvas: Canvas, cloth: Fabric, *, roll_neck: bool = False) -> None:
    sleeves(
        canvas, cloth, [(126, 168, 1), (194, 230), (238, 400), (252, 556, 1), (202, 570, 1), (172, 440), (134, 310, 1)],
        [[(180, 280), (206, 400), (220, 510)], [(166, 372), (196, 404), (226, 396)]],
        turn=13, cuff=((203, 552), (251, 538)), rib=cloth, cuff_px=36,
    )  # fmt: skip
    if not roll_neck:
        inside(canvas, cloth, [(0, 152), (42, 146), (62, 140, 1), (54, 180), (0, 204)])
    half: list[Point] = [(0, 200 if not roll_neck else 168), (40, 186 if not roll_neck else 164), (64, 140, 1), (112, 156), (150, 182), (156, 310, 1), (150, 420), (156, 560), (150, 594, 1), (0, 600)]
    canvas.part(both_sides(half), cloth, folds=body_folds(152, 190, 580), lights=body_lights(152, 190, 580), round_px=20, depth=1.1)
    canvas.band(line((-150, 584), (0, 590), (150, 584)), 32, cloth, shadow=0.2, depth=0.4, ends=False)
    if roll_neck:
        neck: list[Point] = [(0, 98), (46, 100), (60, 112, 1), (66, 150), (62, 178, 1), (0, 190)]
        canvas.part(both_sides(neck), cloth, round_px=12, shadow=0.35, folds=[line((-58, 142), (0, 150), (58, 142))])
        canvas.stroke(line((-60, 140), (0, 150), (60, 140)), ink(cloth.colour), opacity=0.45, width=2)
    else:
        crew(canvas, cloth, cloth, drop=62, half_width=64, top=143, width=22)
    for side in (-1, 1):
        canvas.stroke(line((side * 150, 186), (side * 166, 244), (side * 157, 306)), ink(cloth.colour), opacity=0.4)


def sweatshirt(canvas: Canvas, cloth: Fabric) -> None:
    """With a hood, a kangaroo pocket and cords."""
    sleeves(
        canvas, cloth, [(126, 178, 1), (198, 240), (244, 410), (256, 560, 1), (204, 574, 1), (174, 450), (136, 316, 1)],
        [[(182, 290), (208, 404), (224, 510)], [(168, 380), (198, 410), (230, 402)]],
        turn=13, cuff=((205, 556), (255, 543)), rib=cloth, cuff_px=34,
    )  # fmt: skip
    hood: list[Point] = [(0, 84), (62, 92), (96, 140), (92, 206), (60, 236, 1), (0, 250)]
    canvas.part(both_sides(hood), cloth, round_px=18, tone=0.9, folds=[line((-70, 120), (-40, 106), (0, 102))])
    half: list[Point] = [(0, 236), (58, 208), (84, 168, 1), (122, 170), (154, 192), (160, 316, 1), (154, 430), (160, 566), (154, 600, 1), (0, 606)]
    canvas.part(both_sides(half), cloth, folds=body_folds(154, 200, 590), lights=body_lights(154, 200, 590), round_px=20)
    opening: list[Point] = [(0, 128), (40, 140), (56, 178), (40, 214), (0, 234)]
    canvas.part(both_sides(opening), cloth, tone=0.5, shadow=0.0, round_px=10)
    for side in (-1, 1):
        canvas.band(line((side * 2, 238), (side * 46, 212), (side * 64, 172), (side * 46, 128), (side * 8, 112)), 20, cloth, shadow=0.3)
        cord = mix(cloth.colour, (246, 242, 234), 0.8)
        canvas.stroke(line((side * 20, 226), (side * 26, 280), (side * 22, 330)), cord, width=4.2, opacity=0.95)
        canvas.disc(mid(side * 20), 228, 4.4, (206, 202, 196), metal=True)
        canvas.disc(mid(side * 22), 332, 3.6, (206, 202, 196), metal=True)
    pocket: list[Point] = [(0, 430, 1), (72, 430, 1), (112, 500), (112, 548, 1), (0, 550, 1)]
    canvas.part(both_sides(pocket), cloth, round_px=6, depth=0.6, shadow=0.3, shadow_px=4)
    for side in (-1, 1):
        canvas.stroke(line((side * 74, 434), (side * 104, 486), (side * 108, 546)), ink(cloth.colour), opacity=0.4, dashed=True)
    canvas.band(line((-154, 588), (0, 594), (154, 588)), 32, cloth, shadow=0.2, depth=0.4, ends=False)


def cardigan(canvas: Canvas, cloth: Fabric) -> None:
    sleeves(
        canvas, cloth, [(124, 170, 1), (190, 232), (232, 400), (246, 560, 1), (198, 572, 1), (168, 440), (132, 306, 1)],
        [[(176, 280), (200, 396), (214, 510)], [(162, 370), (192, 402), (220, 394)]],
        turn=13, cuff=((199, 554), (245, 542)), rib=cloth, cuff_px=32,
    )  # fmt: skip
    inside(canvas, cloth, [(0, 152), (44, 146), (66, 142, 1), (44, 260), (0, 372)])
    for side in (-1, 1):
        front: list[Point] = [
            (mid(side * 66), 142, 1), (mid(side * 112), 156), (mid(side * 146), 184), (mid(side * 152), 306, 1), (mid(side * 146), 430),
            (mid(side * 152), 596, 1), (mid(side * -2), 602, 1), (mid(side * 0), 372), (mid(side * 40), 262),
        ]  # fmt: skip
        canvas.part(
            front, cloth, round_px=18, shadow=0.3,
            folds=[line((side * 124, 240), (side * 92, 380), (side * 104, 560)), line((side * 60, 330), (side * 66, 430), (side * 52, 580))],
            lights=[line((side * 84, 220), (side * 70, 380), (side * 78, 540))],
        )  # fmt: skip
    for side in (-1, 1):
        canvas.band(line((side * 65, 144), (side * 42, 262), (side * 4, 372), (side * 3, 600)), 20, cloth, shadow=0.28)
    for y in (392, 446, 500, 554):
        canvas.disc(mid(3), y, 7.4, mix(cloth.colour, (70, 46, 30), 0.72), holes=4)
    canvas.band(line((-152, 586), (-8, 590)), 28, cloth, shadow=0.15, depth=0.4, ends=False)
    canvas.band(line((12, 590), (152, 586)), 28, cloth, shadow=0.15, depth=0.4, ends=False)
