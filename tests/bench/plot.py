"""Pictures of figures, as SVG that is readable on light and on dark ground."""

import math
from xml.sax.saxutils import escape

STYLE = """<style>
text { font: 13px system-ui, sans-serif; fill: #24292f } .small { font-size: 11px; fill: #57606a }
.title { font-size: 15px; font-weight: 600 } .line { stroke: #d0d7de } .goal { stroke: #57606a; stroke-width: 2 }
.met { fill: #1a7f37 } .missed { fill: #bc4c00 } .plain { fill: #0969da } .before { fill: none; stroke: #57606a;
stroke-width: 1.5 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .small { fill: #9198a1 } .line { stroke: #3d444d } .goal { stroke: #9198a1 }
.met { fill: #3fb950 } .missed { fill: #f0883e } .plain { fill: #58a6ff } .before { stroke: #9198a1 } }
</style>"""
ROW, LEFT, WIDTH, TOP, RIGHT = 22, 470, 420, 64, 110


def picture(height, parts):
    width = LEFT + WIDTH + RIGHT
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            f'role="img">\n{STYLE}\n' + "\n".join(parts) + "\n</svg>\n")


def text(x, y, words, kind="", anchor="start"):
    return f'<text x="{x:.0f}" y="{y:.0f}" class="{kind}" text-anchor="{anchor}">{escape(words)}</text>'


def scale(least, most):
    """Where a value stands, on a logarithmic axis, and the powers of ten on it."""
    low, high = math.floor(math.log10(least)), math.ceil(math.log10(most))
    high = max(high, low + 1)

    def place(value):
        value = min(max(value, 10.0 ** low), 10.0 ** high)
        return LEFT + WIDTH * (math.log10(value) - low) / (high - low)

    return place, [10.0 ** power for power in range(low, high + 1)]


def upright(x, height, kind):
    return f'<line class="{kind}" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 10}" y2="{height - 12}"/>'


def axis(place, ticks, height, label):
    parts = []
    for tick in ticks:
        parts += [upright(place(tick), height, "line"), text(place(tick), TOP - 16, label(tick), "small", "middle")]
    return parts


def times(value):
    return f"{value:g} x"


def bars(title, subtitle, values, label):
    """A bar for each (name, value), which begins at 1."""
    height = TOP + ROW * len(values) + 16
    place, ticks = scale(1, max(value for _, value in values))
    parts = [text(8, 22, title, "title"), text(8, 40, subtitle, "small"), *axis(place, ticks, height, label)]
    for i, (name, value) in enumerate(values):
        y = TOP + ROW * i
        parts += [text(LEFT - 10, y + 12, name, anchor="end"),
                  f'<rect class="plain" x="{LEFT}" y="{y}" width="{place(value) - LEFT:.1f}" height="14" rx="2"/>',
                  text(place(value) + 6, y + 12, label(value), "small")]
    return picture(height, parts)


def goals(title, subtitle, values):
    """A dot for each (name, how many times better than its goal, the same before or None)."""
    height = TOP + ROW * len(values) + 16
    place, ticks = scale(0.01, 100)
    parts = [text(8, 22, title, "title"), text(8, 40, subtitle, "small"), *axis(place, ticks, height, times),
             upright(place(1), height, "goal")]
    for i, (name, better, before) in enumerate(values):
        y = TOP + ROW * i + 8
        parts.append(text(LEFT - 10, y + 4, name, anchor="end"))
        if before is not None:
            parts.append(f'<circle class="before" cx="{place(before):.1f}" cy="{y}" r="5"/>')
        kind = "met" if better >= 1 else "missed"
        parts.append(f'<circle class="{kind}" cx="{place(better):.1f}" cy="{y}" r="5"/>')
    return picture(height, parts)
