"""Maps: provinces of China, counties of a province, flows to destinations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import hypot, sqrt

from markupsafe import Markup

from console.web.charts.axes import Show
from console.web.charts.naming import LETTERS, Name, Point, led_to, place_names
from console.web.charts.outlines import SEA_LEFT, SEA_TOP, OutlineMap, read_map
from console.web.charts.svg import EMPTY, Words, chart, element, join, label, line, rectangle, short, width_of

WIDTH, WORLD_WIDTH = 480.0, 620.0
CLASSES = 5
LABELLED = 12  # areas whose value is written on the map
LEGEND, LEGEND_ROW, IN_A_ROW = 58.0, 20.0, 3  # of the legend: its height, that of a row, classes in one
LINE = 22.0  # height of a line of names beneath a map
STEPS_OF_ARC = 48
APART = (38.0, 17.0)  # across and down: numbers that are nearer to each other could be read as each other's
TO_WORLD = ((1030.0, 0.0972, -0.0183), (187.2, -0.001, 0.1029))  # from the map of China to that of the world, within 7 of its 620


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
    legend = _legend(areas, show, left_out, main * scale + 14)
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
    left = (WIDTH - width * scale) / 2
    labels = element("g", _labels(outlines, areas, show, scale), transform=f"translate({short(left)} 0)")
    legend = _legend(areas, show, left_out, shown_height + 14)
    return chart(words, WIDTH, shown_height + LEGEND, [drawing, labels, legend], links=_linked(areas))


def flow_map(words: Words, areas: Mapping[str, Area], show: Show, unnamed: str, province: str | None = None) -> Markup:
    """From China, or a province of it, to countries by ISO 3166-1 alpha-3, each arc as wide as its value is large.

    A name for which there is no room stands under the map, after the words `unnamed`.
    """
    outlines = read_map("world")
    scale = WORLD_WIDTH / outlines.size[0]
    height = outlines.size[1] * scale
    land = element(
        "g",
        *(element("path", d=one.d, class_="land") for one in outlines.outlines.values()),
        class_="outline",
        transform=f"scale({scale:.5f})",
    )
    known = [(one, at) for code, one in areas.items() if one.value and code != "CHN" and (at := outlines.point(code)) is not None]
    known.sort(key=lambda row: -(row[0].value or 0))
    start = outlines.outlines["CHN"].at if province is None else _on_world(read_map("china").outlines[province].at)
    arcs = [_arc((start[0] * scale, start[1] * scale), (at[0] * scale, at[1] * scale)) for _, at in known]
    largest = max((one.value or 0 for one, _ in known), default=1) or 1
    flows = [_flow(arc, one, largest, show) for arc, (one, _) in zip(arcs, known, strict=True)]
    named = [(f"{_short(one.name)} {show(one.value or 0)}", arc[-1]) for arc, (one, _) in zip(arcs, known, strict=True)]
    names, beneath = place_names(named, [_along(arc) for arc in arcs], (WORLD_WIDTH, height))
    rows = [label(text, 2, height + (number + 0.8) * LINE, class_="tick") for number, text in enumerate(_in_lines(unnamed, beneath))]
    return chart(words, WORLD_WIDTH, height + len(rows) * LINE, [land, *flows, *map(_drawn, names), *rows])


def _on_world(at: tuple[float, float]) -> tuple[float, float]:
    """A point of the map of China on that of the world."""
    (x, x_by_x, x_by_y), (y, y_by_x, y_by_y) = TO_WORLD
    return x + x_by_x * at[0] + x_by_y * at[1], y + y_by_x * at[0] + y_by_y * at[1]


def _drawn(name: Name) -> Markup:
    x, foot = name.foot
    text = label(name.text, x, foot, anchor=name.anchor, class_="on-map")
    return text if name.leads_from is None else join([line(*name.leads_from, *led_to(name), "leader"), text])


def _short(name: str) -> str:
    """Without what a map has no room for: China's two regions are known by their own names."""
    return name.removesuffix("特别行政区").removesuffix("特別行政区")


def _in_lines(heading: str, names: Sequence[str]) -> list[str]:
    """As many on a line as fit."""
    lines: list[str] = []
    for name in names:
        longer = f"{lines[-1]} · {name}" if lines else f"{heading}{name}"
        if lines and width_of(longer, LETTERS) > WORLD_WIDTH:
            lines.append(name)
        else:
            lines[-1:] = [longer]
    return lines


Arc = tuple[Point, Point, Point]  # where it begins, what it bends to, where it ends


