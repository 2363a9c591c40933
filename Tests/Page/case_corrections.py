"""What a chart wants now and then: opening it, correcting, withdrawing, erasing, a fork, and the end of care."""

import os
import shutil

from selenium.webdriver.common.by import By

from nodes import in_step, pair, share, until


def entry(node, chart, words):
    """The newest event whose line holds these words."""
    return next(
        each for each in reversed(node.ask("show.timeline", {"chart": chart})["content"]["entries"]) if words in each["summary"])


def test_a_chart_is_opened_on_the_page(stage):
    node = stage.node()
    person = stage.person(node).enter().go("/caseload")
    person.press("Open a chart")
    person.type("name", "Sample Q. Fictional")
    person.press("Open the chart")
    person.sees("is needed")
    person.sees("say what this practice does")
    person.accessible()
    assert person.driver.find_element(By.NAME, "name").get_attribute("value") == "Sample Q. Fictional"
    person.driver.execute_script("document.getElementsByName('birth_date')[0].value = '1994-02-28'")
    person.driver.find_element(By.NAME, "scope-therapy").click()
    person.press("Open the chart")
    person.sees("born 28 Feb 1994")
    assert node.ask("chart.list", {})[0]["patient"] == ["Sample Q. Fictional"]


def test_what_was_recorded_is_corrected_in_its_own_form(stage):
    node = stage.node()
    chart = node.open_chart("Sample Q. Fictional", ("therapy",))
    node.record(chart, "session.held", {
        "start": "2026-01-12T10:00:30-05:00", "minutes": 50, "modality": "CBT", "participants": ["a partner", "a friend"]})
    node.record(chart, "scale.completed", {"instrument": "GAD-7", "items": [1, 1, 1, 1, 1, 1, 1], "total": 7})
    person = stage.person(node).enter().go(f"/chart/{chart}/record")
    person.press("Correct what you recorded")
    person.accessible()
    person.press("CBT")
    person.sees("Its life")
    person.accessible()
    person.press("Correct it")
    person.sees("Recorded as")
    person.type("correction-reason", "the clock on the wall was wrong")
    person.press("Record it")
    person.sees("nothing was changed")
    person.accessible()
    person.type("minutes", "25 or so")
    person.press("Record it")
    person.sees("must be a whole number")
    person.type("minutes", "25")
    person.press("Record it")
    person.sees("Recorded")
    session = entry(node, chart, "CBT")
    assert "25 min" in session["corrections"][0]["summary"], session
    # What was not touched was not corrected: neither the seconds of its beginning nor who took part.
    changed = entry(node, chart, "amended")["summary"]
    assert changed.startswith("amended minutes:"), changed
    # A questionnaire item by item, from the answers that it had.
    person.go(f"/chart/{chart}/event/{entry(node, chart, 'GAD-7')['label']['event']}/correct")
    person.choose("item-0", "3")
    person.type("correction-reason", "read from the wrong line")
    person.press("Record it")
    person.sees("Recorded")
    scores = {each["instrument"]: each["scores"] for each in node.ask("show.trend", {"chart": chart})["content"]["series"]}
    assert scores["GAD-7"][0]["total"] == 9, scores
    # Withdrawn: it is chosen already.
    person.go(f"/chart/{chart}/event/{session['label']['event']}").press("Withdraw it")
    person.type("reason", "another patient's session")
    person.press("Record it")
    person.sees("Recorded")
    assert entry(node, chart, "CBT")["standing"] == "withdrawn"
    person.go(f"/chart/{chart}/event/{session['label']['event']}")
    assert "Correct it" not in person.text and "Withdraw it" not in person.text
    # Somebody else's, or a decision, is not corrected.
    root = node.ask("show.timeline", {"chart": chart})["content"]["entries"][0]["label"]["event"]
    person.go(f"/chart/{chart}/event/{root}/correct").sees("not yours to correct")


