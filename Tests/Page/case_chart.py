"""A chart: its picture and the same facts in words, replay, private notes, the summary on paper, and what an auditor does."""

import base64
import io
import json

import pypdf
from selenium.webdriver.common.by import By

NOTEBOOK = "nobody can read these notes"


def busy_chart(node):
    """A chart with something of everything that the picture shows."""
    chart = node.open_chart("Sample Q. Fictional", ("prescribing", "therapy"))
    root = node.prescribe(chart)
    node.record(chart, "dose.adjusted", {
        "from": {"value": "75", "unit": "mg"}, "to": {"value": "100", "unit": "mg"}, "reason": "titration",
        "effective_from": "2026-01-19"}, about=root)
    node.record(chart, "session.held", {"start": "2026-01-12T10:00:00+00:00", "minutes": 50, "modality": "CBT"})
    node.record(chart, "side_effect.reported", {"what": "palpitations", "severity": "moderate"}, about=root)
    node.record(chart, "scale.completed", {"instrument": "PHQ-9", "items": [2, 2, 2, 2, 2, 2, 2, 2, 0], "total": 16})
    node.record(chart, "symptom.observed", {
        "code": {"system": "text", "display": "sleep"}, "value": {"value": "5", "unit": "h"}})
    node.record(chart, "goal.set", {"text": "walk to the lake"})
    node.record(chart, "intake.reported", {"taking": {"value": "75", "unit": "mg"}, "since": "2026-01-12"}, about=root)
    return chart


def test_the_picture_says_in_words_what_it_shows(stage):
    node = stage.node()
    person = stage.person(node).enter().go(f"/chart/{busy_chart(node)}")
    drawn = person.driver.find_elements(By.CSS_SELECTOR, ".course.format-wide .event title")
    drawn = [each.get_attribute("textContent").split(": ", 1)[1] for each in drawn]
    person.driver.find_element(By.CSS_SELECTOR, "#picture-words > summary").click()
    tables = person.driver.find_element(By.ID, "picture-words").text
    assert len(drawn) >= 2 and all(each in tables for each in drawn), (drawn, tables)
    for fact in ("100 mg", "75 mg/d", "PHQ-9 total", "16", "moderately severe", "palpitations", "taken, as the patient said"):
        assert fact in tables, fact
    person.accessible()
    # One picture for the width of the window, and no style that a strict policy would have to allow.
    assert [each.is_displayed() for each in person.driver.find_elements(By.CSS_SELECTOR, ".course.format-wide")] == [True]
    assert not person.driver.find_elements(By.CSS_SELECTOR, "main [style]")
    assert not [line for line in person.driver.get_log("browser") if line["level"] == "SEVERE"]


def test_a_narrow_screen_has_a_picture_of_its_own(stage):
    node = stage.node()
    chart = busy_chart(node)
    person = stage.person(node, width=500).enter()
    person.driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True})
    for path in ("", "/replay", "/dispute", "/print", "/notes"):
        person.go(f"/chart/{chart}{path}").accessible()
    person.go(f"/chart/{chart}")
    narrow, wide = (person.driver.find_element(By.CSS_SELECTOR, f".course.format-{each}") for each in ("narrow", "wide"))
    assert narrow.is_displayed() and not wide.is_displayed()
    size = person.driver.execute_script(
        "return parseFloat(getComputedStyle(arguments[0].querySelector('text')).fontSize) * arguments[0].getBoundingClientRect().width"
        " / arguments[0].viewBox.baseVal.width", narrow)
    assert size > 10, f"words in the picture are {size} pixels high"


def test_the_timeline_is_filtered_by_a_group_and_by_nothing_else(stage):
    node = stage.node()
    chart = busy_chart(node)
    person = stage.person(node, script=False).enter().go(f"/chart/{chart}")
    timeline = lambda: person.driver.find_element(By.ID, "timeline").text  # noqa: E731
    assert "palpitations" in timeline() and "walk to the lake" in timeline()
    person.driver.find_element(By.CSS_SELECTOR, ".filters a[href*='show=therapy']").click()
    assert "walk to the lake" in timeline() and "palpitations" not in timeline()
    assert person.driver.current_url.split("?")[1] == "show=therapy#timeline"


