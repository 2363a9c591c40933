#!/usr/bin/env python3
"""How long the page of a chart of 5,000 events takes, beside 10 other charts and beside many; and Today and the caseload.

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
    """Charts as a practice has them: a prescription, a session and a questionnaire each, and one in twenty with a follow-up that was missed."""
    opened = node.ask_all([
        ("chart.open", {
            "patient": json.dumps({"name": f"Sample {number} Fictional", "birth_date": "1994-02-28"}),
            "scopes": ["therapy", "prescribing"], "request": f"made-up-chart-{number}"})
        for number in range(first, last)])
    now = datetime.datetime.now(datetime.timezone.utc)

    def record(number, chart, kind, body, days):
        at = (now - datetime.timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S+00:00")
        if kind == "session.held":
            body = {**body, "start": at}
        return ("record", {
            "chart": chart["chart"], "kind": kind, "body": json.dumps(body), "refs": [], "view": chart["view"], "when": at,
            "request": f"made-up-{kind}-{number}"})
    node.ask_all([
        each for number, chart in enumerate(opened, first) for each in (
            record(number, chart, "medication.prescribed", PRESCRIPTION, 90 if number % 20 == 0 else 3),
            record(number, chart, *KINDS[1], days=2), record(number, chart, *KINDS[2], days=2))])


PRESCRIPTION = {
    "drug": {"system": "text", "display": "imaginaline"}, "dose": {"value": "75", "unit": "mg"},
    "frequency": {"times": 1, "period": 1, "period_unit": "d"}, "route": "oral", "effective_from": "2026-01-05"}


def worklists(node, count):
    """What is looked at across charts: the first time after a start, when all of them are read, and from then on."""
    first = {}
    for page, question in (("today", "today"), ("caseload", "chart.list")):
        begin = time.monotonic()
        node.ask(question, {})
        first[page] = (time.monotonic() - begin) * 1000
    browser = Browser(node)
    for page in first:
        print(f"{page}, {count} charts: the first answer {first[page]:.0f} ms, then {browser.times(f'/{page}')}", flush=True)


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
        opened = 0
        for count in (10, others):
            open_charts(node, opened, count)
            opened = count
            node.restart()
            worklists(node, count)
            browser = Browser(node)
            for name, chart in charts.items():
                # Everything was recorded from one view: as of its last day, a chart holds all of it.
                for page in ("", "/replay", "/replay?mode=as-of", "/print"):
                    times = browser.times(f"/chart/{chart}{page}")
                    print(f"{page[1:] or 'chart'}, {EVENTS} events {name}, beside {count} others: {times}", flush=True)
    finally:
        node.stop()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
