"""Maps: provinces of China, counties of a province, flows to destinations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import hypot, sqrt

from markupsafe import Markup

from console.web.charts.axes import Show
from console.web.charts.outlines import SEA_LEFT, SEA_TOP, OutlineMap, read_map
from console.web.charts.svg import EMPTY, Words, chart, element, join, label, rectangle, short

WIDTH, WORLD_WIDTH = 480.0, 620.0
CLASSES = 5
LABELLED = 12  # areas whose value is written on the map
LEGEND = 40.0  # height
FIRST = 115.0  # width of the legend's first words, "0 or left out"


@dataclass(frozen=True, slots=True)
class Area:
    """What is shown of one outline. `value` None: left out, or not known. `link`: where a click leads."""

    name: str
    value: float | None
    link: str | None = None


def china_map(words: Words, areas: Mapping[str, Area], show: Show, left_out: str) -> Markup:
    """Provinces by code, the islands of the South China Sea in the usual inset. `left_out`: the legend's words for no value."""
    outlines = read_map("china")
    width, height = outlines.size
    main = SEA_TOP + 900.0  # the southern tip of Hainan is above this line
    scale = WIDTH / width
    drawing = _areas(outlines, areas, show)
    sea = element("path", d=outlines.sea, class_="sea")
    top = element(
        "svg",
        element("g", drawing, sea, id=f"{words.key}-land"),
        viewBox=f"0 0 {short(width)} {short(main)}",
        x=0,
        y=0,
        width=WIDTH,
        height=main * scale,
    )
    inset_width, inset_height = 66.0, 66.0 * (height - SEA_TOP) / (width - 2 * SEA_LEFT + 1400)
    place = {"x": WIDTH - inset_width - 2, "y": main * scale - inset_height - 2, "width": inset_width, "height": inset_height}
    inset = element(
        "svg",
        element("use", href=f"#{words.key}-land"),
        viewBox=f"{SEA_LEFT} {SEA_TOP} {short(width - 2 * SEA_LEFT + 1400)} {short(height - SEA_TOP)}",
        class_="no-pointer",
        **place,
    )
    labels = _labels(outlines, areas, show, scale)
    legend = _legend(_steps(areas), show, left_out, main * scale + 14)
    frame = element("rect", class_="inset", **place)
    return chart(words, WIDTH, main * scale + LEGEND, [top, inset, frame, labels, legend], links=_linked(areas))


def province_map(words: Words, province: str, areas: Mapping[str, Area], show: Show, left_out: str) -> Markup:
    """Counties of a province by the codes of their outlines."""
    outlines = read_map(province)
    width, height = outlines.size
    shown_height = min(WIDTH * height / width, 400.0)
    scale = min(WIDTH / width, shown_height / height)
    drawing = element(
        "svg",
        _areas(outlines, areas, show),
        viewBox=f"0 0 {short(width)} {short(height)}",
        x=(WIDTH - width * scale) / 2,
        y=0,
        width=width * scale,
        height=height * scale,
    )
    legend = _legend(_steps(areas), show, left_out, shown_height + 14)
    return chart(words, WIDTH, shown_height + LEGEND, [drawing, legend], links=_linked(areas))


def flow_map(words: Words, areas: Mapping[str, Area], show: Show) -> Markup:
    """From China to countries by ISO 3166-1 alpha-3, each arc as wide as its value is large."""
    outlines = read_map("world")
    width, height = outlines.size
    view = WORLD_WIDTH
    scale = view / width
    land = element(
        "g",
        *(element("path", d=one.d, class_="land") for one in outlines.outlines.values()),
        class_="outline",
        transform=f"scale({scale:.5f})",
    )
    start = outlines.outlines["CHN"].at
    known = [(code, one, at) for code, one in areas.items() if one.value and code != "CHN" and (at := outlines.point(code)) is not None]
    known.sort(key=lambda row: -(row[1].value or 0))
    largest = max((one.value or 0 for _, one, _ in known), default=1) or 1
    flows = [_flow(start, at, one, scale, (largest, show)) for _, one, at in known]
    names = [
        label(f"{one.name} {show(one.value or 0)}", at[0] * scale, at[1] * scale - 5, anchor="middle", class_="on-map")
        for _, one, at in _apart(known, scale)
    ]
    return chart(words, view, height * scale, [land, *flows, *names])