def _arc(start: Point, end: Point) -> Arc:
    (x1, y1), (x2, y2) = start, end
    bend = hypot(x2 - x1, y2 - y1) * 0.25
    return start, ((x1 + x2) / 2, min(y1, y2) - bend + abs(y2 - y1) / 2), end


def _along(arc: Arc) -> list[Point]:
    """Points of an arc, nearer to each other than a name is high."""
    (x1, y1), (x2, y2), (x3, y3) = arc
    parts = [number / STEPS_OF_ARC for number in range(STEPS_OF_ARC)]
    return [((1 - t) ** 2 * x1 + 2 * t * (1 - t) * x2 + t * t * x3, (1 - t) ** 2 * y1 + 2 * t * (1 - t) * y2 + t * t * y3) for t in parts]


def _flow(arc: Arc, area: Area, largest: float, show: Show) -> Markup:
    (x1, y1), (x2, y2), (x3, y3) = arc
    width = 1 + 5 * sqrt((area.value or 0) / largest)
    return element(
        "g",
        element("title", f"{area.name}: {show(area.value or 0)}"),
        element("path", d=f"M{x1:.1f} {y1:.1f}Q{x2:.1f} {y2:.1f} {x3:.1f} {y3:.1f}", class_="flow", stroke_width=width),
        element("circle", cx=x3, cy=y3, r=3, class_="flow-end"),
    )


# --- areas in five steps --------------------------------------------------------------------------------------------------
def _steps(areas: Mapping[str, Area]) -> list[float]:
    """The upper ends of at most five classes with about as many areas each."""
    values = sorted(one.value for one in areas.values() if one.value)
    if not values:
        return []
    ends = [values[max(0, round(len(values) * part / CLASSES) - 1)] for part in range(1, CLASSES + 1)]
    return sorted(set(ends))


def _class(value: float | None, steps: Sequence[float]) -> str:
    return f"land step-{_shade(next(n for n, end in enumerate(steps) if value <= end), len(steps))}" if value else "land step-0"


def _shade(place: int, classes: int) -> int:
    """The colour of the class: the darkest of the last one; of a single one that of the middle, since nothing is more or less."""
    return CLASSES - classes + place + 1 if classes > 1 else CLASSES // 2 + 1


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


Placed = tuple[Area, tuple[float, float]]


def _labels(outlines: OutlineMap, areas: Mapping[str, Area], show: Show, scale: float) -> Markup:
    """The largest values where they are; of equal ones all or none."""
    placed = [(one, outlines.outlines[code].at) for code, one in areas.items() if one.value and code in outlines.outlines]
    placed.sort(key=lambda row: -(row[0].value or 0))
    if len(placed) > LABELLED:
        placed = [row for row in placed if (row[0].value or 0) > (placed[LABELLED][0].value or 0)]
    return element(
        "g",
        *(
            label(show(one.value or 0), at[0] * scale, at[1] * scale + 4, anchor="middle", class_="on-map")
            for one, at in _apart(placed, scale)
        ),
        class_="no-pointer",
    )


def _apart(known: Sequence[Placed], scale: float) -> list[Placed]:
    """Without those that stand so near to each other that one would be taken for the other's."""
    places = [(at[0] * scale, at[1] * scale) for _, at in known]
    return [row for at, row in zip(places, known, strict=True) if sum(_is_near(at, other) for other in places) == 1]


def _is_near(one: Point, other: Point) -> bool:
    return abs(one[0] - other[0]) < APART[0] and abs(one[1] - other[1]) < APART[1]


def _legend(areas: Mapping[str, Area], show: Show, left_out: str, y: float) -> Markup:
    """Each class from its smallest to its largest value."""
    steps = _steps(areas)
    values = [one.value for one in areas.values() if one.value]
    classes = [[value for value in values if low < value <= end] for low, end in pairwise([0.0, *steps])]
    ranges = [show(min(one)) if min(one) == max(one) else f"{show(min(one))}–{show(max(one))}" for one in classes]
    shades = [0, *(_shade(place, len(steps)) for place in range(len(steps)))]
    parts = []
    for number, (name, shade) in enumerate(zip([left_out, *ranges], shades, strict=True)):
        x, top = number % IN_A_ROW * WIDTH / IN_A_ROW + 2, y + number // IN_A_ROW * LEGEND_ROW
        parts += [rectangle(x, top, 26, 10, f"land step-{shade}"), label(name, x + 32, top + 10, class_="tick")]
    return join(parts) if steps else EMPTY


def _linked(areas: Mapping[str, Area]) -> bool:
    return any(one.link for one in areas.values())
