"""A link as a picture that a phone reads."""

from __future__ import annotations

import segno
from django.utils.safestring import SafeString, mark_safe


def qr_svg(link: str) -> SafeString:
    """`link` as an inline SVG without style attributes; black on white in every theme, so that cameras read it.

    The address contains nothing that could be markup in the picture: segno writes only its modules.
    """
    drawn = segno.make(link, error="m", micro=False).svg_inline(
        omitsize=True, border=3, dark="#000", light="#fff", svgclass="qr", lineclass=None
    )
    return mark_safe(drawn)  # nosec B308 B703
