"""The studio: where marketers make catalogues and see what readers do with them. Under /studio, signed in."""

from __future__ import annotations

from shoppable.counter import access, frame
from shoppable.studio import brand, campaigns, catalogues, imports, links, posts, report
from shoppable.studio.blueprint import blueprint

__all__ = ["ROOMS", "blueprint"]

ROOMS = (catalogues, campaigns, brand, imports, links, posts, report)

access.install(blueprint)
frame.install(blueprint)
