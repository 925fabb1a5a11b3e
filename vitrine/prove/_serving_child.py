"""A shop served by a process of its own: `python -m vitrine.prove._serving_child SETTINGS` (JSON), until SIGTERM."""

from __future__ import annotations

import json
import sys


def main() -> None:
    from commerce.settings import load_settings
    from vitrine.serve import serve_forever

    serve_forever(load_settings(**json.loads(sys.argv[1])), with_worker=True)


if __name__ == "__main__":
    main()
