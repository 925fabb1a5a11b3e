"""The studio: where marketers make catalogues and see what readers do with them. Under /studio, signed in."""

from __future__ import annotations

from shoppable.counter import access, frame
from shoppable.studio import brand, campaigns, catalogues, choosing, imports, links, posts, preview, report, sources
from shoppable.studio.blueprint import blueprint

__all__ = ["ROOMS", "blueprint"]

ROOMS = (catalogues, choosing, preview, campaigns, brand, imports, links, posts, report, sources)

access.install(blueprint)
frame.install(blueprint)
