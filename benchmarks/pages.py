"""Pages and API of a shop that exists, under the real server: requests a second and how long one takes.

`python -m benchmarks.pages [FOLDER]` (a data folder; without it, the demo shop). The client is another
process with a few connections that are kept open; `/healthz` is what server and framework cost alone.
"""

from __future__ import annotations

import http.client
import multiprocessing
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.tables import OUT, Table, keep, machine, ms
from commerce.settings import load_settings
from commerce.wiring import build_shop
from vitrine.demo import demo_settings, prepare_demo
from vitrine.serve import running

CONNECTIONS, SECONDS, WARM_UP = 4, 5.0, 20


def hammer(address: str, path: str, seconds: float, connections: int) -> list[float]:
    """Seconds each request took, over connections that ask one request after the other."""
    parts = urlsplit(address)
    took: list[float] = []
    lock = threading.Lock()

    def ask() -> None:
        own: list[float] = []
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        until = time.perf_counter() + seconds
        while (began := time.perf_counter()) < until:
            connection.request("GET", path, headers={"Accept-Language": "fr"})
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise RuntimeError(f"{path}: {answer.status}")
            own.append(time.perf_counter() - began)
        with lock:
            took.extend(own)

    threads = [threading.Thread(target=ask) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return took


def run(folder: Path) -> list[Table]:
    """Asks the shop in the folder; where there is none, the demo shop is made there first."""
    if not (folder / "vitrine.db").is_file():
        prepare_demo(demo_settings(folder, 8000))
    settings = load_settings(data_dir=folder, port=0, encoder="none", secret_key="b" * 32)
    with build_shop(settings) as shop:
        with shop.storage.read() as uow:
            count = uow.products.count()
            product = uow.products.after(0, 1)[0]
        table = Table(f"Pages of a shop with {count:,} products", ("address", "requests/s", "p50 ms", "p95 ms"))
        with running(shop, web=True) as address, multiprocessing.get_context("spawn").Pool(1) as client:
            for path in (
                "/healthz",
                "/",
                "/?q=robe+lin",
                f"/p/{product.id}",
                "/stores",
                "/chat",
                "/api/v1/products?q=robe+lin",
                f"/api/v1/products/{product.source_id}",
            ):
                client.apply(hammer, (address, path, WARM_UP / 20, 1))
                took = client.apply(hammer, (address, path, SECONDS, CONNECTIONS))
                table.add(path, f"{len(took) / SECONDS:.0f}", f"{ms(took, 50):.1f}", f"{ms(took, 95):.1f}")
    table.notes.append(
        f"waitress, one process; {CONNECTIONS} connections kept open by a client on this machine, {SECONDS:g} s each;"
        " /healthz is what server and framework cost alone"
    )
    table.notes.append(machine())
    return [table]


def main() -> None:
    tables = run(Path(sys.argv[1]) if len(sys.argv) > 1 else OUT / "demo")
    for table in tables:
        table.show()
    keep("pages", tables)


if __name__ == "__main__":
    main()
