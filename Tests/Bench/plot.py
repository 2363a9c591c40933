#!/usr/bin/env python3
"""Draws what `bench growth --json` printed: plot.py GROWTH.json PICTURE.svg

Six small pictures, each with a logarithmic axis below and one that begins at zero beside: what is flat looks flat.
"""
import json
import math
import sys

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 360, 230, 58, 40, 34, 14
COLOURS = ["#1b5e8c", "#b3541e", "#4d7c2a"]


def nice(most):
    """The least 1, 2 or 5 times a power of ten that is no less."""
    power = 10 ** math.floor(math.log10(most or 1))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= most)


def short(value):
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"


def panel(x0, y0, title, below, lines):
    """One picture. `lines` is a list of (name, [(x, y)])."""
    xs = [x for _, points in lines for x, _ in points]
    top = nice(max(y for _, points in lines for _, y in points) * 1.3)
    low, high = math.log10(min(xs)), math.log10(max(xs))
    right, bottom = x0 + WIDTH - RIGHT, y0 + HEIGHT - BOTTOM

    def place(x, y):
        share = (math.log10(x) - low) / (high - low) if high > low else 0.5
        return x0 + LEFT + share * (WIDTH - LEFT - RIGHT), bottom - y / top * (HEIGHT - BOTTOM - TOP)

    parts = [f'<text x="{x0 + 8}" y="{y0 + 18}" class="title">{title}</text>']
    for step in range(5):
        y = place(xs[0], top * step / 4)[1]
        parts.append(f'<line x1="{x0 + LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}" class="grid"/>')
        parts.append(f'<text x="{x0 + LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{short(top * step / 4)}</text>')
    for x in sorted(set(xs)):
        parts.append(f'<text x="{place(x, 0)[0]:.1f}" y="{bottom + 16}" text-anchor="middle">{short(float(f"{x:.2g}"))}</text>')
    parts.append(f'<text x="{(x0 + LEFT + right) / 2}" y="{bottom + 33}" text-anchor="middle">{below}</text>')
    for number, (name, points) in enumerate(lines):
        colour = COLOURS[number]
        places = [place(x, y) for x, y in sorted(points)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
        if len(lines) > 1:
            parts.append(
                f'<text x="{right - 4}" y="{y0 + TOP + 12 + 14 * number}" text-anchor="end" fill="{colour}">{name}</text>')
    return parts


def main():
    growth = json.load(open(sys.argv[1]))
    by_events, by_charts = growth["byEvents"], growth["byCharts"]

    def line(among, axis, value):
        return [(point["size"][axis], value(point)) for point in among]

    pictures = [
        ("Catch-up, microseconds an event", "events, 500 in a chart", [("", line(by_events, "events", lambda p: p["catchUp"]))]),
        ("Catch-up, microseconds an event", "charts, 100,000 events; a million with 100k", [("", line(by_charts, "charts", lambda p: p["catchUp"]))]),
        ("Memory while catching up, MiB", "events, 500 in a chart", [
            ("receiver", line(by_events, "events", lambda p: p["receiverKiB"] / 1024)),
            ("sender", line(by_events, "events", lambda p: p["senderKiB"] / 1024))]),
        ("One event, microseconds (median)", "events, 500 in a chart", [
            ("durable", line(by_events, "events", lambda p: p["append"])),
            ("readable at the peer", line(by_events, "events", lambda p: p["live"])),
            ("the same, late", line(by_events, "events", lambda p: p["late"]))]),
        ("One event, microseconds (median)", "charts, 100,000 events; a million with 100k", [
            ("durable", line(by_charts, "charts", lambda p: p["append"])),
            ("readable at the peer", line(by_charts, "charts", lambda p: p["live"])),
            ("the same, late", line(by_charts, "charts", lambda p: p["late"]))]),
        ("Reconnect with nothing new, bytes", "events, 500 in a chart", [("", line(by_events, "events", lambda p: p["reconnect"]))]),
    ]
    columns = 2
    rows = (len(pictures) + 1) // columns
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH * columns}" height="{HEIGHT * rows}" role="img" aria-label="How the cost grows">',
        "<style>text{font:11px sans-serif}.title{font-weight:bold;font-size:12px}.grid{stroke:#ddd}</style>",
        '<rect width="100%" height="100%" fill="white"/>',
    ]
    for number, (title, below, lines) in enumerate(pictures):
        if lines[0][1]:
            parts += panel(number % columns * WIDTH, number // columns * HEIGHT, title, below, lines)
    open(sys.argv[2], "w").write("\n".join(parts + ["</svg>", ""]))


main()
