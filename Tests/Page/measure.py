#!/usr/bin/env python3
"""How long the page of a chart of 5,000 events takes, beside 10 other charts and beside many.

    measure.py PROGRAM [OTHERS]
"""

import datetime
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


KINDS = (
    ("symptom.observed", {"code": {"system": "text", "display": "mood"}, "value": {"value": "4", "unit": "1"}}),
    ("session.held", {"minutes": 50, "modality": "CBT"}),
    ("scale.completed", {"instrument": "PHQ-9", "items": [1, 1, 1, 1, 1, 1, 1, 1, 0], "total": 8}),
    ("side_effect.reported", {"what": "nausea", "severity": "mild"}))


def fill(node, chart, when):
    """Writes the events of a chart; `when` gives the clinical time of each by its number."""
    view = node.view(chart)

    def request(number):
        kind, body = KINDS[number % len(KINDS)]
        at = when(number).strftime("%Y-%m-%dT%H:%M:%S+00:00")
        if kind == "session.held":
            body = {**body, "start": at}
        return ("record", {
            "chart": chart, "kind": kind, "body": json.dumps(body), "refs": [], "view": view, "when": at,
            "request": f"made-up-{chart[:8]}-{number}"})
    node.ask_all([request(number) for number in range(EVENTS)])


BEGIN = datetime.datetime(2023, 1, 2, 8)
# As a chart goes: four events a day for three and a half years. And the worst that there can be: everything at one moment, each session
# and each questionnaire a probable duplicate of every other.
CHARTS = {
    "of three years": lambda number: BEGIN + datetime.timedelta(hours=6 * number),
    "of one moment": lambda number: BEGIN,
}


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
        charts = {}
        for name, when in CHARTS.items():
            charts[name] = chart = node.open_chart("Sample Q. Fictional", ("prescribing", "therapy"))
            node.prescribe(chart)
            fill(node, chart, when)
        browser, opened = Browser(node), 0
        for count in (10, others):
            open_charts(node, opened, count)
            opened = count
            for name, chart in charts.items():
                for page in ("", "/replay", "/print"):
                    times = browser.times(f"/chart/{chart}{page}")
                    print(f"{page[1:] or 'chart'}, {EVENTS} events {name}, beside {count} others: {times}", flush=True)
    finally:
        node.stop()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
