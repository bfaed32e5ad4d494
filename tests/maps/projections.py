"""The two projections of the maps, in kilometres: Albers for China, Equal Earth for the world."""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt
from typing import Final

EARTH_KM: Final = 6371.0
_CHINA_MERIDIAN, _CHINA_PARALLELS = 105.0, (25.0, 47.0)  # of the national atlas
_WORLD_MERIDIAN = 150.0  # of world maps printed in China; the cut runs through the Atlantic, at 30 degrees west
_EQUAL_EARTH = (1.340264, -0.081106, 0.000893, 0.003796)  # Šavrič, Patterson and Jenny, 2018


def albers(longitude: float, latitude: float) -> tuple[float, float]:
    """x to the east, y to the south."""
    first, second = (sin(radians(parallel)) for parallel in _CHINA_PARALLELS)
    n = (first + second) / 2
    c = 1 - first**2 + 2 * n * first
    rho = sqrt(c - 2 * n * sin(radians(latitude))) / n
    theta = n * radians(longitude - _CHINA_MERIDIAN)
    return EARTH_KM * rho * sin(theta), EARTH_KM * (rho * cos(theta) - sqrt(c) / n)


def equal_earth(longitude: float, latitude: float) -> tuple[float, float]:
    """x to the east, y to the south."""
    a1, a2, a3, a4 = _EQUAL_EARTH
    theta = asin(sqrt(3) / 2 * sin(radians(latitude)))
    east = radians((longitude - _WORLD_MERIDIAN + 180) % 360 - 180)
    squared = theta**2
    slope = 9 * a4 * squared**4 + 7 * a3 * squared**3 + 3 * a2 * squared + a1
    x = 2 * sqrt(3) * east * cos(theta) / (3 * slope)
    y = theta * (a4 * squared**4 + a3 * squared**3 + a2 * squared + a1)
    return EARTH_KM * x, -EARTH_KM * y
