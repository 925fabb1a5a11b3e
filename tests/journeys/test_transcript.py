from __future__ import annotations

import pytest

from bot.channels.recorder.send import Recorder
from bot.worker import Worker
from commerce.wiring import Shop
from tests.journeys.drivers.memory import MemoryDriver
from tests.journeys.transcript import JOURNEYS, transcript


@pytest.mark.parametrize("journey", sorted(JOURNEYS))
def test_it_reads_like_the_journey(shop_with_eyes: Shop, language: str, journey: str, street_look: bytes) -> None:
    recorder = Recorder(shop_with_eyes.media)
    worker = Worker(shop_with_eyes, [recorder])
    driver = MemoryDriver(shop_with_eyes, recorder, worker, "lea", language=language, name="Léa")
    lines = list(transcript(journey, language, driver, street_look))
    text = "\n".join(lines)
    assert ("Robe midi en lin" if language == "fr" else "Linen midi dress") in text
    assert any(line.startswith("> ") for line in lines)
    assert any(line.startswith("< ") for line in lines)
    assert "went wrong" not in text
    assert "problème est survenu" not in text
    assert ("Réservé sans paiement" if language == "fr" else "Held, nothing to pay") in text
