"""Pairing on the page, and how peers are."""

import hashlib
import re

from selenium.webdriver.common.by import By

from nodes import in_step, pair, share


def test_two_practices_pair_by_code_on_the_page(stage):
    one, other = stage.node(), stage.node("Invented Family Practice", "Pat Pretend", "physician")
    people = [stage.person(node).enter("--administrator").go("/peers") for node in (one, other)]
    codes = [person.driver.find_element(By.ID, "own").get_attribute("value") for person in people]
    people[0].type("code", codes[1][:-5])
    people[0].press("Look at it")
    people[0].sees("not copied whole")
    people[0].accessible()
    for person, code, call in zip(people, reversed(codes), ("yes", "no")):
        person.type("code", code)
        person.press("Look at it")
        person.sees("Is it them?")
        person.accessible()
        person.choose("call", call)
        person.press("Pair")
    for person in people:
        person.go("/peers").sees("in step", 40)
        person.accessible()
    chart = one.open_chart("Sample Q. Fictional")
    people[1].go("/today").sees("Nothing waits")
    share(chart, one, other, "prescribing")
    # Without loading anything: the other practice learns that a chart has come.
    people[1].sees("Sample Q. Fictional")
    people[0].go("/peers").sees("Last receipt")
    assert re.search(r"Shared\s+1 chart", people[0].text), people[0].text


def test_only_who_sees_to_the_node_pairs_it(stage):
    node, other = stage.node(), stage.node("Invented Family Practice", "Pat Pretend", "physician")
    person = stage.person(node).enter().go("/peers")
    person.sees("Pairing is done by who sees to this node")
    token = person.driver.find_element(By.NAME, "form-token").get_attribute("value")
    code = other.json("peer", "invite")["code"]
    answer = person.driver.execute_async_script(
        """const done = arguments[arguments.length - 1];
        fetch("/peers/accept", { method: "POST", body: new URLSearchParams({ "form-token": arguments[0], code: arguments[1] }) })
            .then((answer) => done(answer.status))""", token, code)
    assert answer == 403 and not node.ask("peer.list", {})


def test_a_chart_is_shared_and_the_consent_taken_back_on_the_page(stage):
    one, other = stage.node(), stage.node("Invented Family Practice", "Pat Pretend", "physician")
    pair(one, other)
    chart = one.open_chart("Sample Q. Fictional")
    person = stage.person(one).enter().go(f"/chart/{chart}/sharing")
    person.accessible()
    node = other.ask("status", {})["node"]
    person.driver.find_element(By.CSS_SELECTOR, f'#peer option[value="{node}"]').click()
    person.driver.find_element(By.CSS_SELECTOR, '[name=scope-therapy]').click()
    person.type("document", "not a hash")
    person.press("Share the whole chart")
    person.sees("as sha256sum prints it")
    assert person.driver.find_element(By.ID, "document-share").get_attribute("value") == "not a hash"
    person.type("document", hashlib.sha256(b"signed").hexdigest() + "  consent.pdf")
    person.press("Share the whole chart")
    person.sees("The chart is shared")
    in_step(chart, one, other)
    for details in person.driver.find_elements(By.CSS_SELECTOR, "details > summary"):
        details.click()
    person.accessible()
    person.type("reason", "the patient asked for it")
    person.press("The patient takes the consent back")
    person.sees("nothing more is sent")
    assert "none" in person.driver.find_element(By.XPATH, '//tr[contains(., "Invented")]').text
    one.record(chart, "goal.set", {"text": "walk to the lake"})
    assert "lake" not in str(other.ask("show.timeline", {"chart": chart}))
