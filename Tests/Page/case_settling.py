"""A disagreement, from both sides, and what each had seen."""

from selenium.webdriver.common.by import By

from nodes import until


def change(person, chart, dose):
    """Fills the form of a dose change in, in a tab beside the chart, and leaves it open."""
    person.driver.switch_to.new_window("tab")
    person.go(f"/chart/{chart}/record/dose.adjusted")
    person.sees("Last agreed")
    person.type("to-value", dose)
    person.choose("reason", "titration" if dose == "100" else "side-effect")
    person.choose("looked", "yes")
    return person.driver.window_handles


def test_two_practices_decide_at_once_and_settle_it(stage):
    one, other, chart = stage.two_practices()
    robin = stage.person(one).enter().go(f"/chart/{chart}")
    pat = stage.person(other, width=390).enter().go(f"/chart/{chart}")
    for person in (robin, pat):
        person.sees("75 mg from")
        person.accessible()
    tabs = [change(robin, chart, "100"), change(pat, chart, "50")]
    for node in (one, other):
        node.ask("debug.online", {"online": False})
    for person in (robin, pat):
        person.press("Record it")
        person.sees("Recorded")
    for person, (page, _) in zip((robin, pat), tabs):
        person.driver.switch_to.window(page)
        assert "DISPUTE" not in person.text
    for node in (one, other):
        node.ask("debug.online", {"online": True})
    # Neither page is loaded again: both come to say so by themselves.
    for person in (robin, pat):
        person.sees("DISPUTED {")
        person.sees("last agreed 75 mg")
        assert person.driver.find_elements(By.CSS_SELECTOR, ".course .disputed"), "the stretch is hatched"
        person.accessible()
    pat.press("Look at both and settle it")
    pat.sees("Had not seen")
    values = [each.text for each in pat.driver.find_elements(By.CSS_SELECTOR, ".sibling .value")]
    assert sorted(values) == ["100 mg", "50 mg"]
    for sibling in pat.driver.find_elements(By.CSS_SELECTOR, ".sibling"):
        unseen = sibling.find_element(By.CSS_SELECTOR, ".unseen").text
        mine = sibling.find_element(By.CSS_SELECTOR, ".value").text
        assert ("-> 50 mg" if mine == "100 mg" else "-> 100 mg") in unseen, "each had not seen the other"
    pat.accessible()
    robin.go(f"/chart/{chart}/dispute")
    robin.press("All that they had seen")
    robin.sees("What was not in it")
    robin.go(f"/chart/{chart}/dispute")
    robin.sees("DISPUTED")
    # Neither: something is wrong first, and what was typed is still there.
    pat.choose("choice", "other")
    pat.type("dose", "a little")
    pat.type("rationale", "spoke to both, and to the patient")
    pat.press("Settle the dispute")
    pat.sees("plain decimal")
    assert pat.driver.find_element(By.NAME, "rationale").get_attribute("value") == "spoke to both, and to the patient"
    pat.accessible()
    pat.type("dose", "60")
    pat.press("Settle the dispute")
    pat.sees("Settled and recorded.")
    robin.sees("Nothing is disputed")
    robin.go(f"/chart/{chart}").sees("60 mg from")
    pat.go(f"/chart/{chart}").sees("60 mg from")
    assert "DISPUTED {" not in robin.text and not one.disputes(chart) and not other.disputes(chart)
    # The replay of the moment before: what each had seen, and what not.
    robin.go(f"/chart/{chart}/replay?mode=seen")
    robin.sees("settled: 60 mg")
    robin.sees("DISPUTED {")
    robin.accessible()
    for _ in range(2):
        robin.press("Earlier")
        robin.sees("What was not in it")
        place = robin.driver.find_element(By.CSS_SELECTOR, "label[for=at]").text
        unseen = robin.driver.find_element(By.CSS_SELECTOR, ".unseen").text
        assert ("-> 50 mg" if "-> 100 mg" in place else "-> 100 mg") in unseen, place
        assert "DISPUTED {" not in robin.driver.find_element(By.CSS_SELECTOR, "[aria-labelledby=h-then]").text


def test_a_dispute_is_settled_with_one_of_the_values_and_without_script(stage):
    one, other, chart = stage.two_practices()
    views = {node: node.view(chart) for node in (one, other)}
    root = one.ask("show.regimen", {"chart": chart})["content"]["medications"][0]["root"]
    for node, dose in ((one, "100"), (other, "50")):
        node.ask("record", {
            "chart": chart, "kind": "dose.adjusted", "refs": [root], "view": views[node], "request": f"made-up-{dose}",
            "body": '{"from":{"value":"75","unit":"mg"},"to":{"value":"%s","unit":"mg"},"reason":"titration",'
                    '"effective_from":"2026-01-12"}' % dose})
    until("the dispute", lambda: one.disputes(chart))
    person = stage.person(one, script=False).enter().go(f"/chart/{chart}/dispute")
    person.driver.find_element(By.XPATH, '//form//label[contains(., "50 mg")]/input').click()
    person.type("rationale", "the lower one, until the patient was seen")
    person.press("Settle the dispute")
    person.sees("Settled and recorded.")
    assert one.ask("show.regimen", {"chart": chart})["content"]["medications"][0]["last_agreed"]["dose"]["value"] == "50"
