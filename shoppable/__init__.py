"""The shop's web pages and its JSON API: one way in for shoppers' browsers and for machines."""

from shoppable.app import create_app

__all__ = ["create_app"]
