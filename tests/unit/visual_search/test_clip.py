"""Models of open_clip from a folder: the same vectors as open_clip's own pipeline, and an honest no to the rest."""

from __future__ import annotations

import io
import json
import pickle
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.tiny_clip import BUILT_IN_SHAPE, VIT, make_clip_folder
from visual_search.encoders.base import Encoder
from visual_search.encoders.registry import open_encoder
from visual_search.errors import EncoderUnavailable
from visual_search.preprocess.decoder import PictureDecoder
from visual_search.values import Picture, Vectors
from vitrine.prove._hostile_pictures import photo

pytestmark = pytest.mark.skipif(
    not (find_spec("torch") and find_spec("open_clip")),  # imported by the tests alone: it takes seconds
    reason="needs pip install 'vitrine[clip]'",
)


def ours(encoder: Encoder, pictures: list[bytes]) -> Vectors:
    with PictureDecoder(encoder.input_px, resize=encoder.resize) as decoder:
        read = list(decoder.read_many(pictures, copies=False))
    return encoder.encode(np.stack([one.pixels for one in read if isinstance(one, Picture)]))


def theirs(folder: Path, pictures: list[bytes]) -> Vectors:
    import open_clip
    import torch

    model, _, transform = open_clip.create_model_and_transforms(f"local-dir:{folder}")
    model.eval()
    with torch.inference_mode():
        batch = torch.stack([transform(Image.open(io.BytesIO(data)).convert("RGB")) for data in pictures])
        return np.asarray(model.encode_image(batch, normalize=True).numpy(), np.float32)


@pytest.mark.parametrize("mode", ["shortest", "longest", "squash"])
@pytest.mark.parametrize("interpolation", ["bicubic", "bilinear"])
def test_vectors_are_those_of_open_clip_itself(tmp_path: Path, mode: str, interpolation: str) -> None:
    folder = make_clip_folder(
        tmp_path, resize_mode=mode, interpolation=interpolation, fill_color=127, mean=[0.5, 0.4, 0.3], std=[0.2] * 3
    )
    sizes = [(480, 640), (1600, 1100), (2400, 3200), (333, 1000), (90, 61)]
    pictures = [photo(form, size, at) for at, size in enumerate(sizes) for form in ("JPEG", "PNG")]
    wanted, got = theirs(folder, pictures), ours(open_encoder(str(folder)), pictures)
    assert (got * wanted).sum(axis=1).min() >= 0.999
    assert np.linalg.matrix_rank(got[::2] - got.mean(axis=0)) > 1, "the pictures do differ"


def test_another_resize_mode_would_be_noticed(tmp_path: Path) -> None:
    tall = [photo("PNG", (333, 1000), 1)]
    wanted = theirs(make_clip_folder(tmp_path / "a", resize_mode="shortest"), tall)
    squashed = ours(open_encoder(str(make_clip_folder(tmp_path / "b", resize_mode="squash"))), tall)
    assert float((squashed * wanted).sum()) < 0.999


def test_extreme_strips_cost_no_memory(tmp_path: Path) -> None:
    encoder = open_encoder(str(make_clip_folder(tmp_path, resize_mode="shortest")))
    vectors = ours(encoder, [photo("PNG", (16, 40_000), 1), photo("PNG", (20_000, 16), 2)])
    assert np.isfinite(vectors).all() and len(vectors) == 2


def test_words_are_those_of_the_tokenizer_in_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import open_clip
    import torch

    folder = make_clip_folder(tmp_path / "model")
    monkeypatch.chdir(tmp_path)  # nothing depends on the working directory
    encoder = open_encoder("model")
    assert encoder.name == f"open_clip:{folder}" and encoder.reads_words
    (merges,) = folder.glob("*.gz")
    tokenize = open_clip.get_tokenizer(f"local-dir:{folder}", bpe_path=str(merges))
    model = open_clip.create_model(f"local-dir:{folder}").eval()
    texts = ["a blue dress", "shoes", "robe bleue"]
    with torch.inference_mode():
        wanted = model.encode_text(tokenize(texts), normalize=True).numpy()
    assert encoder.encode_words(texts) == pytest.approx(wanted, abs=1e-5)


def test_a_revision_changes_with_weights_and_preprocessing_and_with_nothing_else(tmp_path: Path) -> None:
    def revision(name: str, **how: object) -> str:
        return open_encoder(str(make_clip_folder(tmp_path / name, **how))).revision  # type: ignore[arg-type]

    first = revision("a")
    assert revision("b") == first == revision("c", safe=False)
    others = [revision("d", seed=1), revision("e", mean=[0.1] * 3), revision("f", resize_mode="longest")]
    assert len({first, *others}) == 4


def test_the_shape_of_the_built_in_one_is_read(tmp_path: Path) -> None:
    encoder = open_encoder(str(make_clip_folder(tmp_path, BUILT_IN_SHAPE, resize_mode="squash")))
    assert (encoder.input_px, encoder.resize.mode, encoder.reads_words) == (96, "squash", True)


def test_a_tokenizer_of_transformers_in_the_folder_is_used(tmp_path: Path) -> None:
    tokenizers = pytest.importorskip("tokenizers", reason="needs pip install 'vitrine[clip]'")
    transformers = pytest.importorskip("transformers", reason="needs pip install 'vitrine[clip]'")
    folder = make_clip_folder(tmp_path)
    vocabulary = {word: at for at, word in enumerate(["[PAD]", "[UNK]", "[EOS]", "robe", "bleue", "dress"])}
    words = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, "[UNK]"))
    words.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token="[PAD]", unk_token="[UNK]", eos_token="[EOS]"
    ).save_pretrained(folder)
    edit(folder, "text_cfg", hf_tokenizer_name="somebody/elses")
    encoder = open_encoder(str(folder))
    assert encoder.reads_words, encoder.describe()
    known, other, unknown = encoder.encode_words(["robe bleue", "dress", "chaussure"])
    assert float(known @ other) < 0.9999 and float(unknown @ other) < 0.9999


