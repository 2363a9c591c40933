"""Coming in, and who does not."""

import http.client
import re
import urllib.parse

from selenium.webdriver.common.by import By

from people import PASSPHRASE


def test_a_link_is_good_once_and_the_passphrase_after_it(stage):
    node = stage.node()
    link = node.link()
    person = stage.person(node)
    person.driver.get(link)
    person.type("passphrase", "short")
    person.type("again", "short")
    person.driver.execute_script("document.querySelector('form').noValidate = true")
    person.press("Set it and go on")
    person.sees("too short")
    person.type("passphrase", PASSPHRASE)
    person.type("again", "something else entirely")
    person.press("Set it and go on")
    person.sees("not the same")
    person.type("passphrase", PASSPHRASE)
    person.type("again", PASSPHRASE)
    person.press("Set it and go on")
    person.sees("Today")
    person.driver.find_element(By.XPATH, '//header//button[text()="Sign out"]').click()
    person.driver.get(link)
    person.sees("used, has expired, or never was")
    person.go("/caseload")
    person.type("name", node.person)
    person.type("passphrase", PASSPHRASE)
    person.press("Sign in")
    person.sees("Caseload")


def test_a_wrong_passphrase_says_nothing_and_locks_out(stage):
    node = stage.node()
    stage.person(node).enter()
    stranger = stage.person(node)
    for attempt in range(5):
        stranger.go("/sign-in")
        # A name that nobody has is told the very same.
        stranger.type("name", node.person if attempt else "Nobody Atall")
        stranger.type("passphrase", "not the one at all")
        stranger.press("Sign in")
        stranger.sees("name and passphrase do not belong together")
    stranger.type("passphrase", "not the one at all")
    stranger.press("Sign in")
    stranger.sees("name and passphrase do not belong together")
    stranger.type("passphrase", PASSPHRASE)
    stranger.press("Sign in")
    stranger.sees("too many wrong passphrases")
    # The administrator lets them in again.
    person = stage.person(node).enter()
    person.sees("Today")
    log = open(node.log).read()
    assert "not the one at all" not in log and PASSPHRASE not in log


def test_what_is_idle_is_locked_and_what_was_typed_is_kept(stage):
    node = stage.node(idle_minutes=1)
    chart = node.open_chart("Sample Q. Fictional")
    person = stage.person(node).enter()
    person.driver.find_element(By.XPATH, '//header//button[text()="Lock"]').click()
    person.sees("Locked")
    person.type("unlock-passphrase", "not the one at all")
    person.press("Unlock")
    person.sees("do not belong together")
    person.type("unlock-passphrase", PASSPHRASE)
    person.press("Unlock")
    person.sees("Today")
    # Somebody else locks the session while a form is being filled in: the form comes back with what was in it.
    person.go(f"/chart/{chart}/record/goal.set")
    person.type("text", "walk to the lake")
    person.driver.execute_script("""
        return fetch("/lock", { method: "POST",
            body: new URLSearchParams({ "form-token": document.body.dataset.token }) })""")
    person.press("Record it")
    person.sees("Locked")
    assert "lake" not in person.text
    person.type("unlock-passphrase", PASSPHRASE)
    person.press("Unlock")
    person.sees("Recorded")
    entries = node.ask("show.timeline", {"chart": chart})["content"]["entries"]
    assert any("walk to the lake" in entry["summary"] for entry in entries)


def ask(node, method, path, headers, body=None):
    place = urllib.parse.urlparse(node.page)
    connection = http.client.HTTPConnection(place.hostname, place.port)
    connection.putrequest(method, path, skip_host=True)
    data = urllib.parse.urlencode(body).encode() if body is not None else None
    given = {"Host": place.netloc, **headers}
    if data is not None:
        given |= {"Content-Length": str(len(data)), "Content-Type": "application/x-www-form-urlencoded"}
    for name, value in given.items():
        if value is not None:
            connection.putheader(name, value)
    connection.endheaders(data)
    answer = connection.getresponse()
    answer.text = answer.read().decode()
    return answer


def test_only_forms_of_this_page_and_this_session_are_taken(stage):
    node = stage.node()
    chart = node.open_chart("Sample Q. Fictional")
    person = stage.person(node).enter()
    cookie = "; ".join(f"{each['name']}={each['value']}" for each in person.driver.get_cookies())
    token = person.driver.find_element(By.NAME, "form-token").get_attribute("value")
    path = f"/chart/{chart}/record/goal.set"
    good = {"Cookie": cookie, "Origin": node.page}
    body = {"text": "walk to the lake", "when": "2026-01-05T09:00", "offset": "+00:00", "view": node.view(chart), "request": "r1"}

    def events():
        return len(node.ask("show.timeline", {"chart": chart})["content"]["entries"])
    before = events()
    for headers, fields in [
        (good, body), (good, {**body, "form-token": "x" * 43}), ({**good, "Origin": "http://elsewhere.example"}, {**body, "form-token": token}),
        ({"Cookie": cookie, "Origin": "null"}, {**body, "form-token": token}), ({"Cookie": cookie}, {**body, "form-token": token}),
    ]:
        answer = ask(node, "POST", path, headers, fields)
        assert answer.status == 403, (answer.status, headers)
    assert ask(node, "POST", path, {"Origin": node.page}, {**body, "form-token": token}).status == 403
    assert events() == before
    assert ask(node, "POST", path, good, {**body, "form-token": token}).status == 200
    # The same form sent twice is one event.
    assert ask(node, "POST", path, good, {**body, "form-token": token}).status == 200
    assert events() == before + 1


def test_another_host_header_gets_nothing(stage):
    node = stage.node()
    chart = node.open_chart("Sample Q. Fictional")
    person = stage.person(node).enter()
    cookie = "; ".join(f"{each['name']}={each['value']}" for each in person.driver.get_cookies())
    for host in ("elsewhere.example", "localhost.elsewhere.example", urllib.parse.urlparse(node.page).hostname):
        answer = ask(node, "GET", "/caseload", {"Host": host, "Cookie": cookie})
        assert answer.status == 421 and "Fictional" not in answer.text, (host, answer.status)
    assert "Fictional" in ask(node, "GET", "/caseload", {"Cookie": cookie}).text
    assert ask(node, "GET", f"/chart/{chart}/record", {}).status == 303
    # The cookie of one browser says nothing to another.
    assert ask(node, "GET", "/caseload", {"Cookie": re.sub(r"(session[^=]*=)[^;]{4}", r"\1AAAA", cookie)}).status == 303


def test_every_answer_is_protected_and_kept_nowhere(stage):
    node = stage.node()
    person = stage.person(node).enter()
    cookies = person.driver.get_cookies()
    session = next(each for each in cookies if "session" in each["name"])
    assert session["httpOnly"] and session["sameSite"] == "Strict"
    header = "; ".join(f"{each['name']}={each['value']}" for each in cookies)
    for path in ("/today", "/caseload", "/peers", "/nothing-here", "/sign-in"):
        answer = ask(node, "GET", path, {"Cookie": header})
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
        assert answer.headers["Cache-Control"] == "no-store", path
        assert answer.headers["X-Content-Type-Options"] == "nosniff" and answer.headers["Referrer-Policy"] == "same-origin"
        assert "<script>" not in answer.text and "style=" not in answer.text and " onclick" not in answer.text
