"""What holds for every page: the rules of accessibility, a narrow screen, no script, a long chart."""

import datetime
import json
import time

from selenium.webdriver.common.by import By

from nodes import until

PAGES = ("/today", "/caseload", "/peers", "/audit", "/nothing-here")
OF_A_CHART = (
    "", "/course", "/dispute", "/replay", "/replay/course", "/replay?mode=known", "/replay?mode=as-of", "/notes", "/print", "/accept", "/sharing", "/record",
    "/record/scale.completed?instrument=PHQ-9", "/record/scale.completed?instrument=GAD-7", "/record/screening.completed",
    "/record/medication.prescribed", "/record/dose.adjusted", "/record/record.amended", "/record/side_effect.reported",
    "/record/referral.requested", "/record/followup.held", "/record/safety.acknowledged", "/record/symptom.observed")


def case_with_a_dispute(stage):
    one, other, chart = stage.two_practices()
    root = one.ask("show.regimen", {"chart": chart})["content"]["medications"][0]["root"]
    one.record(chart, "scale.completed", {"instrument": "PHQ-9", "items": [2] * 9, "total": 18})
    one.record(chart, "goal.set", {"text": "walk to the lake", "due": "2026-06-01"})
    views = [node.view(chart) for node in (one, other)]
    for node, view, dose in zip((one, other), views, ("100", "50")):
        node.record(chart, "dose.adjusted", {
            "from": {"value": "75", "unit": "mg"}, "to": {"value": dose, "unit": "mg"}, "reason": "titration",
            "effective_from": "2026-02-02"}, about=root, view=view)
    until("the dispute", lambda: one.disputes(chart))
    return one, chart


def look_everywhere(person, chart):
    for path in PAGES + tuple(f"/chart/{chart}{part}" for part in OF_A_CHART):
        person.go(path)
        person.accessible()
    return len(person.checked)


def test_every_page_keeps_the_rules_of_accessibility(stage):
    node, chart = case_with_a_dispute(stage)
    person = stage.person(node)
    person.go("/sign-in").accessible()
    person.driver.get(node.link("--administrator"))
    person.accessible()
    person.enter("--administrator")
    assert look_everywhere(person, chart) >= 20
    # In the dark as well: colours change, and must still be told apart.
    person.driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark"}]})
    look_everywhere(person, chart)


def test_every_page_fits_a_narrow_screen(stage):
    node, chart = case_with_a_dispute(stage)
    person = stage.person(node, width=500)
    # Windows are not made narrower than that; the page is told that it has less.
    person.driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": False})
    person.enter("--administrator")
    assert person.driver.execute_script("return innerWidth") == 390
    look_everywhere(person, chart)


def test_everything_but_live_updates_works_without_script(stage):
    node, chart = case_with_a_dispute(stage)
    person = stage.person(node, script=False).enter()
    for path in ("/today", "/caseload", "/peers", f"/chart/{chart}", f"/chart/{chart}/replay", f"/chart/{chart}/print"):
        person.go(path)
        assert len(person.text) > 20, path
    person.go(f"/chart/{chart}/dispute")
    person.driver.find_element(By.XPATH, '//label[contains(., "50 mg")]/input[@name="choice"]').click()
    person.type("rationale", "the patient had palpitations")
    person.press("Settle the dispute")
    person.sees("Nothing is disputed")
    person.go(f"/chart/{chart}/record/scale.completed?instrument=GAD-7")
    for item in range(7):
        person.choose(f"item-{item}", "1")
    person.press("Record it")
    person.sees("Recorded")
    scores = {each["instrument"]: each["scores"] for each in node.ask("show.trend", {"chart": chart})["content"]["series"]}
    assert scores["GAD-7"][0]["total"] == 7


def test_a_chart_of_five_thousand_events(stage):
    node = stage.node()
    chart = node.open_chart("Sample Q. Fictional")
    node.prescribe(chart)
    events, first = 5000, datetime.date(2026, 1, 5)
    file = f"{stage.folder}/moods.ndjson"
    with open(file, "w") as lines:
        lines.write(json.dumps({
            "resourceType": "Patient", "id": "p", "name": [{"text": "Sample Q. Fictional"}], "birthDate": "1994-02-28"}) + "\n")
        for number in range(events):
            when = first - datetime.timedelta(hours=12 * number // 24)
            lines.write(json.dumps({
                "resourceType": "Observation", "id": f"mood-{number}", "status": "final", "code": {"text": "mood"},
                "subject": {"reference": "Patient/p"},
                "effectiveDateTime": f"{when}T{8 + number % 12:02}:00:00Z",
                "valueQuantity": {"value": number % 10, "system": "http://unitsofmeasure.org", "code": "{score}"}}) + "\n")
    node.run("fhir", "import", "--chart", chart, file, "--same-person")
    entries = len(node.ask("show.timeline", {"chart": chart})["content"]["entries"])
    assert entries >= events, entries
    person = stage.person(node).enter()
    begin = time.monotonic()
    person.go(f"/chart/{chart}").sees("imaginaline")
    print(f"          the chart page of {events} events was there after {time.monotonic() - begin:.1f} s")
    size = len(person.driver.page_source)
    assert size < 400_000, f"this page has {size} characters"
    # The picture in words: the newest rows here, and all of them on pages of their own.
    person.driver.find_element(By.CSS_SELECTOR, "#picture-words > summary").click()
    person.sees(f"The newest 40 of {events}.")
    person.press("All of them")
    seen = 0
    while True:
        seen += len(person.driver.find_elements(By.CSS_SELECTOR, "tbody tr"))
        older = person.driver.find_elements(By.CSS_SELECTOR, "a[rel=next]")
        if not older:
            break
        person.go(older[0].get_attribute("href").removeprefix(node.page))
    assert seen == events, seen
    person.accessible()
    assert "mood" not in person.driver.current_url
    person.go(f"/chart/{chart}/record/goal.set").type("text", "walk to the lake")
    person.press("Record it")
    person.sees("Recorded")
    person.go(f"/chart/{chart}/replay").sees("Replay")
    size = len(person.driver.page_source)
    assert size < 400_000, f"the replay has {size} characters"
