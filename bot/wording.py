"""Our sentences in the shopper's language, from `locales/`."""

from __future__ import annotations

from pathlib import Path

from commerce.i18n import Translator

words = Translator(Path(__file__).parent)
