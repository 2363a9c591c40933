"""People at browsers."""

import urllib.parse

from axe_selenium_python import Axe
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from nodes import until

PASSPHRASE = "several made-up words"
# The rules of accessibility that every page is held to.
LEVELS = {"wcag2a", "wcag2aa", "wcag21a", "wcag21aa"}


class Person:
    """Somebody at a browser of their own."""

    # The addresses that were held to the rules, by anybody.
    held = set()

    def __init__(self, node, width=1280, script=True):
        options = webdriver.ChromeOptions()
        for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", f"--window-size={width},900"):
            options.add_argument(argument)
        if not script:
            options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
        self.node, self.script = node, script
        self.driver = webdriver.Chrome(options=options, service=webdriver.ChromeService("/usr/bin/chromedriver"))
        self.driver.set_window_size(width, 900)

    def enter(self, *options):
        """Comes in by a link, and chooses a passphrase."""
        self.driver.get(self.node.link(*options))
        self.type("passphrase", PASSPHRASE)
        self.type("again", PASSPHRASE)
        self.press("Set it and go on")
        until("somebody is in", lambda: self.driver.current_url.endswith("/today"))
        return self

    def go(self, path):
        self.driver.get(self.node.page + path)
        return self

    def type(self, name, text):
        field = self.driver.find_element(By.NAME, name)
        field.clear()
        field.send_keys(text)

    def choose(self, name, value):
        self.driver.find_element(By.CSS_SELECTOR, f'input[name="{name}"][value="{value}"]').click()

    def press(self, words):
        # The page may be on its way out when the button is found: then it is the next page's button that is meant.
        for _ in range(10):
            button = self.driver.find_element(By.XPATH, f'//main//*[self::button or self::a][contains(., "{words}")]')
            try:
                return button.click()
            except StaleElementReferenceException:
                continue
        raise AssertionError(f"'{words}' goes away before it can be pressed")

    @property
    def text(self):
        return self.driver.find_element(By.TAG_NAME, "main").text

    def sees(self, words, seconds=20):
        """Waits, without loading anything, until the page shows these words."""
        def shown():
            try:
                return words in self.text
            except WebDriverException:  # The part was replaced while it was being read.
                return False
        try:
            until(f"'{words}' on {self.driver.current_url}", shown, seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}; the page says:\n{self.text}") from None

    def accessible(self):
        """Holds the page that is open to the rules, and to fitting its window."""
        axe = Axe(self.driver)
        axe.inject()
        found = [
            f"{each['id']}: {node['html'][:160]}" for each in axe.run()["violations"] if LEVELS & set(each["tags"])
            for node in each["nodes"]]
        assert not found, f"{self.driver.current_url}:\n" + "\n".join(found)
        wide, window = self.driver.execute_script("return [document.documentElement.scrollWidth, window.innerWidth]")
        assert wide <= window, f"{self.driver.current_url} is {wide} wide in a window of {window}"
        Person.held.add(urllib.parse.urlparse(self.driver.current_url).path)

    def keys(self, *keys):
        self.driver.switch_to.active_element.send_keys(*keys)

    def tab_to(self, condition, most=80):
        """Goes from one thing to the next, as with the keyboard alone, until one is it."""
        for _ in range(most):
            self.keys(Keys.TAB)
            focused = self.driver.switch_to.active_element
            if condition(focused):
                return focused
        raise AssertionError(f"the keyboard does not reach it on {self.driver.current_url}")

    def leave(self):
        self.driver.quit()
