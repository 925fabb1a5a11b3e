"""The blueprint on which every module of the counter declares its pages."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("staff", __name__, url_prefix="/staff")
