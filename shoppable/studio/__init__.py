"""The studio: where marketers make catalogues and see what readers do with them. Under /studio, signed in."""

from __future__ import annotations

from shoppable.counter import access, frame
from shoppable.studio import catalogues, imports, links, posts, report
from shoppable.studio.blueprint import blueprint

__all__ = ["ROOMS", "blueprint"]

ROOMS = (catalogues, imports, links, posts, report)

access.install(blueprint)
frame.install(blueprint)
