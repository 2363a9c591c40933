"""Recording."""

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from nodes import until

# Markup, an accent on a quotation mark, and Hebrew: what a name may hold.
NAME = '"́><img src=x onerror=document.title="bad"> <b>אברהם</b> & Fictional'


def test_errors_stand_beside_the_field_and_nothing_typed_is_lost(stage):
    node = stage.node()
    chart = node.open_chart("Sample Q. Fictional")
    node.prescribe(chart)
    person = stage.person(node).enter().go(f"/chart/{chart}/record/dose.adjusted")
    person.sees("Last agreed")
    person.type("to-value", "a lot")
    person.choose("reason", "titration")
    person.press("Record it")
    person.sees("you have looked")
    person.choose("looked", "yes")
    person.press("Record it")
    person.sees("plain decimal")
    beside = person.driver.find_element(By.NAME, "to-value")
    assert beside.get_attribute("value") == "a lot" and beside.get_attribute("aria-invalid") == "true"
    assert "plain decimal" in person.driver.find_element(By.ID, beside.get_attribute("aria-describedby")).text
    assert person.driver.find_element(By.CSS_SELECTOR, '[name=reason][value=titration]').is_selected()
    person.accessible()
    person.type("to-value", "100")
    person.press("Record it")
    person.sees("Recorded")
    assert node.ask("show.regimen", {"chart": chart})["content"]["medications"][0]["last_agreed"]["dose"]["value"] == "100"


def test_a_scale_adds_up_as_it_grows(stage):
    node = stage.node()
    chart = node.open_chart("Sample Q. Fictional")
    person = stage.person(node).enter().go(f"/chart/{chart}/record/scale.completed?instrument=PHQ-9")
    total = person.driver.find_element(By.CSS_SELECTOR, "[data-total]")
    for item in range(9):
        person.choose(f"item-{item}", "2" if item < 8 else "1")
        assert total.text == str(min(2 * (item + 1), 16) + (item == 8))
    person.sees("asks for a C-SSRS")
    person.press("Record it")
    person.sees("opened a safety concern")
    person.accessible()
    assert node.ask("show.trend", {"chart": chart})["content"]["series"][0]["scores"][0]["total"] == 17
    person.press("Record a C-SSRS")
    for code in ("93246-7", "93247-5", "93267-3"):
        person.choose(f"answer-{code}", "no")
    person.press("Record it")
    person.sees("Recorded")
    assert "no item answered yes" in node.ask("show.safety", {"chart": chart})["content"]["screening_summary"]


def test_a_name_with_markup_and_from_right_to_left_is_a_name(stage):
    node = stage.node()
    chart = node.open_chart(NAME)
    person = stage.person(node).enter()
    for path in ("/today", "/caseload", f"/chart/{chart}", f"/chart/{chart}/record", f"/chart/{chart}/record/goal.set"):
        person.go(path)
        assert not person.driver.find_elements(By.CSS_SELECTOR, "main img, main [onerror], main b b"), path
        assert "bad" != person.driver.title
        if path != "/today":
            assert NAME in person.text, path
        person.accessible()
    # What was searched for comes back inside an attribute.
    person.go("/caseload")
    person.type("search", '"́><img src=x')
    person.press("Search")
    person.sees("1 of 1 chart found")
    assert person.driver.find_element(By.NAME, "search").get_attribute("value") == '"́><img src=x'
    assert not person.driver.find_elements(By.CSS_SELECTOR, "main img")
    assert "Fictional" not in person.driver.current_url and "img" not in person.driver.current_url


def test_the_caseload_is_searched_by_name_birth_date_and_number(stage):
    node = stage.node()
    chart = node.open_chart("Zoë Fictional")
    node.open_chart("Another Fictional")
    node.run("chart", "accept", "--chart", chart, input="K-4711")
    person = stage.person(node).enter().go("/caseload")
    for words, found in (("zoe", 1), ("FICTIONAL", 2), ("1994-02-28", 2), ("4711", 1), ("zoe 4711", 1), ("nobody", 0)):
        person.type("search", words)
        person.press("Search")
        person.sees(f"{found} of 2 charts found")
    person.accessible()
    assert "nobody" not in open(node.log).read()


def test_a_form_is_told_what_came_after_it_was_opened(stage):
    one, other, chart = stage.two_practices()
    person = stage.person(one).enter().go(f"/chart/{chart}/record/goal.set")
    person.type("text", "walk to the lake")
    other.record(chart, "side_effect.reported", {"what": "palpitations", "severity": "moderate"})
    # Before: the open page says so by itself, and leaves alone what is being typed.
    person.sees("come since you opened this form")
    person.sees("palpitations")
    assert person.driver.find_element(By.NAME, "text").get_attribute("value") == "walk to the lake"
    person.accessible()
    person.press("Record it")
    # After: it was recorded with what its author had seen, and says what they had not.
    person.sees("You had not seen")
    person.sees("palpitations")
    person.accessible()
    goal = [e for e in one.ask("show.timeline", {"chart": chart})["content"]["entries"] if "lake" in e["summary"]][0]
    replay = one.ask("audit.replay", {"chart": chart, "moments": [{"as_seen_by": goal["label"]["event"]}]})["replays"][0]
    assert any("palpitations" in outside["summary"] for outside in replay["outside"])


def test_without_script_a_form_is_stopped_until_its_author_was_told(stage):
    one, other, chart = stage.two_practices()
    person = stage.person(one, script=False).enter().go(f"/chart/{chart}/record/goal.set")
    person.type("text", "walk to the lake")
    other.record(chart, "side_effect.reported", {"what": "palpitations", "severity": "moderate"})
    until("it arrived", lambda: "palpitations" in str(one.ask("show.timeline", {"chart": chart})))
    person.press("Record it")
    person.sees("Not recorded yet")
    person.sees("palpitations")
    assert person.driver.find_element(By.NAME, "text").get_attribute("value") == "walk to the lake"
    person.press("Take them as seen")
    person.press("Record it")
    person.sees("Nothing had come meanwhile")


def test_everything_by_keyboard_alone(stage):
    node = stage.node()
    chart = node.open_chart("Sample Q. Fictional")
    person = stage.person(node)
    person.driver.get(node.link())
    for name in ("passphrase", "again"):
        person.tab_to(lambda focused: focused.get_attribute("name") == name).send_keys("several made-up words")
    person.keys(Keys.ENTER)
    person.sees("Today")
    person.keys(Keys.TAB)
    assert person.driver.switch_to.active_element.text == "Skip to the page"
    person.tab_to(lambda focused: focused.text == "Caseload").send_keys(Keys.ENTER)
    person.sees("1 chart.")
    person.tab_to(lambda focused: focused.text == "Sample Q. Fictional").send_keys(Keys.ENTER)
    until("the chart", lambda: chart in person.driver.current_url)
    person.go(f"/chart/{chart}/record")
    person.tab_to(lambda focused: focused.text == "Allergy").send_keys(Keys.ENTER)
    person.tab_to(lambda focused: focused.get_attribute("name") == "substance").send_keys("made-up pollen")
    person.tab_to(lambda focused: focused.get_attribute("name") == "criticality").send_keys(Keys.SPACE)
    person.tab_to(lambda focused: focused.text == "Record it").send_keys(Keys.ENTER)
    person.sees("Recorded")
    assert "made-up pollen" in str(node.ask("show.timeline", {"chart": chart}))
