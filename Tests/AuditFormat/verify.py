#!/usr/bin/env python3
"""A second verifier of exported charts, written from docs/AUDIT-FORMAT.md alone.

verify.py [--trust KEY]... FILE...      prints "OK FILE" or "BAD FILE: reason" for each; exits with 0 when all are OK.
"""
import base64
import hashlib
import json
import re
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

HASH, SIG = "[A-Za-z0-9_-]{43}", "[A-Za-z0-9_-]{86}"
B32 = "0123456789abcdefghjkmnpqrstvwxyz"
NODE, NUM = f"[{B32}]{{16}}", "[1-9][0-9]{0,14}"
ORIGIN = NODE + rf"\.[0-9a-f][{B32}]{{12}}"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
HASHES = rf'\[(|"{HASH}"(?:,"{HASH}")*)\]'
NEVER_ERASED = {"chart.opened", "member.admitted", "member.removed", "consent.granted", "consent.revoked", "event.erased",
                "key.rotated"}

HEADER = re.compile(rf'\{{"t":"duolog-audit","v":1,"chart":"({HASH})","key":"({HASH})","at":"({TIME})","events":({NUM})\}}')
MEMBER = re.compile(rf'\{{"t":"member","node":"({NODE})","key":"({HASH})","event":"({HASH})"\}}')
HEAD = re.compile(rf'\{{"t":"head","origin":"({ORIGIN})","seq":({NUM}),"hash":"({HASH})","at":"({TIME})","sig":"({SIG})"\}}')
RECEIPT = re.compile(
    rf'\{{"t":"receipt","receiver":"({NODE})","instance":"([0-9]{{1,20}})","origin":"({ORIGIN})","seq":({NUM}),'
    rf'"hash":"({HASH})","at":"({TIME})","sig":"({SIG})"\}}')
END = re.compile(rf'\{{"t":"end","lines":({NUM}),"sha256":"({HASH})","sig":"({SIG})"\}}')
EVENT = re.compile(
    rf'\{{"t":"event","chart":"({HASH})","origin":"({ORIGIN})","seq":({NUM}),"prev":(null|"{HASH}"),'
    rf'"seen":\{{((?:"{ORIGIN}":{NUM}(?:,(?!\}}))?)*)\}},"after":{HASHES},"refs":{HASHES},"at":"({TIME})",'
    rf'"author":"([^"\\\x00-\x1f]{{1,64}})","kind":"([a-z._]{{1,64}})","kv":({NUM}),"crit":(true|false),"body":"({HASH})"\}}')


class Bad(Exception):
    pass


def need(condition, text):
    if not condition:
        raise Bad(text)


def decode(text):
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    need(encode(raw) == text, "base64url that is not canonical")
    return raw