def test_replay_in_three_modes_without_script(stage):
    node = stage.node()
    chart = busy_chart(node)
    person = stage.person(node, script=False).enter()
    for mode, words in (("as-of", "all that is known here now"), ("known", "arrival log"), ("seen", "names what its author had")):
        person.go(f"/chart/{chart}/replay?mode={mode}").sees(words)
        slider = person.driver.find_element(By.ID, "at")
        assert slider.get_attribute("value") == slider.get_attribute("max")
    # The second decision: its author had the first before them, and none of what came later.
    person.sees("dose 75 mg -> 100 mg")
    then = person.driver.find_element(By.CSS_SELECTOR, "[aria-labelledby=h-then]").text
    assert "imaginaline: 75 mg" in then and "100 mg" not in then
    # The picture of that moment is there in words too.
    person.driver.find_element(By.CSS_SELECTOR, "#picture-words > summary").click()
    words = person.driver.find_element(By.ID, "picture-words").text
    assert "75 mg" in words and "100 mg" not in words, words
    assert "75 mg from 2026-01-05" in person.text and "100 mg from 2026-01-19" in person.text, "then, and now"
    person.press("Earlier")
    person.sees("prescribed imaginaline")
    person.sees("No medication.")
    # The history of a medicine leads to what the author of each decision had before them.
    person.go(f"/chart/{chart}").press("what they had seen")
    person.sees("Moment 2 of 2")


def test_an_auditor_checks_the_log_and_takes_an_export(stage):
    node = stage.node()
    chart = busy_chart(node)
    person = stage.person(node).enter().go("/audit")
    person.press("Check now")
    person.sees("All holds.", 60)
    person.accessible()
    person.go(f"/chart/{chart}/replay").accessible()
    text = person.driver.execute_async_script("""
        const form = document.querySelector("form[action$=export]"), done = arguments[0];
        fetch(form.action, {method: "POST", body: new URLSearchParams(new FormData(form))}).then((a) => a.text()).then(done)""")
    file = f"{node.folder}/export.ndjson"
    with open(file, "w") as out:
        out.write(text)
    node.run("audit", "verify", file)
    with open(file, "w") as out:
        out.write(text.replace('"CBT"', '"CBX"'))
    try:
        node.run("audit", "verify", file)
    except AssertionError as error:
        assert "audit verify" in str(error)
    else:
        raise AssertionError("an altered export was taken for a whole one")


def test_the_summary_goes_to_paper(stage):
    node = stage.node()
    chart = busy_chart(node)
    person = stage.person(node).enter().go(f"/chart/{chart}/print")
    person.accessible()
    printed = pypdf.PdfReader(io.BytesIO(base64.b64decode(person.driver.execute_cdp_cmd(
        "Page.printToPDF", {"printBackground": False, "preferCSSPageSize": True})["data"])))
    text = "\n".join(page.extract_text() for page in printed.pages)
    for fact in ("Sample Q. Fictional", "FICTIONAL", "imaginaline", "100 mg from 2026-01-19", "palpitations", "walk to the lake"):
        assert fact in text, f"{fact} in:\n{text}"
    assert "Sign out" not in text and "Back to the chart" not in text
    assert len(printed.pages) <= 4


def test_private_notes_are_their_authors_alone(stage):
    node = stage.node()
    chart = busy_chart(node)
    person = stage.person(node).enter().go(f"/chart/{chart}/notes")
    person.type("notebook-passphrase", NOTEBOOK)
    person.type("again-notebook-passphrase", NOTEBOOK)
    person.press("Make the notebook")
    person.sees("Your notebook is ready")
    person.accessible()
    person.type("text", "a thought of my own")
    person.press("Write it")
    person.sees("sealed to you")
    person.type("notebook-passphrase", "something else altogether")
    person.press("Open")
    person.sees("the passphrase is wrong")
    person.type("notebook-passphrase", NOTEBOOK)
    person.press("Open")
    person.sees("a thought of my own")
    person.accessible()
    # It is nowhere else: not in the chart, not on the next page, not for somebody else, and not in the log.
    person.go(f"/chart/{chart}/notes")
    assert "a thought" not in person.text and NOTEBOOK not in person.driver.page_source
    person.go(f"/chart/{chart}")
    assert "a thought" not in person.text
    assert "a thought" not in json.dumps(node.ask("show.timeline", {"chart": chart}))
    assert NOTEBOOK not in open(node.log).read() and "a thought" not in open(node.log).read()
