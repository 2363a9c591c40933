#!/usr/bin/env python3
"""How long the page of a chart of 5,000 events takes, beside 10 other charts and beside many.

    measure.py PROGRAM [OTHERS]
"""

import http.cookiejar
import json
import os
import re
import shutil
import statistics
import sys
import tempfile
import time
import urllib.parse
import urllib.request

from nodes import Node

EVENTS = 5000


class Browser:
    """Somebody who came in by a link, and only asks for pages."""

    def __init__(self, node):
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener, link = urllib.request.build_opener(jar), node.link()
        self.base = re.match(r"https?://[^/]+", link).group(0)
        page = self.get(link)
        fields = {"form-token": re.search(r'name="form-token" value="([^"]+)"', page).group(1)}
        for name in ("passphrase", "again"):
            fields[name] = "several made-up words"
        request = urllib.request.Request(link, urllib.parse.urlencode(fields).encode(), {"Origin": self.base})
        self.opener.open(request).read()

    def get(self, address):
        return self.opener.open(address).read().decode()

    def times(self, path, repetitions=7):
        taken = []
        for _ in range(repetitions):
            begin = time.monotonic()
            text = self.get(self.base + path)
            taken.append((time.monotonic() - begin) * 1000)
        return f"median {statistics.median(taken):.0f} ms, slowest {max(taken):.0f} ms, {len(text) // 1024} KiB"


def fill(node, chart):
    view = node.view(chart)
    kinds = (
        ("symptom.observed", {"code": {"system": "text", "display": "mood"}, "value": {"value": "4", "unit": "1"}}),
        ("session.held", {"start": "2026-02-02T10:00:00+00:00", "minutes": 50, "modality": "CBT"}),
        ("scale.completed", {"instrument": "PHQ-9", "items": [1, 1, 1, 1, 1, 1, 1, 1, 0], "total": 8}),
        ("side_effect.reported", {"what": "nausea", "severity": "mild"}))
    node.ask_all([
        ("record", {
            "chart": chart, "kind": kinds[number % 4][0], "body": json.dumps(kinds[number % 4][1]), "refs": [], "view": view,
            "when": f"2026-{1 + number // 28 % 12:02}-{1 + number % 28:02}T{number // 336 % 24:02}:00:00+00:00",
            "request": f"made-up-{number}"})
        for number in range(EVENTS)])


def open_charts(node, first, last):
    node.ask_all([
        ("chart.open", {
            "patient": json.dumps({"name": f"Sample {number} Fictional", "birth_date": "1994-02-28"}), "scopes": ["therapy"],
            "request": f"made-up-chart-{number}"})
        for number in range(first, last)])


def main():
    program, others = os.path.abspath(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
    folder = tempfile.mkdtemp(prefix="duolog-measure-")
    node = Node(program, f"{folder}/0", "Imaginary Practice", "Robin Madeup", "nurse-practitioner")
    try:
        chart = node.open_chart("Sample Q. Fictional", ("prescribing", "therapy"))
        node.prescribe(chart)
        fill(node, chart)
        browser, opened = Browser(node), 0
        for count in (10, others):
            open_charts(node, opened, count)
            opened = count
            for name, path in (("chart", f"/chart/{chart}"), ("replay", f"/chart/{chart}/replay")):
                print(f"{name} of {EVENTS} events beside {count} others: {browser.times(path)}", flush=True)
    finally:
        node.stop()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
