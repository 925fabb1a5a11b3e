"""The eyes: pictures in, ids out. No database, no shop. The front door is `visual_search.api`."""
