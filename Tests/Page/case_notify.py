"""People are told of what waits for them, by a command of the practice's own."""

import os

from nodes import until


def test_the_named_person_is_told_until_they_open_the_chart(stage):
    told, command = f"{stage.folder}/told", f"{stage.folder}/tell"
    with open(command, "w") as file:
        file.write(f'#!/bin/sh\necho "$@" >>{told}\n')
    os.chmod(command, 0o755)

    def lines():
        return open(told).read().splitlines() if os.path.exists(told) else []
    one, other, chart = stage.two_practices(notify={"command": command})
    root = one.ask("show.regimen", {"chart": chart})["content"]["medications"][0]["root"]
    views = [node.view(chart) for node in (one, other)]
    for node, view, dose in zip((one, other), views, ("100", "50")):
        node.record(chart, "dose.adjusted", {
            "from": {"value": "75", "unit": "mg"}, "to": {"value": dose, "unit": "mg"}, "reason": "titration",
            "effective_from": "2026-02-02"}, about=root, view=view)
    for node in (one, other):
        until("whose decision it is, is told", lambda: f"{node.author} dispute 1" in lines())
    # Nobody has opened it: they are told again.
    before = len(lines())
    one.restart()
    until("told again", lambda: f"{one.author} dispute 1" in lines()[before:])
    # Opened: nobody is told again of that, only of what comes after.
    one.run("conflict", "show", "--chart", chart)
    before = len(lines())
    one.restart()
    one.record(chart, "scale.completed", {"instrument": "PHQ-9", "items": [0, 0, 0, 0, 0, 0, 0, 0, 1], "total": 1})
    until("told of the concern", lambda: f"{one.author} safety 1" in lines()[before:])
    assert f"{one.author} dispute 1" not in lines()[before:], lines()
    assert "Fictional" not in "".join(lines()) and chart not in "".join(lines())
