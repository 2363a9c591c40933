"""Real daemons in folders of their own, on loopback, with made-up patients."""

import hashlib
import base64
import json
import os
import signal
import socket
import subprocess
import time


def until(what, condition, seconds=30):
    """Waits until a condition holds, and returns what it gave; says what was waited for when it never does."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s for: {what}")
        time.sleep(0.02)


class Node:
    """A daemon. What it is asked goes the way of the command line."""

    def __init__(self, program, folder, name, person, credential, settings=None, notify=None):
        self.program, self.folder, self.name = program, folder, name
        os.makedirs(folder)
        self.configuration, self.socket, self.log = f"{folder}/duolog.yaml", f"{folder}/s", f"{folder}/log"
        page = {"port": 0, **(settings or {})}
        with open(self.configuration, "w") as file:
            file.write(f"name: {name}\nstate_dir: {folder}/state\nsocket: {self.socket}\nlisten:\n  port: 0\npage:\n")
            file.writelines(f"  {key}: {value}\n" for key, value in page.items())
            if notify:
                file.write("notify:\n")
                file.writelines(f"  {key}: {value}\n" for key, value in notify.items())
        self.run("init", "--fictional")
        self.start()
        self.author = self.json("practitioner", "add", "--name", person, "--credential", credential)["author"]
        self.person = person

    def start(self):
        self.process = subprocess.Popen(
            [self.program, "serve", "--config", self.configuration], stderr=open(self.log, "a"), stdout=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL)
        self.page = until(f"the page of {self.name}", self._page)

    def restart(self):
        self.stop()
        self.start()

    def _page(self):
        if self.process.poll() is not None:
            raise AssertionError(f"{self.name} did not start: {open(self.log).read()}")
        try:
            return self.ask("status", {})["page"] if os.path.exists(self.socket) else None
        except (ConnectionError, KeyError):
            return None

    def run(self, *arguments, input=""):
        done = subprocess.run(
            [self.program, *arguments, "--config", self.configuration], input=input, capture_output=True, text=True)
        if done.returncode != 0:
            raise AssertionError(f"duolog {' '.join(arguments)}: {done.returncode} {done.stderr}")
        return done.stdout

    def json(self, *arguments, input=""):
        return json.loads(self.run(*arguments, "--json", input=input))

    def ask(self, name, body):
        return self.ask_all([(name, body)])[0]

    def ask_all(self, requests):
        """Asks one thing after another over one connection."""
        answers = []
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(self.socket)
            stream = line.makefile("rwb")
            for name, body in requests:
                stream.write(json.dumps({"request": name, "body": body}).encode() + b"\n")
                stream.flush()
                reply = json.loads(stream.readline())
                if reply.get("error"):
                    raise AssertionError(f"{name}: {reply['error']['text']}")
                answers.append(reply["answer"])
        return answers

    def link(self, *options):
        return self.json("practitioner", "invite", self.author, *options)["link"]

    def open_chart(self, name, scopes=("prescribing",)):
        scoped = [word for scope in scopes for word in ("--scope", scope)]
        patient = json.dumps({"name": name, "birth_date": "1994-02-28"})
        return self.json("chart", "open", *scoped, input=patient)["chart"]

    def view(self, chart):
        return self.ask("show.regimen", {"chart": chart})["view"]

    def record(self, chart, kind, body, about=None, refs=(), view=None):
        request = {
            "chart": chart, "kind": kind, "body": json.dumps(body), "refs": list(refs), "view": view or self.view(chart),
            "request": base64.urlsafe_b64encode(os.urandom(18)).decode(),
        }
        if about:
            request["about"] = about
        return self.ask("record", request)

    def prescribe(self, chart):
        """Seventy-five milligrams of something made up, as the case has it before the disagreement."""
        return self.record(chart, "medication.prescribed", {
            "drug": {"system": "text", "display": "imaginaline"}, "dose": {"value": "75", "unit": "mg"},
            "frequency": {"times": 1, "period": 1, "period_unit": "d"}, "route": "oral", "effective_from": "2026-01-05",
        })["event"]

    def disputes(self, chart):
        return [d for shown in self.ask("conflict.list", {"chart": chart}) for d in shown["content"]["disputes"]]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


def pair(one, other):
    """By code, as administrators do it; the first calls the second."""
    codes = [node.json("peer", "invite") for node in (one, other)]
    one.run("peer", "accept", codes[1]["code"])
    other.run("peer", "accept", codes[0]["code"], "--wait")
    one.run("peer", "sync", other.ask("status", {})["node"])
    return codes


def share(chart, one, other, *scopes):
    document = base64.urlsafe_b64encode(hashlib.sha256(b"a made-up patient's signed consent").digest()).decode().rstrip("=")
    scoped = [word for scope in scopes for word in ("--scope", scope)]
    one.run(
        "chart", "share", "--chart", chart, "--with", other.ask("status", {})["node"], *scoped, "--consent-document", document,
        "--view", one.view(chart))
    in_step(chart, one, other)


def in_step(chart, *nodes):
    """Waits until all of them have the same events of a chart."""
    def digests():
        try:
            return len({node.ask("debug.digest", {"chart": chart})[0]["digest"] for node in nodes}) == 1
        except AssertionError:
            return False
    until("both practices in step", digests)
