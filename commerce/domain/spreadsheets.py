"""Cells of a CSV file that a spreadsheet opens as text, whatever a stranger wrote into them."""

from __future__ import annotations

# What begins a formula, or hides the sign that does. https://owasp.org/www-community/attacks/CSV_Injection
_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\0")


def safe_cell(text: str) -> str:
    """The text; with an apostrophe before it where a spreadsheet would run it. Without NUL, which no reader takes."""
    bare = text.replace("\0", "")
    return f"'{bare}" if text.lstrip(" \n").startswith(_BEGINS_A_FORMULA) else bare
