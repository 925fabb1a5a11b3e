"""A damaged visual index: cut, flipped, swapped, of another model; killed while it is saved."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from vitrine.prove import ProofResult

if TYPE_CHECKING:
    from visual_search.api import Eyes
    from visual_search.snapshot import SnapshotStore

PROMISE = (
    "Every damage to the visual index on disk is found before the index is used, the shop goes on without it, and "
    "an unattended rebuild gives the same answers as a fresh build."
)
DEFAULT_N = 1_000
CI_N = 200

_PICTURES = 40
_CUTS = 20
_REBUILD_EVERY = 25


def run(n: int, seed: int, scratch: Path, report: Callable[[str], None]) -> ProofResult:
    """20 cuts of each file, `n` flipped bits, swapped and foreign files; every 25th damage is also repaired."""
    from visual_search.snapshot import SnapshotStore

    rng = random.Random(seed)
    store = SnapshotStore(scratch / "eyes")
    bench = _Bench(store)
    report(f"an index of {_PICTURES} pictures was built and saved")
    for path in bench.files:
        for cut in range(_CUTS):
            whole = path.read_bytes()
            bench.damage(path, whole[: len(whole) * cut // _CUTS], f"{path.name} cut at {cut}/{_CUTS}")
    report(f"cuts: {bench.found} of {bench.tried} found")
    for number in range(n):
        path = bench.files[rng.randrange(len(bench.files))]
        whole = path.read_bytes()
        at, bit = rng.randrange(len(whole)), rng.randrange(8)
        flipped = whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :]
        bench.damage(path, flipped, f"{path.name}: bit {bit} of byte {at} (seed {seed}, flip {number})")
    report(f"flips: {bench.found} of {bench.tried} found so far")
    bench.swap_files()
    bench.foreign_models()
    kills = bench.kill_while_saving(rng, max(3, n // 100))
    kept = not bench.wrong
    figure = (
        f"{bench.found} of {bench.tried} damages found, {bench.rebuilt} rebuilt with the same answers, "
        f"{kills} kills while saving left a good generation"
    )
    details: dict[str, object] = {
        "tried": bench.tried,
        "found": bench.found,
        "rebuilt": bench.rebuilt,
        "kills": kills,
        "wrong": bench.wrong[:20],
    }
    return ProofResult(kept, figure if kept else f"{bench.wrong[0]} (and {len(bench.wrong) - 1} more)", details)


class _Bench:
    """One good index with its answers, and what was seen so far."""

    def __init__(self, store: SnapshotStore) -> None:
        from vitrine.prove._hostile_pictures import photo

        self.store = store
        self.pictures = [(10**9 + 31 * at, photo("WEBP", (60, 80), at)) for at in range(_PICTURES)]
        self.tried = self.found = self.rebuilt = 0
        self.wrong: list[str] = []
        with _open(store.directory) as eyes:
            eyes.rebuild(self.pictures[:-5], change_seq=1)
            eyes.rebuild(self.pictures, change_seq=2)
            self.answers = _answers(eyes, self.pictures)
        self.folder = store.directory / "generation-000002"
        self.files = [store.directory / "current", *sorted(self.folder.iterdir())]

    def damage(self, path: Path, data: bytes, name: str) -> None:
        """Write the damage, look for it, put the good bytes back."""
        whole = path.read_bytes()
        overwrite(path, data)
        self.look(name)
        if self.tried % _REBUILD_EVERY == 0:
            self.rebuild(name)
        overwrite(path, whole)

    def look(self, name: str) -> None:
        from visual_search.errors import SnapshotDamaged

        self.tried += 1
        try:
            self.store.load()
        except SnapshotDamaged:
            self.found += 1
        except Exception as surprise:  # a caller waits for SnapshotDamaged alone
            self.wrong.append(f"{name}: {type(surprise).__name__}: {surprise}")
        else:
            self.wrong.append(f"{name}: not found")

    def rebuild(self, name: str, expect_off: bool = True) -> None:
        """As the shop does: opened, found off, rebuilt from the shop's own pictures, on a copy."""
        copy = self.store.directory.with_name("copy")
        shutil.copytree(self.store.directory, copy)
        try:
            with _open(copy) as eyes:
                if expect_off and (eyes.status.state != "off" or not eyes.status.needs_rebuild):
                    self.wrong.append(f"{name}: the eyes are {eyes.status.state}, not off")
                eyes.rebuild(self.pictures, change_seq=3)
            with _open(copy) as eyes:
                if eyes.status.state != "ready" or _answers(eyes, self.pictures) != self.answers:
                    self.wrong.append(f"{name}: rebuilt, but the answers differ")
                self.rebuilt += 1
        finally:
            shutil.rmtree(copy)

    def swap_files(self) -> None:
        """Files of the generation before, one by one and all together."""
        old = self.folder.with_name("generation-000001")
        for path in self.files[1:]:
            self.damage(path, (old / path.name).read_bytes(), f"{path.name} of another generation")
        ids = self.folder / "ids.npy"
        whole = ids.read_bytes()
        swapped = whole[:-16] + whole[-8:] + whole[-16:-8]
        self.damage(ids, swapped, "two ids exchanged")
        for path in self.files:
            whole = path.read_bytes()
            path.unlink()
            self.look(f"{path.name} is missing")
            overwrite(path, whole)

    def foreign_models(self) -> None:
        """A generation that is whole but was made with other weights or another dimension: written properly, so
        that only the comparison with the loaded encoder can tell."""
        from dataclasses import replace

        snapshot = self.store.load()
        if snapshot is None:
            self.wrong.append("the good index is gone")
            return
        told = snapshot.manifest
        for foreign in (replace(told, revision="0123456789abcdef"), replace(told, encoder="another")):
            self.tried += 1
            copy = self.store.directory.with_name("foreign")
            shutil.copytree(self.store.directory, copy)
            type(self.store)(copy).save(replace(snapshot, manifest=foreign))
            with _open(copy) as eyes:
                status = eyes.status
                if status.state == "off" and status.needs_rebuild and "another encoder" in status.reason:
                    self.found += 1
                else:
                    self.wrong.append(f"{foreign}: the eyes are {status.state}")
            shutil.rmtree(copy)
        manifest = self.folder / "manifest.json"
        lie = json.loads(manifest.read_text())
        lie["manifest"]["dimension"] //= 2
        signed = {key: value for key, value in lie.items() if key != "self"}
        lie["self"] = hashlib.sha256(json.dumps(signed, sort_keys=True).encode()).hexdigest()
        self.damage(manifest, json.dumps(lie).encode(), "another dimension, signed by a liar")

    def kill_while_saving(self, rng: random.Random, kills: int) -> int:
        """SIGKILL a process that saves without pause; what `current` points at must be whole each time."""
        code = (
            "import sys; from pathlib import Path; from visual_search.snapshot import SnapshotStore\n"
            "store = SnapshotStore(Path(sys.argv[1])); good = store.load(); print(flush=True)\n"
            "while True: store.save(good)"
        )
        copy = self.store.directory.with_name("killed")
        shutil.copytree(self.store.directory, copy)
        killed = type(self.store)(copy)
        for number in range(kills):
            command = [sys.executable, "-c", code, str(copy)]
            with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as saver:
                assert saver.stdout is not None
                saver.stdout.readline()
                time.sleep(rng.random() * 0.1)
                saver.send_signal(signal.SIGKILL)
            try:
                if killed.load() is None:
                    self.wrong.append(f"kill {number} left nothing")
            except Exception as broken:
                self.wrong.append(f"kill {number}: {broken}")
        shutil.rmtree(copy)
        return kills


def _open(directory: Path) -> Eyes:
    """With every file that an index may have, those of a large one too."""
    from visual_search.api import Eyes
    from visual_search.stores import FileIndexStore

    return Eyes.open(FileIndexStore(directory, approximate_from=1))


def overwrite(path: Path, data: bytes) -> None:
    """Another file in its place: those of a generation are read-only, and may be mapped by somebody."""
    path.unlink(missing_ok=True)
    path.write_bytes(data)


def _answers(eyes: Eyes, pictures: list[tuple[int, bytes]]) -> list[list[tuple[int, float]]]:
    ids = [picture_id for picture_id, _ in pictures[::4]]
    return [[(hit.picture_id, round(hit.score, 4)) for hit in eyes.similar_to(one, 10)] for one in ids]
