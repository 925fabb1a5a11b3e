"""The brand and the campaigns: the repositories behind their pages of the studio."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from commerce.domain.brand import Brand
from commerce.domain.campaign import Campaign


class BrandRepository(Protocol):
    def get(self) -> Brand:
        """The shop's own; before the first `put`, the one it comes with."""
        ...

    def put(self, brand: Brand, at: datetime) -> None: ...


class CampaignRepository(Protocol):
    def add(self, campaign: Campaign) -> None: ...

    def get(self, campaign_id: str) -> Campaign | None: ...

    def all(self, limit: int) -> list[Campaign]:
        """Newest first."""
        ...

    def save(self, campaign: Campaign) -> Campaign:
        """The facts read again, if the stored revision is `campaign.revision`, else StaleVersion."""
        ...

    def delete(self, campaign_id: str) -> bool: ...
