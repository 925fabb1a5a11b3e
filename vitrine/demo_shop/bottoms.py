"""Things worn below: trousers, jeans, shorts, skirts."""

from __future__ import annotations

from vitrine.demo_shop.canvas import Canvas, both_sides
from vitrine.demo_shop.fabrics import Fabric, ink, mix
from vitrine.demo_shop.measures import Point, Rgb, line, mid

# A line of points is a line of the drawing.
# fmt: off


def trousers(canvas: Canvas, cloth: Fabric, *, wide: bool = False, jeans: bool = False) -> None:
    thread: Rgb = (208, 152, 88) if jeans else ink(cloth.colour)
    hem = 118 if wide else 92
    inner = 22 if wide else 34
    for side in (1, -1):
        leg: list[Point] = [
            (mid(side * -6), 112, 1), (mid(side * 96), 108, 1), (mid(side * 112), 190), (mid(side * 122), 280), (mid(side * (hem + 10)), 470), (mid(side * hem), 690, 1),
            (mid(side * inner), 694, 1), (mid(side * (inner - 10)), 480), (mid(side * 6), 290), (mid(side * -2), 250, 1),
        ]  # fmt: skip
        canvas.part(
            leg, cloth, round_px=20, shadow=0.3,
            folds=[
                line((side * 14, 262), (side * 44, 282), (side * 78, 278)), line((side * 18, 282), (side * 42, 318), (side * 62, 330)),
                line((side * 92, 330), (side * 84, 460), (side * (hem - 16), 670)), line((side * 30, 452), (side * 56, 470), (side * 92, 462)),
            ],
            lights=[line((side * (70 if side < 0 else 52), 210), (side * 62, 430), (side * (hem + inner) / 2, 670))],
        )  # fmt: skip
        if jeans:
            canvas.stroke(line((side * 108, 210), (side * 117, 290), (side * (hem + 4), 470), (side * (hem - 6), 686)), ink(cloth.colour), opacity=0.4)
            canvas.stroke(line((side * inner, 680), (side * hem, 676)), thread, opacity=0.8, dashed=True)
            canvas.stroke(line((side * 54, 140), (side * 66, 172), (side * 106, 184)), thread, opacity=0.9, dashed=True)
            canvas.stroke(line((side * 50, 140), (side * 63, 176), (side * 107, 189)), ink(cloth.colour), opacity=0.5)
        else:
            canvas.stroke(line((side * 52, 150), (side * (hem + inner) / 2, 440), (side * (hem + inner) / 2, 690)), ink(cloth.colour), opacity=0.3, width=1.6)
            canvas.stroke(line((side * 74, 140), (side * 102, 214)), ink(cloth.colour), opacity=0.5, width=1.8)
    _waist(canvas, cloth, thread, half=97, top=112, jeans=jeans)
    canvas.stroke(line((0, 140), (1, 200), (0, 252)), ink(cloth.colour), opacity=0.55, width=1.6)
    canvas.stroke(line((22, 140), (22, 200), (6, 238)), thread, opacity=0.7, dashed=True)


def _waist(canvas: Canvas, cloth: Fabric, thread: Rgb, *, half: float, top: float, jeans: bool) -> None:
    canvas.band(line((-half - 1, top + 12), (0, top + 18), (half + 1, top + 12)), 28, cloth, shadow=0.35, depth=0.4, ends=False)
    if jeans:
        for offset in (2, 24):
            canvas.stroke(line((-half + 3, top + offset), (0, top + offset + 6), (half - 3, top + offset)), thread, opacity=0.8, dashed=True)
    for x in (-64, 64):
        canvas.band(line((x, top - 2), (x, top + 31)), 9, cloth, shadow=0.3, depth=0.5, ends=False)
    button = (176, 128, 80) if jeans else mix(cloth.colour, (40, 30, 24), 0.6)
    canvas.disc(mid(2), top + 18, 8 if jeans else 6, button, metal=jeans, holes=0 if jeans else 4)


def shorts(canvas: Canvas, cloth: Fabric, *, jeans: bool = False) -> None:
    thread: Rgb = (208, 152, 88) if jeans else ink(cloth.colour)
    for side in (1, -1):
        leg: list[Point] = [
            (mid(side * -6), 218, 1), (mid(side * 112), 214, 1), (mid(side * 132), 300), (mid(side * 154), 400), (mid(side * 168), 520, 1), (mid(side * 30), 534, 1), (mid(side * 8), 420), (mid(side * -2), 380, 1),
        ]  # fmt: skip
        canvas.part(
            leg, cloth, round_px=20, shadow=0.3,
            folds=[line((side * 14, 388), (side * 56, 410), (side * 92, 404)), line((side * 20, 408), (side * 50, 450), (side * 66, 520)), line((side * 120, 350), (side * 118, 430), (side * 134, 516))],
            lights=[line((side * 66, 320), (side * 84, 420), (side * 92, 516))],
        )  # fmt: skip
        canvas.stroke(line((side * 31, 514), (side * 164, 500)), thread, opacity=0.6, dashed=True)
        canvas.stroke(line((side * 72, 248), (side * 86, 292), (side * 128, 314)), thread, opacity=0.7, dashed=jeans, width=1.7)
    _waist(canvas, cloth, thread, half=113, top=220, jeans=jeans)
    canvas.stroke(line((0, 250), (1, 320), (0, 382)), ink(cloth.colour), opacity=0.55, width=1.6)


def skirt(canvas: Canvas, cloth: Fabric, *, pleated: bool = False, short: bool = False) -> None:
    bottom = 520 if short else 640
    flare = 168 if short else 186
    half: list[Point] = [(0, 166, 1), (86, 160, 1), (112, 240), (142, 380 if not short else 330), (flare, bottom - 10, 1), (flare / 2, bottom + 10), (0, bottom + 4)]
    folds: list[list[Point]] = []
    lights: list[list[Point]] = []
    spread = (-0.82, -0.6, -0.38, -0.16, 0.06, 0.28, 0.5, 0.72, 0.9) if pleated else (-0.66, -0.3, 0.08, 0.44, 0.78)
    for share in spread:
        folds.append(line((share * 78, 196), (share * 118, (bottom + 196) / 2), (share * flare, bottom - 4)))
        lights.append(line((share * 78 - 12, 230), (share * 118 - 16, (bottom + 196) / 2), (share * flare - 20, bottom - 12)))
    canvas.part(both_sides(half), cloth, folds=folds, lights=lights, round_px=18)
    dark = ink(cloth.colour)
    if pleated:
        for share in spread:
            canvas.stroke(line((share * 80, 184), (share * 118, (bottom + 190) / 2), (share * flare, bottom + 2)), dark, opacity=0.3, width=1.6)
    else:
        canvas.stroke(line((-flare + 6, bottom - 26), (0, bottom - 10), (flare - 6, bottom - 26)), dark, opacity=0.3, dashed=True)
    canvas.band(line((-87, 168), (0, 176), (87, 168)), 28, cloth, shadow=0.35, depth=0.4, ends=False)
    canvas.disc(mid(0), 172, 6, mix(cloth.colour, (40, 30, 24), 0.55), holes=4)
