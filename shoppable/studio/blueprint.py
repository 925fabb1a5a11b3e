"""The blueprint on which every module of the studio declares its pages."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("studio", __name__, url_prefix="/studio")
