"""Coming in, and who does not."""

import http.client
import re
import ssl
import subprocess
import urllib.parse

from selenium.webdriver.common.by import By

from nodes import until
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
    person.sees("No passphrase yet")
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


def connect(node):
    place = urllib.parse.urlparse(node.page)
    if place.scheme == "http":
        return http.client.HTTPConnection(place.hostname, place.port)
    # Who signed it is not what is tried here.
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return http.client.HTTPSConnection(place.hostname, place.port, context=context)


def cookies(person):
    return "; ".join(f"{each['name']}={each['value']}" for each in person.driver.get_cookies())


def ask(node, method, path, headers, body=None):
    place = urllib.parse.urlparse(node.page)
    connection = connect(node)
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
    cookie = cookies(person)
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
    cookie = cookies(person)
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
    session = next(each for each in person.driver.get_cookies() if "session" in each["name"])
    assert session["httpOnly"] and session["sameSite"] == "Strict"
    header = cookies(person)
    for path in ("/today", "/caseload", "/peers", "/nothing-here", "/sign-in"):
        answer = ask(node, "GET", path, {"Cookie": header})
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
        assert answer.headers["Cache-Control"] == "no-store", path
        assert answer.headers["X-Content-Type-Options"] == "nosniff" and answer.headers["Referrer-Policy"] == "same-origin"
        assert "<script>" not in answer.text and "style=" not in answer.text and " onclick" not in answer.text


def test_elsewhere_than_on_loopback_the_page_is_encrypted_or_not_at_all(stage):
    open_to_all = {"host": "0.0.0.0"}
    try:
        stage.node(**open_to_all)
        raise RuntimeError("it serves the page in the clear to other machines")
    except AssertionError as error:
        assert "page.certificate" in str(error), error
    files = [f"{stage.folder}/page.pem", f"{stage.folder}/page.key"]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-keyout", files[1],
         "-out", files[0]], check=True, capture_output=True)
    node = stage.node(
        "Another Practice", host="0.0.0.0", name="127.0.0.1", certificate=files[0], private_key=files[1])
    assert node.page.startswith("https://127.0.0.1:")
    path = urllib.parse.urlparse(node.link()).path
    answer = ask(node, "GET", path, {})
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-duolog-") and "Secure" in cookie and "HttpOnly" in cookie
    assert answer.headers["Strict-Transport-Security"]
    token = re.search(r'name="form-token" value="([^"]+)"', answer.text).group(1)
    answer = ask(
        node, "POST", path, {"Cookie": cookie.split(";")[0], "Origin": node.page},
        {"form-token": token, "passphrase": PASSPHRASE, "again": PASSPHRASE})
    assert answer.status == 303, answer.text
    session = answer.headers["Set-Cookie"].split(";")[0]
    assert "Today" in ask(node, "GET", "/today", {"Cookie": session}).text


def test_live_streams_are_bounded_and_name_no_patient(stage):
    node = stage.node()
    chart = node.open_chart("Sample Q. Fictional")
    cookie = cookies(stage.person(node).enter().go("/peers"))
    streams = []
    for _ in range(8):
        place = urllib.parse.urlparse(node.page)
        connection = http.client.HTTPConnection(place.hostname, place.port, timeout=30)
        connection.request("GET", "/live", headers={"Cookie": cookie})
        streams.append((connection, connection.getresponse()))
    # The open page has one itself.
    statuses = sorted(answer.status for _, answer in streams)
    assert statuses == [200] * 3 + [429] * 5, statuses
    live = [answer for _, answer in streams if answer.status == 200][0]
    node.record(chart, "goal.set", {"text": "walk to the lake"})
    said = []
    until("the change is told", lambda: said.append(live.readline().decode()) or chart in said[-1])
    assert "Fictional" not in "".join(said) and "lake" not in "".join(said)
    # A browser that goes makes room at once.
    for connection, answer in streams:
        answer.close()
        connection.close()

    def again():
        connection = http.client.HTTPConnection(place.hostname, place.port)
        connection.request("GET", "/live", headers={"Cookie": cookie})
        answer = connection.getresponse()
        status = answer.status
        answer.close()
        connection.close()
        return status == 200
    until("room for another stream", again, 10)
    assert ask(node, "GET", "/live", {}).status == 303


def test_the_journal_knows_who_looked_on_the_page(stage):
    node = stage.node()
    chart = node.open_chart("Sample Q. Fictional")
    person = stage.person(node).enter()
    before = node.run("audit", "access")
    person.go(f"/chart/{chart}/record/goal.set").sees("Goal")
    after = node.run("audit", "access")
    new = after.removeprefix(before) if after.startswith(before) else after
    assert node.person in new and "timeline" in new, new
    # Somebody who was removed is out with the next click.
    node.run("practitioner", "remove", node.author)
    person.go("/caseload").sees("no practitioner of this node any more")
