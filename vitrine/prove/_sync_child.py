"""One import in a process of its own, to be measured or killed:
`python -m vitrine.prove._sync_child DATA_DIR SOURCE`."""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path


def main() -> None:
    from catalog_sync import sync
    from commerce.settings import Settings
    from commerce.wiring import build_shop

    data_dir, source = sys.argv[1:3]
    with build_shop(Settings(data_dir=Path(data_dir), encoder="none")) as shop:
        print("begins", flush=True)
        started = time.monotonic()
        report = sync(shop, source, pictures=False)
    peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        json.dumps(
            {
                "state": report.state,
                "items": report.items,
                "message": report.reason("en"),
                "took_s": time.monotonic() - started,
                "rss_mb": peak_kib / 1024,
                "seconds": report.seconds,
            }
        )
    )


if __name__ == "__main__":
    main()