def test_what_an_event_says_is_erased_on_every_node(stage):
    one, other, chart = stage.two_practices()
    event = one.record(chart, "goal.set", {"text": "walk to the lake"})["event"]
    in_step(chart, one, other)
    person = stage.person(one).enter().go(f"/chart/{chart}/event/{event}")
    person.press("Erase what it says")
    person.sees("nobody can bring it back")
    person.accessible()
    person.type("authority", "GDPR Art. 17, decided by the practice")
    person.driver.execute_script("document.querySelector('main form').noValidate = true")
    person.press("Erase it on every node")
    person.sees("cannot be taken back")
    person.accessible()
    assert person.driver.find_element(By.NAME, "authority").get_attribute("value").startswith("GDPR")
    person.driver.find_element(By.NAME, "sure").click()
    person.press("Erase it on every node")
    person.sees("nothing any more")
    person.sees(other.name)
    person.accessible()
    for node in (one, other):
        until("it is erased", lambda: "lake" not in str(node.ask("show.timeline", {"chart": chart})))
    person.go(f"/chart/{chart}/event/{event}").sees("[erased]")
    assert "Erase what it says" not in person.text
    # What the other practice recorded is not this one's to erase there.
    stranger = stage.person(other).enter().go(f"/chart/{chart}/event/{one.ask('show.regimen', {'chart': chart})['content']['medications'][0]['root']}")
    assert "Erase what it says" not in stranger.text
    stranger.go(f"{stranger.driver.current_url.removeprefix(other.page)}/erase").sees("not yours to erase")


def test_a_fork_is_reviewed_on_the_page(stage):
    one, other, chart = stage.two_practices()
    one.stop()
    # A copy of the node's folder, epoch file and all, that goes on writing for itself.
    copied = f"{one.folder}-copied"
    shutil.copytree(f"{one.folder}/state", f"{copied}/state")
    one.start()
    one.record(chart, "goal.set", {"text": "walk to the lake"})
    in_step(chart, one, other)
    other.ask("debug.online", {"online": False})
    one.stop()
    shutil.rmtree(f"{one.folder}/state")
    os.rename(f"{copied}/state", f"{one.folder}/state")
    one.start()
    one.record(chart, "goal.set", {"text": "walk to the station"})
    person = stage.person(other).enter().go(f"/chart/{chart}/integrity").sees("No number of this chart names two events")
    person = stage.people[-1].go("/today")
    other.ask("debug.online", {"online": True})
    person.sees("INTEGRITY", 40)
    person.accessible()
    person.press("Review")
    person.sees("names two events")
    person.sees("the signature holds")
    person.accessible()
    person.type("rationale", "both goals were set; the copy is switched off")
    person.press("I have looked at all branches")
    person.sees("The alert is closed")
    person.sees("Reviewed")
    person.accessible()
    person.go("/today")
    assert "INTEGRITY" not in person.text


def test_care_ends_and_nothing_open_is_left_behind(stage):
    one, other = stage.node(), stage.node("Invented Family Practice", "Pat Pretend", "physician")
    pair(one, other)
    chart = one.open_chart("Sample Q. Fictional", ("therapy", "prescribing"))
    one.record(chart, "episode.opened", {"reason": "low mood"})
    one.prescribe(chart)
    person = stage.person(one).enter().go(f"/chart/{chart}/record")
    person.press("End of care")
    person.sees("discharge")
    person.accessible()
    person.type("reason", "the patient moved away")
    person.choose("act", "leave")
    person.press("Carry it out")
    person.sees("nobody could admit or remove members")
    person.accessible()
    assert person.driver.find_element(By.NAME, "reason").get_attribute("value") == "the patient moved away"
    share(chart, one, other, "therapy", "prescribing", "steward")
    person.go(f"/chart/{chart}/leave").type("reason", "the patient moved away")
    person.choose("act", "discharge")
    person.press("Carry it out")
    person.sees("would be nobody's")
    assert "--" not in person.driver.find_element(By.ID, "fault").text, "commands are for the command line"
    person.driver.find_element(By.CSS_SELECTOR, f"#taker option[value='{other.ask('status', {})['node']}']").click()
    assert person.driver.find_element(By.CSS_SELECTOR, "[name=act][value=discharge]").is_selected()
    person.press("Carry it out")
    person.sees("open episodes are closed")
    person.sees("Medication that goes on: imaginaline")
    person.accessible()
    person.go(f"/chart/{chart}/leave").type("reason", "the patient moved away")
    person.choose("act", "leave")
    person.press("Carry it out")
    person.sees("has left the chart")
    until("the other knows", lambda: [
        member["removed"] for member in other.ask("show.membership", {"chart": chart})["content"]["members"]
        if member["name"] == one.name] == [True])