def edit(folder: Path, part: str, **changes: object) -> None:
    path = folder / "open_clip_config.json"
    told = json.loads(path.read_text("utf-8"))
    told["model_cfg"][part].update(changes)
    path.write_text(json.dumps(told), "utf-8")


def test_a_model_whose_tokenizer_does_not_fit_sees_but_reads_no_words(tmp_path: Path) -> None:
    folder = make_clip_folder(tmp_path)
    for merges in folder.glob("*.gz"):
        merges.unlink()  # open_clip's own has 49,408 tokens, the model 524
    encoder = open_encoder(str(folder))
    assert not encoder.reads_words and "tokenizer" in encoder.describe()
    with pytest.raises(EncoderUnavailable, match="reads no words"):
        encoder.encode_words(["robe"])
    _, subjects = encoder.encode_and_judge(np.zeros((2, encoder.input_px, encoder.input_px, 3), np.uint8))
    assert [subject.verdict for subject in subjects] == ["unsure", "unsure"]


class _Burglar:
    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.trace,))


def test_weights_that_are_a_program_are_never_run(tmp_path: Path) -> None:
    import torch

    folder = make_clip_folder(tmp_path / "model")
    (folder / "open_clip_model.safetensors").unlink()
    trace = tmp_path / "burgled"
    torch.save({"visual.proj": _Burglar(trace)}, folder / "open_clip_pytorch_model.bin")
    with pytest.raises(EncoderUnavailable, match="cannot be loaded"):
        open_encoder(str(folder))
    (folder / "open_clip_pytorch_model.bin").write_bytes(pickle.dumps(_Burglar(trace)))
    with pytest.raises(EncoderUnavailable, match="cannot be loaded"):
        open_encoder(str(folder))
    assert not trace.exists()


def test_a_tokenizer_that_brings_its_own_code_is_refused(tmp_path: Path) -> None:
    folder = make_clip_folder(tmp_path)
    edit(folder, "text_cfg", hf_tokenizer_name="x", tokenizer_kwargs={"trust_remote_code": True})
    with pytest.raises(EncoderUnavailable, match="code of its own"):
        open_encoder(str(folder))


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda folder: (folder / "open_clip_config.json").unlink(), "no folder with open_clip_config.json"),
        (lambda folder: (folder / "open_clip_config.json").write_text("{"), "cannot be loaded"),
        (lambda folder: (folder / "open_clip_config.json").write_text("{}"), "no description of its model"),
        (lambda folder: (folder / "open_clip_model.safetensors").unlink(), "holds no weights"),
        (lambda folder: (folder / "open_clip_model.safetensors").write_bytes(b"cut"), "cannot be loaded"),
        (lambda folder: edit(folder, "vision_cfg", width=96), "cannot be loaded"),
        (lambda folder: edit(folder, "vision_cfg", image_size=[64, 32]), "cannot be loaded|not square"),
    ],
)
def test_a_folder_that_is_no_model_says_why(tmp_path: Path, spoil, reason: str) -> None:  # type: ignore[no-untyped-def]
    folder = make_clip_folder(tmp_path)
    spoil(folder)
    with pytest.raises(EncoderUnavailable, match=reason):
        open_encoder(str(folder))


def test_a_resize_mode_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EncoderUnavailable, match="sideways"):
        open_encoder(str(make_clip_folder(tmp_path, resize_mode="sideways")))


def test_pictures_that_are_not_square_are_refused(tmp_path: Path) -> None:
    folder = make_clip_folder(tmp_path, {**VIT, "image_size": [64, 32]})
    with pytest.raises(EncoderUnavailable, match="not square"):
        open_encoder(str(folder))


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("open_clip:ViT-B-99/webli", "no weights for a model named 'ViT-B-99'"),
        ("open_clip:ViT-B-16-SigLIP/nothing", "webli"),
        ("open_clip:ViT-B-16-SigLIP", "webli"),
        ("open_clip:/no/such/folder", "/no/such/folder is no folder"),
        ("./nowhere", "there is no folder ./nowhere"),
        ("open_clip:ViT-B-16-SigLIP/webli", "not on this machine, and https://huggingface.co cannot be reached"),
        ("open_clip:hf-hub:Marqo/marqo-fashionSigLIP", "not on this machine, and https://huggingface.co cannot"),
    ],
)
def test_what_cannot_be_had_says_why_at_once(name: str, reason: str) -> None:
    began_s = time.monotonic()
    with pytest.raises(EncoderUnavailable, match=reason):
        open_encoder(name)
    assert time.monotonic() - began_s < 10, "the hub's own client would try for 40 s"


def test_a_hub_repository_that_was_fetched_before_is_opened_without_a_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    repository = tmp_path / "models--somebody--tiny"
    folder = make_clip_folder(repository / "snapshots" / ("0" * 40))
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("0" * 40)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    encoder = open_encoder("open_clip:hf-hub:somebody/tiny")
    assert encoder.name == "open_clip:hf-hub:somebody/tiny"
    assert encoder.revision == open_encoder(str(folder)).revision
    assert constants.HF_HUB_OFFLINE is False
