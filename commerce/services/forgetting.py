"""What the counter keeps of a person, forgotten: numbers to be rung, and who spoke with them about what."""

from __future__ import annotations

from commerce.ports import Clock, UnitOfWork


class Forgetting:
    """In the caller's unit of work. For whoever erases a person: other places have their own."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def forget(self, uow: UnitOfWork, customer_id: str, *, actor: str) -> int:
        """Of this customer and of everybody who became one with them. How many tasks and conversations it touched;
        asked again, none."""
        present = uow.customers.present_id(customer_id)
        ids = {customer_id, present, *(merge.joined_id for merge in uow.links.merges_of(present))}
        now = self._clock.now()
        tasks, conversations = uow.tasks.forget_subjects(ids, now), uow.conversations.forget(ids)
        if tasks or conversations:
            details = {"tasks": tasks, "conversations": conversations}
            uow.audit.add(actor, "counter_forgot", present, details, now)
        return tasks + conversations
