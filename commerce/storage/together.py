"""Works that come while another is being committed wait in a queue, and the next commit takes up to 64 of them.

There is no thread to start or stop: whoever finds that nobody leads runs a batch for all who wait, and then makes the
first of those who came meanwhile the next leader. Whoever wrote together comes back together: a leader waits a moment
for those of the last batch, or every other commit would be for the one who came back first.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextvars import copy_context
from typing import Any, TypeVar, cast

from commerce.errors import StorageBusy
from commerce.ports import UnitOfWork

T = TypeVar("T")

WORKS_A_COMMIT = 64
GATHER_S, LOOK_EVERY_S = 0.001, 0.0001  # seconds


class Job:
    """A work on its way. `turn` is let go when it is finished, or when its thread is to lead.

    A bare lock: an Event costs several times as much to make, to set and to wait for.
    """

    __slots__ = ("context", "error", "finished", "leads", "result", "turn", "work")

    def __init__(self, work: Callable[[UnitOfWork], Any]) -> None:
        self.work = work
        self.context = copy_context()  # the work may run in another caller's thread
        self.turn = threading.Lock()
        self.turn.acquire()
        self.leads = False
        self.finished = False
        self.result: Any = None
        self.error: BaseException | None = None

    def fail(self, error: BaseException) -> None:
        """With its own error if it had one."""
        self.result, self.error, self.finished = None, self.error or error, True


class Together:
    """`run` gets a batch, marks its jobs finished or raises what is the matter with all that are not."""

    def __init__(self, run: Callable[[Sequence[Job]], None]) -> None:
        self._run = run
        self._mutex = threading.Lock()
        self._queue: deque[Job] = deque()
        self._somebody_leads = False
        self._companions = 1  # works of the last batch

    def waiting(self) -> int:
        """Works in the queue right now."""
        return len(self._queue)

    def do(self, work: Callable[[UnitOfWork], T]) -> T:
        job = Job(work)
        with self._mutex:
            job.leads = not self._somebody_leads
            self._somebody_leads = True
            if not job.leads:
                self._queue.append(job)
        if not job.leads:
            try:
                job.turn.acquire()
            except BaseException:  # interrupted: nobody may wait for a leader that has gone
                self._leave(job)
                raise
        if job.leads:
            self._lead(job)
        if job.error is not None:
            raise job.error
        return cast(T, job.result)

    def _leave(self, job: Job) -> None:
        with self._mutex:
            if job.leads:
                self._pass_on()
            elif job in self._queue:
                self._queue.remove(job)  # else it is done, or in the batch that runs now

    def _pass_on(self) -> None:
        """The first in the queue leads in the place of whoever led. The mutex is held."""
        if self._queue:
            first = self._queue.popleft()
            first.leads = True
            first.turn.release()
        else:
            self._somebody_leads = False

    def _gather(self) -> None:
        """Waits a moment for those who shared the last batch; never where one writes alone."""
        until = time.monotonic() + GATHER_S
        while len(self._queue) + 1 < self._companions and time.monotonic() < until:
            time.sleep(LOOK_EVERY_S)

    def _lead(self, own: Job) -> None:
        """Runs a batch, `own` and those who wait, and wakes the next leader and their owners."""
        batch = [own]
        try:
            self._gather()
            with self._mutex:
                batch += [self._queue.popleft() for _ in range(min(WORKS_A_COMMIT - 1, len(self._queue)))]
            self._companions = len(batch)
            self._run(batch)
        except StorageBusy as error:
            # Everybody in the queue has waited for the same lock: they hear it now, not one timeout after the other.
            with self._mutex:
                batch.extend(self._queue)
                self._queue.clear()
            for job in batch:
                if not job.finished:
                    job.fail(StorageBusy(str(error)))  # one each: a traceback belongs to one thread
        except Exception as error:
            for job in batch:
                if not job.finished:
                    job.fail(error)
        finally:
            # After an interrupt of this thread the works of the others are still to be done.
            left = [job for job in batch if not job.finished and job is not own]
            with self._mutex:
                self._queue.extendleft(reversed(left))
                self._pass_on()
            for job in batch:
                if job.finished and job is not own:
                    job.turn.release()