def _flow(start: tuple[float, float], end: tuple[float, float], area: Area, scale: float, measure: tuple[float, Show]) -> Markup:
    largest, show = measure
    (x1, y1), (x2, y2) = ((x * scale, y * scale) for x, y in (start, end))
    bend = hypot(x2 - x1, y2 - y1) * 0.25
    width = 1 + 5 * sqrt((area.value or 0) / largest)
    path = f"M{x1:.1f} {y1:.1f}Q{(x1 + x2) / 2:.1f} {min(y1, y2) - bend + abs(y2 - y1) / 2:.1f} {x2:.1f} {y2:.1f}"
    return element(
        "g",
        element("title", f"{area.name}: {show(area.value or 0)}"),
        element("path", d=path, class_="flow", stroke_width=width),
        element("circle", cx=x2, cy=y2, r=3, class_="flow-end"),
    )


Placed = tuple[str, Area, tuple[float, float]]


def _apart(known: Sequence[Placed], scale: float) -> list[Placed]:
    """The largest, as far as their names do not run into each other."""
    found: list[Placed] = []
    for row in known:
        if len(found) < LABELLED and all(
            abs(row[2][0] - other[2][0]) * scale > 130 or abs(row[2][1] - other[2][1]) * scale > 19 for other in found
        ):
            found.append(row)
    return found


# --- areas in five steps --------------------------------------------------------------------------------------------------
def _steps(areas: Mapping[str, Area]) -> list[float]:
    """The upper ends of at most five classes with about as many areas each."""
    values = sorted(one.value for one in areas.values() if one.value)
    if not values:
        return []
    ends = [values[max(0, round(len(values) * part / CLASSES) - 1)] for part in range(1, CLASSES + 1)]
    return sorted(set(ends))


def _class(value: float | None, steps: Sequence[float]) -> str:
    if not value:
        return "land step-0"
    place = next(number for number, end in enumerate(steps) if value <= end)
    return f"land step-{CLASSES - len(steps) + place + 1}"


def _areas(outlines: OutlineMap, areas: Mapping[str, Area], show: Show) -> Markup:
    steps = _steps(areas)
    drawn = []
    for code, outline in outlines.outlines.items():
        area = areas.get(code)
        if area is None:
            drawn.append(element("path", d=outline.d, class_="land step-0"))
            continue
        text = area.name if area.value is None else f"{area.name}: {show(area.value)}"
        path = element("path", element("title", text), d=outline.d, class_=_class(area.value, steps))
        drawn.append(element("a", path, href=area.link, aria_label=text) if area.link else path)
    return join(drawn)


def _labels(outlines: OutlineMap, areas: Mapping[str, Area], show: Show, scale: float) -> Markup:
    largest = sorted(
        (code for code, one in areas.items() if one.value and code in outlines.outlines), key=lambda code: -(areas[code].value or 0)
    )
    placed = [(code, areas[code], outlines.outlines[code].at) for code in largest]
    return element(
        "g",
        *(
            label(show(one.value or 0), at[0] * scale, at[1] * scale + 4, anchor="middle", class_="on-map")
            for _, one, at in _apart_values(placed, scale)
        ),
        class_="no-pointer",
    )


def _apart_values(known: Sequence[Placed], scale: float) -> list[Placed]:
    found: list[Placed] = []
    for row in known:
        if len(found) < LABELLED and all(
            abs(row[2][0] - other[2][0]) * scale > 38 or abs(row[2][1] - other[2][1]) * scale > 13 for other in found
        ):
            found.append(row)
    return found


def _legend(steps: Sequence[float], show: Show, left_out: str, y: float) -> Markup:
    names = [left_out, *(f"≤ {show(end)}" for end in steps)]
    room = (WIDTH - FIRST) / CLASSES
    parts = []
    for number, name in enumerate(names):
        step = 0 if number == 0 else CLASSES - len(steps) + number
        x, width = (2.0, FIRST) if number == 0 else (FIRST + (number - 1) * room + 2, room)
        parts += [rectangle(x, y, width - 6, 10, f"land step-{step}"), label(name, x, y + 24, class_="tick")]
    return join(parts) if steps else EMPTY


def _linked(areas: Mapping[str, Area]) -> bool:
    return any(one.link for one in areas.values())
