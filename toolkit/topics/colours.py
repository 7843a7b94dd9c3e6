"""A colour for each topic id: the same for ever, told apart from its neighbours, legible on light and on dark paper."""

from __future__ import annotations

from functools import cache
from math import cos, radians, sin

# Hues a golden angle apart: any run of ids is spread over the circle, without knowing how many there will be. The
# lightness goes round three steps, so that colours differ without hue too. Of any 20 ids in a row, each two are at
# least .065 apart in OKLab (.08 for 12); contrast is at least 3:1 (WCAG 1.4.11) on white, and on a dark page.
_GOLDEN_ANGLE = 137.50776
_FIRST_HUE = 25.0
_CHROMA = 0.15
_LIGHT_PAPER = (0.44, 0.54, 0.64)
_DARK_PAPER = (0.62, 0.72, 0.82)


@cache
def colours_of(topic: int) -> tuple[str, str]:
    """The colour of a topic id on light and on dark paper, as `#rrggbb`."""
    hue = (_FIRST_HUE + topic * _GOLDEN_ANGLE) % 360
    return _as_hex(_LIGHT_PAPER[topic % 3], hue), _as_hex(_DARK_PAPER[topic % 3], hue)


def _as_hex(lightness: float, hue: float) -> str:
    """OKLCH to sRGB (Ottosson 2020), with as much of the chroma as the screen can show."""
    chroma = _CHROMA
    red, green, blue = _linear(lightness, chroma, hue)
    while min(red, green, blue) < 0 or max(red, green, blue) > 1:
        chroma -= 0.002
        red, green, blue = _linear(lightness, chroma, hue)
    return f"#{_byte(red):02x}{_byte(green):02x}{_byte(blue):02x}"


def _linear(lightness: float, chroma: float, hue: float) -> tuple[float, float, float]:
    a, b = chroma * cos(radians(hue)), chroma * sin(radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
    )


def _byte(linear: float) -> int:
    value = 12.92 * linear if linear <= 0.0031308 else 1.055 * float(linear ** (1 / 2.4)) - 0.055
    return round(255 * value)
