"""What holds for every page: the rules of accessibility, the keyboard, a narrow screen, no script, a long chart."""

import datetime
import json
import time

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from nodes import until

PAGES = ("/today", "/caseload", "/caseload/new", "/peers", "/audit", "/nothing-here")
OF_A_CHART = (
    "", "/course", "/dispute", "/replay", "/replay/course", "/replay?mode=known", "/replay?mode=as-of", "/notes", "/print", "/accept",
    "/sharing", "/leave", "/mine", "/integrity", "/record")


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


def everywhere(person, chart):
    """Every page, the form of every kind, and what is done about an event."""
    for path in PAGES:
        yield path
    for part in OF_A_CHART:
        yield f"/chart/{chart}{part}"
    links = lambda path, part: sorted({  # noqa: E731
        each.get_attribute("href").removeprefix(person.node.page)
        for each in person.go(path).driver.find_elements(By.CSS_SELECTOR, "main a[href]") if part in each.get_attribute("href")})
    forms = links(f"/chart/{chart}/record", "/record/")
    assert len(forms) > 35, forms
    yield from forms
    own = links(f"/chart/{chart}/mine", "/event/")
    may = {way: next(each for event in own for each in links(event, way)) for way in ("/correct", "/erase", "record.withdrawn")}
    yield own[0]
    yield from may.values()


def a_few(paths):
    """All pages, and a few of the forms that are all made the same way."""
    forms = [each for each in paths if "/record/" in each]
    return [each for each in paths if each not in forms] + forms[::12]


def look_everywhere(person, chart, choose=list):
    for path in choose(list(everywhere(person, chart))):
        person.go(path)
        person.accessible()


def test_every_page_keeps_the_rules_of_accessibility(stage):
    node, chart = case_with_a_dispute(stage)
    person = stage.person(node)
    person.go("/sign-in").accessible()
    person.driver.get(node.link("--administrator"))
    person.accessible()
    person.enter("--administrator")
    look_everywhere(person, chart)
    # In the dark as well: colours change, and must still be told apart.
    person.driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark"}]})
    look_everywhere(person, chart, a_few)


def test_every_page_fits_a_narrow_screen(stage):
    node, chart = case_with_a_dispute(stage)
    person = stage.person(node, width=500)
    # Windows are not made narrower than that; the page is told that it has less.
    person.driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": False})
    person.enter("--administrator")
    assert person.driver.execute_script("return innerWidth") == 390
    look_everywhere(person, chart)


# What somebody who sees the page could click on: of buttons to choose among, the browser stops at one.
CLICKABLE = """
    const seen = (each) => each.checkVisibility({ checkVisibilityCSS: true }) && !each.closest("details:not([open]) > :not(summary)");
    const groups = new Set();
    return [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [onclick], [tabindex]")].filter((each) => {
        if (!seen(each) || each.disabled || each.matches("main, svg")) return false;
        if (each.type !== "radio") return true;
        const group = (each.form ? [...document.forms].indexOf(each.form) : "") + each.name;
        return !groups.has(group) && groups.add(group);
    }).length"""


def test_the_keyboard_reaches_all_that_the_mouse_does(stage):
    node, chart = case_with_a_dispute(stage)
    person = stage.person(node).enter("--administrator")
    for path in a_few(list(everywhere(person, chart))):
        person.go(path)
        wanted, reached = person.driver.execute_script(CLICKABLE), []
        while True:
            person.keys(Keys.TAB)
            focused = person.driver.switch_to.active_element
            if focused.tag_name == "body" or focused in reached[:1]:
                break
            # The parts of a date are stops of their own, inside of one field.
            if focused not in reached[-1:]:
                reached.append(focused)
            assert len(reached) <= wanted + 20, f"{path}: the keyboard goes on and on"
        assert len(reached) >= wanted, (path, wanted, [each.get_attribute("outerHTML")[:80] for each in reached])
    # And what is typed and chosen by it arrives: a dispute is settled.
    person.go(f"/chart/{chart}/dispute")
    person.tab_to(lambda focused: focused.get_attribute("name") == "choice").send_keys(Keys.SPACE)
    person.tab_to(lambda focused: focused.get_attribute("name") == "rationale").send_keys("both were asked")
    person.tab_to(lambda focused: focused.text == "Settle the dispute").send_keys(Keys.ENTER)
    person.sees("Settled and recorded.")
    # A slider goes one moment back, and the button beside it shows that moment.
    person.go(f"/chart/{chart}/replay")
    slider = person.tab_to(lambda focused: focused.get_attribute("id") == "at")
    before = slider.get_attribute("value")
    slider.send_keys(Keys.ARROW_LEFT)
    person.tab_to(lambda focused: focused.text == "Show this moment").send_keys(Keys.ENTER)
    until("the moment before", lambda: f"at={int(before) - 1}" in person.driver.current_url)


def test_everything_but_live_updates_works_without_script(stage):
    node, chart = case_with_a_dispute(stage)
    person = stage.person(node, script=False).enter()
    for path in list(everywhere(person, chart)):
        person.go(path)
        assert len(person.text) > 20, path
        # What can be pressed sends a form, and what can be sent has something to press.
        buttons, forms = (person.driver.find_elements(By.CSS_SELECTOR, each) for each in ("main button", "main form"))
        assert all(each.find_elements(By.XPATH, "ancestor::form") for each in buttons), path
        assert all(each.find_elements(By.CSS_SELECTOR, "button:not([type=button])") for each in forms), path
        assert not person.driver.find_elements(By.CSS_SELECTOR, "main a:not([href])"), path
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
    # Of the moments of a replay, the one that holds everything, and the one that differs in everything from now.
    for query, words in (("mode=as-of", f"{entries + 1} events"), ("mode=known&at=0", "recorded since")):
        person.go(f"/chart/{chart}/replay?{query}").sees(words)
        size = len(person.driver.page_source)
        assert size < 300_000, f"the replay, {query}, has {size} characters"
