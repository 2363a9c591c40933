"""What an open page is told while nobody touches it."""

import json

from nodes import until

# Set before the page's own script runs: keeps what each stream says, and counts what the page asks for by itself. Timers of whole seconds
# never fire, so that nothing can be a page that asks from time to time.
WATCH = """
    window.told = [], window.asked = 0, window.timers = [];
    const Source = EventSource, ask = fetch;
    window.EventSource = class extends Source {
        constructor(...given) {
            super(...given);
            window.stream = this.url;
            for (const kind of ["charts", "peers", "missed"]) {
                this.addEventListener(kind, (event) => { told.push([kind, event.data]); });
            }
        }
    };
    window.fetch = (...given) => { asked += 1; return ask(...given); };
    window.setInterval = (work, time) => { timers.push(time); return 0; };
"""


def watched(stage, node, path):
    person = stage.person(node).enter()
    person.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": WATCH})
    person.go(path)
    until("the stream has begun", lambda: ["missed", ""] in person.driver.execute_script("return told"))
    # With its beginning the page asks once, for what it may have missed.
    until("it asked once", lambda: person.driver.execute_script("return asked") == 1)
    return person


def test_an_open_chart_is_told_by_the_stream_and_does_not_ask_by_itself(stage):
    one, other, chart = stage.two_practices()
    unrelated = one.open_chart("Another Fictional")
    person = watched(stage, one, f"/chart/{chart}")
    said = lambda: person.driver.execute_script("return told.filter(([kind]) => kind === 'charts').map(([, data]) => data)")  # noqa: E731
    assert person.driver.execute_script("return stream") == f"{one.page}/live"
    assert not said() and "palpitations" not in person.text
    # The other practice records something: it arrives, the stream names the chart, and the page shows it.
    other.record(chart, "side_effect.reported", {"what": "palpitations", "severity": "moderate"})
    person.sees("palpitations")
    assert any(chart in data.split() for data in said()), said()
    assert all(set(data.split()) <= {chart, unrelated} for data in said()), "ids and nothing else"
    # What is told of another chart is none of this page's business: it asks for nothing.
    until("it is at rest", lambda: person.driver.execute_script(
        "return new Promise((done) => { const before = asked; requestIdleCallback(() => done(before === asked)); })"))
    asked, before = person.driver.execute_script("return asked"), len(said())
    one.record(unrelated, "goal.set", {"text": "walk to the lake"})
    until("the other chart is named", lambda: any(unrelated in data for data in said()[before:]))
    assert person.driver.execute_script("return asked") == asked
    # And without a stream's word nothing would have come: no timer of this page ever ran.
    assert "lake" not in person.text and "Another" not in json.dumps(said())
