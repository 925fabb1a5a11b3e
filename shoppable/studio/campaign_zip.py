"""All that is made of a campaign in one file."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence

from commerce.domain.campaign import Outlet
from shoppable.studio.campaign_kit import PICTURES, Kit, jpeg_of, pdf_of
from shoppable.studio.campaign_mail import mail_of


def zip_of(kits: Sequence[Kit]) -> bytes:
    """Everything, in a folder a language."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for kit in kits:
            folder, mail = kit.said.language, mail_of(kit)
            for picture in PICTURES:
                archive.writestr(f"{folder}/{picture.name}.jpg", jpeg_of(kit, picture))  # as small as it gets
                if picture.paper_mm:
                    archive.writestr(f"{folder}/{picture.name}.pdf", pdf_of(kit, picture))
            request = json.dumps(kit.telegram.as_request(), ensure_ascii=False, indent=1)
            archive.writestr(f"{folder}/telegram.json", request)
            for outlet in (Outlet.INSTAGRAM, Outlet.TIKTOK):
                archive.writestr(f"{folder}/{outlet.value}.txt", kit.caption(outlet))
            archive.writestr(f"{folder}/mail.html", mail.html)
            archive.writestr(f"{folder}/mail.eml", mail.as_message().as_bytes())
    return out.getvalue()