def encode(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def sha(data):
    return encode(hashlib.sha256(data).digest())


def node_id(key):
    bits = int.from_bytes(hashlib.sha256(decode(key)).digest()[:10], "big")
    return "".join(B32[bits >> 5 * place & 31] for place in range(15, -1, -1))


def signed(key, signature, domain, *fields):
    payload = "".join(f"{field}\n" for field in (domain, *fields)).encode()
    try:
        Ed25519PublicKey.from_public_bytes(decode(key)).verify(decode(signature), payload)
    except (InvalidSignature, ValueError):
        return False
    return True


def ascending(values, text):
    need(all(a < b for a, b in zip(values, values[1:])), text)


def merge(clock, other):
    for origin, number in other.items():
        clock[origin] = max(clock.get(origin, 0), number)


class Chart:
    """The events of a file, in their order."""

    def __init__(self, chart):
        self.chart, self.events, self.last, self.kids = chart, {}, None, set()

    def take(self, number, line, body):
        match = EVENT.fullmatch(line)
        need(match, f"line {number}: not an envelope")
        chart, origin, seq, prev, seen, after, refs, _, _, kind, _, _, body_hash = match.groups()
        seq, seen = int(seq), [entry.split('":') for entry in seen.split(",") if entry]
        seen = [(name[1:], int(count)) for name, count in seen]
        after, refs = ([h[1:-1] for h in group.split(",") if h] for group in (after, refs))
        name, prev, where = sha(line.encode()), None if prev == "null" else prev[1:-1], f"line {number}: {origin}#{seq}"
        need(chart == self.chart, f"{where}: of another chart")
        need(name not in self.events, f"{where}: twice")
        key = (1 + sum(n for _, n in seen), origin, seq, decode(name))
        need(self.last is None or self.last < key, f"{where}: out of order")
        self.last = key
        ascending([o for o, _ in seen], f"{where}: seen not ascending")
        for hashes in (after, refs):
            ascending([decode(h) for h in hashes], f"{where}: hashes not ascending")
        seen = dict(seen)
        need(seen.get(origin, 0) < seq and (prev is None) == (seq == 1), f"{where}: seen or prev")
        for h in ([prev] if prev else []) + after + refs:
            need(h in self.events, f"{where}: {h} is missing")
        before = self.events[prev] if prev else None
        need(not before or (before["origin"], before["seq"]) == (origin, seq - 1), f"{where}: prev is another's")
        covering = [self.events[h] for h in after] + ([before] if before and seen.get(origin, 0) == seq - 1 else [])
        closure, past = {}, 0
        for event in covering:
            merge(closure, event["reach"])
        need(closure == seen, f"{where}: seen is not the closure")
        for h in after:
            event = self.events[h]
            covered = any(other["past"] >> event["bit"] & 1 for other in covering if other is not event)
            need(not covered and sum(other is event for other in covering) == 1, f"{where}: after is not maximal")
        for event in covering:
            past |= event["past"]
        need(all(past >> self.events[h]["bit"] & 1 for h in refs), f"{where}: refs outside of the past")
        reach = dict(seen)
        if before:
            merge(reach, before["reach"])
            past |= before["past"]
        reach[origin] = seq
        if body != '{"t":"body","absent":"%s"}' % body_hash:
            need(sha(body.encode()) == body_hash, f"{where}: the body is another")
            need(re.match(r'\{"salt":"[A-Za-z0-9_-]{22}","when":"', body), f"{where}: not a body")
            says = json.loads(body)
        else:
            need(kind not in NEVER_ERASED, f"{where}: a body that is never erased is missing")
            says = None
        bit = len(self.events)
        self.events[name] = dict(name=name, origin=origin, node=origin[:16], seq=seq, seen=seen, refs=refs, kind=kind, says=says,
                                 reach=reach, past=past | 1 << bit, bit=bit, where=where)
        if prev:
            self.kids.add(prev)
        need(bool(seen) != (kind == "chart.opened"), f"{where}: genesis")
        if not seen:
            need(seq == 1 and node_id(says["node_key"]) == origin[:16] and len(decode(says["nonce"])) == 16, f"{where}: founder")
            need(sha(b"duolog/chart/1\n" + decode(says["node_key"]) + decode(says["nonce"])) == chart, f"{where}: chart id")

    def keys(self):
        """node -> (first key, event), by the genesis and the admissions in effect; and the successions of each node, with their events."""
        known, stewards = {}, {}
        self.said = {}
        for event in self.events.values():
            if event["kind"] == "chart.opened":
                known[event["node"]], stewards[event["node"]] = (event["says"]["node_key"], event), [event]
                self.succeed(event["node"], event, event["says"].get("succession", []))
            elif event["kind"] == "member.admitted":
                if any(event["past"] >> by["bit"] & 1 for by in stewards.get(event["node"], [])):
                    key = event["says"]["node_key"]
                    known.setdefault(node_id(key), (key, event))
                    self.succeed(node_id(key), event, event["says"].get("succession", []))
                    if "steward" in event["says"]["scopes"]:
                        stewards.setdefault(node_id(key), []).append(event)
            elif event["kind"] == "key.rotated" and event["node"] in known:
                before = self.had(known, event["node"], event["past"] & ~(1 << event["bit"]))[1]
                if event["says"]["succession"]["old"] in before:
                    self.succeed(event["node"], event, [event["says"]["succession"]])
        return known

    def succeed(self, node, event, successions):
        for s in successions:
            if signed(s["old"], s["sig"], "duolog/succession/1", node, s["old"], s["new"], s["at"]):
                self.said.setdefault(node, []).append((s["old"], s["new"], event["bit"]))

    def had(self, known, node, past):
        """The keys of a node that a past knows, and those of them that are in force."""
        all_keys, grew = [known[node][0]], True
        pairs = [(old, new) for old, new, bit in self.said.get(node, []) if past >> bit & 1]
        while grew:
            grew = [new for old, new in pairs if old in all_keys and new not in all_keys]
            all_keys += grew[:1]
        return all_keys, [key for key in all_keys if not any(old == key and new in all_keys for old, new in pairs)]

    def check_bodies(self):
        erased = {h for e in self.events.values() if e["kind"] == "event.erased" for h in e["refs"]}
        for e in self.events.values():
            by_target = e["kind"] == "record.amended" and erased.intersection(e["refs"])
            need(e["says"] is not None or e["name"] in erased or by_target, f"{e['where']}: no erasure names it")


def verify(data, trust):
    need(data.endswith(b"\n"), "no line feed at the end")
    lines = data.decode("utf-8").split("\n")[:-1]
    header = HEADER.fullmatch(lines[0])
    need(header, "line 1: not a header")
    chart_id, exporter, at, count = header.groups()
    end = END.fullmatch(lines[-1])
    need(end, "the end is missing")
    before = data[: len(data) - len(lines[-1].encode()) - 1]
    need(int(end[1]) == len(lines) - 1 and end[2] == sha(before), "the end counts or hashes otherwise")
    need(signed(exporter, end[3], "duolog/export/1", chart_id, exporter, at, end[1], end[2]), "signature of the end")
    chart, at_line, members, heads, receipts = Chart(chart_id), 1, [], [], []
    while match := MEMBER.fullmatch(lines[at_line]):
        members.append(match.groups())
        at_line += 1
    while lines[at_line].startswith('{"t":"event",'):
        chart.take(at_line + 1, lines[at_line], lines[at_line + 1])
        at_line += 2
    for pattern, found in ((HEAD, heads), (RECEIPT, receipts)):
        while match := pattern.fullmatch(lines[at_line]):
            found.append((at_line + 1, *match.groups()))
            at_line += 1
    need(at_line == len(lines) - 1, f"line {at_line + 1}: not of this part")
    need(len(chart.events) == int(count), "the header counts otherwise")
    chart.check_bodies()
    keys = chart.keys()
    expected = sorted((node, key, event["name"]) for node, (key, event) in keys.items())
    need(members == expected and all(node_id(key) == node for node, key, _ in members), "members are not those admitted")
    everything = (1 << len(chart.events)) - 1
    had = {node: chart.had(keys, node, everything) for node in keys}
    need(all(len(current) == 1 for _, current in had.values()), "two keys claim to follow one of a node")
    need(any(exporter in known for known, _ in had.values()), "the exporter is no member")
    ascending([(h[1], int(h[2]), decode(h[3])) for h in heads], "heads out of order")
    for number, origin, seq, name, when, sig in heads:
        event = chart.events.get(name)
        need(event and (event["origin"], event["seq"]) == (origin, int(seq)), f"line {number}: head of a missing event")
        key, admission = keys.get(origin[:16], (None, None))
        need(key and event["past"] >> admission["bit"] & 1, f"line {number}: a writer that nothing admits")
        current = chart.had(keys, origin[:16], event["past"])[1]
        need(any(signed(k, sig, "duolog/head/1", chart_id, origin, seq, name, when) for k in current),
             f"line {number}: signature of the head")
    headed = {h[3] for h in heads}
    for event in chart.events.values():
        need(event["name"] in chart.kids or event["name"] in headed, f"{event['where']}: no head covers it")
    ascending([(r[1], int(r[2]), r[3], decode(r[5])) for r in receipts], "receipts out of order")
    for number, receiver, instance, origin, seq, name, when, sig in receipts:
        event = chart.events.get(name)
        need(event and (event["origin"], event["seq"]) == (origin, int(seq)), f"line {number}: receipt for a missing event")
        need(receiver in keys and str(int(instance)) == instance, f"line {number}: receipt of no member")
        fields = (receiver, instance, chart_id, origin, seq, name, when)
        need(any(signed(k, sig, "duolog/receipt/1", *fields) for k in had[receiver][0]), f"line {number}: signature of the receipt")
    if trust:
        founder = next(node for node, (_, event) in keys.items() if event["kind"] == "chart.opened")
        writers = {event["node"] for event in chart.events.values() if event["node"] in keys}
        need(trust & set(had[founder][0]) or all(trust & set(had[node][0]) for node in writers), "the keys are not trusted")


def main(arguments):
    trust, files, all_hold = set(), [], True
    while arguments:
        argument = arguments.pop(0)
        if argument == "--trust":
            trust.add(arguments.pop(0))
        else:
            files.append(argument)
    for path in files:
        try:
            with open(path, "rb") as file:
                verify(file.read(), trust)
            print("OK", path)
        except (Bad, ValueError, KeyError, TypeError, IndexError) as error:
            all_hold = False
            print(f"BAD {path}: {error}")
    return 0 if all_hold else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
