"""Feeds in: files, folders and addresses become products. The front door is `sync`."""

from catalog_sync.options import FeedOptions
from catalog_sync.report import FeedReport, describe
from catalog_sync.runner import sync

__all__ = ["FeedOptions", "FeedReport", "describe", "sync"]
