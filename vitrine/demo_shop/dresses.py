"""Dresses, and the hanger that one of them needs."""

from __future__ import annotations

from vitrine.demo_shop.canvas import Canvas, both_sides
from vitrine.demo_shop.fabrics import Fabric, fabric, ink, mix
from vitrine.demo_shop.measures import Point, line, mid
from vitrine.demo_shop.torso import body_lights, crew, inside, sleeves

# A line of points is a line of the drawing.
# fmt: off


def dress(canvas: Canvas, cloth: Fabric, *, cut: str = "midi") -> None:
    """`cut`: midi (belted, short sleeves), wrap (V neck, long sleeves), slip (straps), shirt (collar and buttons)."""
    dark = ink(cloth.colour)
    if cut == "slip":
        hanger(canvas)
        for side in (-1, 1):
            canvas.band(line((side * 66, 204), (side * 64, 160), (side * 62, 118)), 6, cloth, shadow=0.2)
        inside(canvas, cloth, [(0, 208), (64, 196, 1), (40, 232), (0, 246)])
        half: list[Point] = [(0, 244), (36, 226), (68, 196, 1), (92, 236), (96, 300), (88, 372), (116, 520), (142, 680, 1), (70, 690), (0, 684)]
        canvas.part(
            both_sides(half), cloth, gloss=0.5, lights=[*body_lights(86, 250, 640), line((40, 430), (60, 560), (90, 670))],
            folds=[line((58, 400), (78, 540), (104, 676)), line((-40, 420), (-62, 560), (-84, 682)), line((4, 420), (-6, 560), (10, 684)), line((-50, 236), (0, 262), (50, 236))],
        )  # fmt: skip
        canvas.stroke(line((-66, 200), (-36, 228), (0, 246), (36, 228), (66, 200)), dark, opacity=0.4)
        return
    if cut == "wrap":
        sleeves(
            canvas, cloth, [(104, 132, 1), (150, 190), (176, 320), (186, 420, 1), (146, 432, 1), (126, 330), (100, 240, 1)],
            [[(138, 210), (152, 300), (164, 390)], [(122, 290), (146, 312), (168, 306)]], turn=12, cuff=((147, 420), (185, 408)),
        )  # fmt: skip
    else:
        sleeves(
            canvas, cloth, [(104, 132, 1), (144, 168), (176, 246, 1), (128, 268, 1), (100, 224, 1)],
            [[(132, 180), (144, 226), (148, 252)]], turn=24, cuff=((126, 258), (172, 237)),
        )  # fmt: skip
    deep = {"midi": 176, "wrap": 268, "shirt": 190}[cut]
    inside(canvas, cloth, [(0, 122), (36, 118), (50, 112, 1), (36, 150), (0, deep + 6)])
    neck: list[Point] = [(0, deep, 1 if cut != "midi" else 0)] if cut != "midi" else [(0, deep)]
    half = [
        *neck, (34, 158 if cut == "midi" else (deep + 112) / 2), (52, 110, 1), (92, 124), (112, 142), (112, 226, 1), (98, 286), (86, 338, 1), (112, 420), (148, 560),
        (172, 668, 1), (90, 684), (0, 680),
    ]  # fmt: skip
    skirt_folds = [
        line((50, 356), (78, 500), (112, 668)), line((-44, 356), (-72, 510), (-104, 670)), line((14, 360), (22, 520), (34, 678)),
        line((-16, 362), (-26, 520), (-44, 678)), line((74, 372), (112, 520), (146, 660)), line((96, 190), (78, 270), (70, 326)), line((-94, 200), (-72, 270), (-62, 326)),
    ]  # fmt: skip
    skirt_lights = [line((-64, 400), (-96, 520), (-132, 650)), line((32, 390), (50, 520), (72, 660)), line((-4, 400), (-8, 540), (-4, 660)), line((-60, 190), (-48, 260), (-46, 320))]
    canvas.part(both_sides(half), cloth, folds=skirt_folds, lights=skirt_lights)
    if cut == "midi":
        crew(canvas, cloth, cloth, drop=62, half_width=52, top=112, width=9)
    elif cut == "wrap":
        for side, low in ((-1, 338), (1, 268)):
            canvas.band(line((side * 52, 112), (side * 26, 190), (-side * (14 if low < 300 else 56), low)), 10, cloth, shadow=0.35)
        canvas.stroke(line((-10, 348), (26, 470), (34, 676)), dark, opacity=0.55, width=2)
    else:
        canvas.part([(mid(-10), 186, 1), (mid(10), 194, 1), (mid(10), 679, 1), (mid(-10), 679, 1)], cloth, round_px=3, depth=0.3, shadow=0.2, shadow_px=3)
        for y in range(214, 660, 44):
            canvas.disc(mid(0), y, 5, mix(cloth.colour, (248, 240, 226), 0.75), holes=4)
        for side in (-1, 1):
            wing: list[Point] = [(mid(side * 46), 98, 1), (mid(side * 66), 118), (mid(side * 70), 168, 1), (mid(side * 34), 170), (mid(side * 3), 192, 1), (mid(side * 24), 140)]
            canvas.part(wing, cloth, round_px=7, depth=0.7, shadow=0.4, shadow_px=5)
        canvas.band(line((-44, 104), (0, 114), (44, 104)), 16, cloth, shadow=0.0, tone=0.93)
    canvas.band(line((-87, 336), (0, 344), (87, 336)), 20 if cut != "wrap" else 16, cloth, shadow=0.35, tone=0.93, depth=0.45, ends=False)
    if cut in ("midi", "wrap"):
        x = -58 if cut == "wrap" else 0
        for dx, dy in ((-22, 92), (16, 108)):
            canvas.band(line((x, 344), (x + dx * 0.5, 344 + dy * 0.5), (x + dx, 344 + dy)), 9, cloth, shadow=0.35)
        for side in (-1, 1):
            loop: list[Point] = [(mid(x), 342, 1), (mid(x + side * 20), 326), (mid(x + side * 38), 340), (mid(x + side * 22), 356)]
            canvas.part(loop, cloth, round_px=5, shadow=0.35, shadow_px=4)
        canvas.part([(mid(x - 8), 334), (mid(x + 8), 334), (mid(x + 9), 351), (mid(x - 9), 351)], cloth, round_px=4, shadow=0.3, shadow_px=3)
    for side in (-1, 1):
        canvas.stroke(line((side * 111, 144), (side * 118, 184), (side * 112, 224)), dark, opacity=0.38)
    canvas.stroke(line((-164, 650), (-88, 668), (0, 664), (88, 668), (164, 650)), dark, opacity=0.25, dashed=True)


def hanger(canvas: Canvas) -> None:
    """A wooden hanger behind what hangs."""
    wood = fabric("#b8926a", weave="leather")
    canvas.stroke([(300, 106), (300, 76), (318, 58), (304, 40), (286, 50)], (150, 148, 146), width=4.2, opacity=1.0)
    canvas.band([(206, 148), (250, 118), (300, 104), (350, 118), (394, 148)], 14, wood, shadow=0.3, depth=1.2)
