"""Places on the globe."""

from __future__ import annotations

from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt

EARTH_RADIUS_M = 6_371_008.8  # mean radius, IUGG


@dataclass(frozen=True, slots=True)
class GeoPoint:
    """Degrees north and east (WGS 84)."""

    latitude: float
    longitude: float

    def __post_init__(self) -> None:
        if not (-90 <= self.latitude <= 90 and -180 <= self.longitude <= 180):
            raise ValueError(f"not a place on the globe: {self.latitude}, {self.longitude}")

    def distance_m(self, other: GeoPoint) -> float:
        """Great-circle distance in metres (haversine)."""
        lat1, lat2 = radians(self.latitude), radians(other.latitude)
        half_lat, half_lon = (lat2 - lat1) / 2, radians(other.longitude - self.longitude) / 2
        chord = sin(half_lat) ** 2 + cos(lat1) * cos(lat2) * sin(half_lon) ** 2
        return 2 * EARTH_RADIUS_M * asin(sqrt(min(1.0, chord)))


@dataclass(frozen=True, slots=True)
class Place:
    """A town or postcode that a shopper may name."""

    name: str
    postcode: str
    country: str  # ISO 3166 alpha-2
    point: GeoPoint
