"""Pictures as phones take them, made from pictures as shops show them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch", reason="training needs the extra [clip]")

from visual_search.training.augment import FAR, NEAR, PHOTO, Pictures, Way, backgrounds  # noqa: E402 after the skip
from visual_search.training.corpus import PHOTO_PX, TRAIN, Corpus  # noqa: E402
from visual_search.training.features import features  # noqa: E402

PX = 64


def corpus() -> Corpus:
    """Four red squares on white, the first with a white hole; two phone photos, blue on green, one of them wide."""
    products = np.full((4, 80, 60, 3), 255, np.uint8)
    products[:, 25:55, 15:45] = (200, 20, 20)
    products[0, 35:45, 25:35] = 255
    squares = np.zeros((2, PHOTO_PX, PHOTO_PX, 3), np.uint8)
    squares[:] = (20, 160, 20)
    squares[:, 40:60, 60:140] = (20, 20, 200)
    sizes = np.array([[100, PHOTO_PX], [PHOTO_PX, PHOTO_PX]])
    return Corpus(
        [{"id": str(at)} for at in range(4)], products, np.full(4, TRAIN, np.int8), ["Shirt", "Dress"], squares, sizes,
        np.full(2, TRAIN, np.int8),
    )  # fmt: skip


@pytest.fixture(scope="module")
def pictures() -> Pictures:
    return Pictures(corpus(), PX, torch.device("cpu"), seed=3)


def chance(seed: int = 1) -> Any:
    return torch.Generator().manual_seed(seed)


def red(pixels: Any) -> Any:
    """[n]: the share of each picture that is red."""
    return ((pixels[:, 0] > pixels[:, 1] + 60) & (pixels[:, 0] > pixels[:, 2] + 60)).float().mean((1, 2))


def test_white_is_background_only_where_it_reaches_the_rim() -> None:
    found = backgrounds(torch.from_numpy(corpus().products).permute(0, 3, 1, 2), batch=3)
    assert found[0, 0, 0] and not found[0, 30, 20]
    assert not found[0, 40, 30], "a white print on a shirt is part of the shirt"
    assert float(found[1].float().mean()) == pytest.approx(1 - 30 * 30 / 4800)


def test_the_plain_picture_is_what_the_shop_decodes(pictures: Pictures) -> None:
    wanted = Image.fromarray(corpus().products[1]).resize((PX, PX), Image.Resampling.BICUBIC)
    seen = pictures.plain(np.array([1]))[0].permute(1, 2, 0).numpy()
    assert np.abs(seen - np.asarray(wanted, np.float32)).max() <= 2


@pytest.mark.parametrize("way", [NEAR, FAR])
def test_every_view_still_shows_the_product(pictures: Pictures, way: Way) -> None:
    views = pictures.products(np.repeat([1, 2, 3], 40), way, chance())
    assert views.shape == (120, 3, PX, PX) and float(views.min()) >= 0 and float(views.max()) <= 255
    share = red(views)
    assert float(share.min()) > 0.03 and float(share.max()) < 0.75
    assert len(torch.unique(share)) > 60, "views differ"


def test_a_white_background_stays_or_goes(pictures: Pictures) -> None:
    still = Way(untouched=0.0, white=1.0, least=1.0, most=1.0, turn_deg=0.0, strength=0.0)
    gone = Way(untouched=0.0, white=0.0, least=1.0, most=1.0, turn_deg=0.0, strength=0.0)
    rows = np.repeat([1], 30)
    white = [(pictures.products(rows, way, chance()) > 250).all(1).float().mean((1, 2)) for way in (still, gone)]
    assert float(white[0].min()) > 0.6
    assert float(white[1].median()) < 0.05


def test_untouched_is_the_plain_picture_or_its_mirror_image(pictures: Pictures) -> None:
    untouched = Way(untouched=1.0, white=1.0, least=0.7, most=1.3, turn_deg=9.0, strength=1.0)
    views = pictures.products(np.repeat([0], 12), untouched, chance())
    plain = pictures.plain(np.array([0]))[0]
    assert all(torch.equal(view, plain) or torch.equal(view, plain.flip(2)) for view in views)


def test_a_photo_is_cut_within_itself(pictures: Pictures) -> None:
    """The wide one has only its rim drawn out below: black there would be what no phone took."""
    views = pictures.photos(np.repeat([4, 5], 30), PHOTO, chance())
    assert views.shape == (60, 3, PX, PX)
    assert float(views.amax(1).amin()) > 30
    assert (views[:, 2] > views[:, 1]).float().mean((1, 2)).median() > 0.02, "most still show the garment"


def test_the_same_seed_gives_the_same_views(pictures: Pictures) -> None:
    rows = np.array([0, 1, 2, 3])
    first, again, other = (pictures.products(rows, FAR, chance(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)


class Averages(torch.nn.Module):
    """A tower that sees a picture's mean colour, and counts what it looked at."""

    def __init__(self, times: float) -> None:
        super().__init__()
        self.times = torch.nn.Parameter(torch.tensor(times))
        self.looked = 0

    def forward(self, pixels: Any) -> Any:
        self.looked += len(pixels)
        return self.times * pixels.mean((2, 3))


def test_features_are_kept_whatever_was_interrupted_and_are_never_another_towers(
    pictures: Pictures, tmp_path: Path
) -> None:
    products, photos = np.arange(4), 4 + np.arange(2)
    tower = Averages(1.0)
    first = features(tmp_path, tower, pictures, products, photos)
    assert [len(view) for view in first.products] == [4] * 3 and [len(view) for view in first.photos] == [2] * 4
    assert torch.equal(first.products[0], pictures.plain(products).mean((2, 3)).half())
    assert not torch.equal(first.products[1], first.products[2]) and tower.looked == 3 * 4 + 4 * 2
    next(tmp_path.glob("features-products-2-*")).unlink()  # as if it had been stopped before
    again = features(tmp_path, tower, pictures, products, photos)
    assert torch.equal(again.products[2], first.products[2]) and tower.looked == 3 * 4 + 4 * 2 + 4
    other = features(tmp_path, Averages(0.5), pictures, products, photos)
    assert not torch.equal(other.products[0], first.products[0])
