"""Two practices decide at once."""

from selenium.webdriver.common.by import By

from nodes import in_step


def change(person, chart, dose, reason):
    person.go(f"/chart/{chart}/record/dose.adjusted").sees("Last agreed")
    person.type("to-value", dose)
    person.choose("reason", reason)
    person.choose("looked", "yes")


def test_two_people_disagree_settle_it_and_the_replay_shows_what_each_had_seen(stage):
    one, other, chart = stage.two_practices()
    first, second = [stage.person(node).enter() for node in (one, other)]
    # Both have the form open, each drawn from the same state.
    change(first, chart, "100", "partial-response")
    change(second, chart, "50", "side-effect")
    tabs = [person.driver.current_window_handle for person in (first, second)]
    # In another window each has the chart open, and touches it no more.
    for person in (first, second):
        person.driver.switch_to.new_window("window")
        person.go(f"/chart/{chart}").sees("75 mg")
        assert "DISPUTED" not in person.text
    charts = [person.driver.current_window_handle for person in (first, second)]
    for person, tab in zip((first, second), tabs):
        person.driver.switch_to.window(tab)
    first.press("Record it")
    first.sees("Recorded")
    # The other's form says what has come, and what is recorded all the same counts as decided without it.
    second.sees("come since you opened this form")
    second.sees("100 mg")
    second.press("Record it")
    second.sees("DISPUTED")
    second.sees("You had not seen")
    # Both see it on the charts that they had open, without loading anything.
    for person, window in zip((first, second), charts):
        person.driver.switch_to.window(window)
        person.sees("DISPUTED")
        person.sees("100 mg")
        person.sees("50 mg")
        person.accessible()
    in_step(chart, one, other)
    assert len(one.disputes(chart)) == len(other.disputes(chart)) == 1
    assert one.ask("show.regimen", {"chart": chart})["content"]["medications"][0]["state"] == "DISPUTED"
    # One settles it.
    first.go("/today").sees("DISPUTE")
    first.accessible()
    first.press("Settle")
    first.sees("Last agreed")
    first.accessible()
    first.driver.find_element(By.XPATH, '//label[contains(., "50 mg")]/input[@name="choice"]').click()
    first.type("rationale", "the patient had palpitations")
    first.press("Settle the dispute")
    first.sees("Nothing is disputed")
    first.accessible()
    # The other, who has the chart open all the while, sees it settled.
    second.sees("last agreed 50 mg" if "last agreed 50 mg" in second.text else "50 mg")
    in_step(chart, one, other)
    second.driver.refresh()
    assert "DISPUTED" not in second.driver.find_element(By.TAG_NAME, "main").text.split("Timeline")[0]
    assert not other.disputes(chart)
    replay_shows(first, second, one, chart)


def replay_shows(first, second, node, chart):
    """The moment before, as each author had seen it: seventy-five milligrams, and nothing of the other's decision."""
    doses = [
        entry["label"] for entry in node.ask("show.timeline", {"chart": chart})["content"]["entries"]
        if entry["label"]["kind"] == "dose.adjusted"]
    for person, label in zip((first, second), doses):
        person.go(f"/chart/{chart}/replay?mode=seen&event={label['event']}")
        person.sees("75 mg")
        person.sees("What was not in it")
        person.accessible()
