"""What a test plays on: daemons and browsers, which all end with it."""

from nodes import Node, in_step, pair, share
from people import Person


class Stage:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.nodes, self.people, self.made = [], [], 0

    def node(self, practice="Imaginary Practice", person="Robin Madeup", credential="nurse-practitioner", notify=None, **settings):
        self.made += 1
        node = Node(self.program, f"{self.folder}/{self.made}", practice, person, credential, settings, notify)
        self.nodes.append(node)
        return node

    def person(self, node, **manner):
        person = Person(node, **manner)
        self.people.append(person)
        return person

    def two_practices(self, name="Sample Q. Fictional", **settings):
        """Two practices that treat the same person, with a dose on which both agree."""
        one = self.node(**settings)
        other = self.node("Invented Family Practice", "Pat Pretend", "physician", **settings)
        pair(one, other)
        chart = one.open_chart(name)
        one.prescribe(chart)
        share(chart, one, other, "prescribing")
        return one, other, chart

    def keep(self, folder):
        folder.mkdir()
        for number, person in enumerate(self.people):
            try:
                person.driver.save_screenshot(f"{folder}/{number}.png")
                (folder / f"{number}.html").write_text(person.driver.page_source)
            except Exception as error:  # The browser may be what failed.
                (folder / f"{number}.txt").write_text(str(error))
        for number, node in enumerate(self.nodes):
            (folder / f"{number}.log").write_text(open(node.log).read())

    def end(self):
        for person in self.people:
            person.leave()
        for node in self.nodes:
            node.stop()
