"""Two people in two browsers talk through the real binary, which is killed while they do.

usage: page_test.py [binary]

Prints each step as it is passed; pictures of the page go to .build/screenshots.
"""

import pathlib
import re
import sys
import tempfile
import time

from browser import chromium
from node import ROOT, Node, binary_from
from playwright.sync_api import expect

PICTURES = ROOT / ".build/screenshots"
PASSWORD = "a long enough pass phrase"
# People type slower than this test; what is tested here is not the limits.
LIMITS = ["messagesPerSecond=0", "commandsPerSecond=0", "signInsPerMinutePerAddress=0", "accountsPerHourPerAddress=0"]
expect.set_options(timeout=20_000)


class Person:
    """One browser context: its own cookies, its own window."""

    def __init__(self, browser, url, handle, name, **window):
        self.handle, self.name, self.url, self.problems = handle, name, url, []
        self.page = browser.new_context(**window).new_page()
        self.page.on("pageerror", lambda error: self.problems.append(f"{handle}: {error}"))
        self.page.on("console", self.heard)

    def heard(self, message):
        # A killed server makes failed connections; a violated policy or a bug of the page is never right.
        if "Content Security Policy" in message.text or "TrustedHTML" in message.text:
            self.problems.append(f"{self.handle}: {message.text}")

    def at(self, test_id):
        return self.page.get_by_test_id(test_id)

    def picture(self, name):
        self.page.screenshot(path=PICTURES / f"{name}-{self.handle}.png")

    def sign_up(self):
        self.page.goto(self.url)
        self.at("signup-tab").click()
        for field, value in {"name": self.name, "handle": self.handle, "email": f"{self.handle}@example.org"}.items():
            self.at(f"signup-{field}").fill(value)
        self.at("signup-password").fill(PASSWORD)
        self.picture("sign-up")
        self.at("signup-submit").click()
        expect(self.at("me-name")).to_have_text(self.name)

    def sign_in(self):
        self.at("signin-account").fill(self.handle)
        self.at("signin-password").fill(PASSWORD)
        self.at("signin-submit").click()
        expect(self.at("me-name")).to_have_text(self.name)

    def say(self, text):
        self.at("composer").fill(text)
        self.at("composer").press("Enter")

    def message(self, text):
        """The one message with exactly this text: more than one is an error of its own."""
        exact = re.compile("^" + re.escape(text).replace(r"\ ", " ") + r"( \(edited\))?$")
        body = self.page.get_by_test_id("body").filter(has_text=exact)
        return self.page.get_by_test_id("message").filter(has=body)

    def hears(self, text, state="sent"):
        expect(self.message(text)).to_have_count(1)
        expect(self.message(text)).to_have_attribute("data-state", state)

    def bodies(self):
        return self.at("body").all_inner_texts()

    def numbers(self):
        seqs = [each.get_attribute("data-seq") for each in self.at("message").all()]
        return [int(seq) for seq in seqs if seq]


def agree(*people):
    """Everybody shows the same messages in the same order, numbered without a hole."""
    deadline = time.monotonic() + 20
    while True:
        shown = [(person.bodies(), person.numbers()) for person in people]
        if all(each == shown[0] for each in shown) and len(shown[0][0]) == len(shown[0][1]):
            break
        assert time.monotonic() < deadline, f"not the same: {shown}"
        time.sleep(0.1)
    bodies, numbers = shown[0]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), f"numbers: {numbers}"
    return bodies


def step(text):
    print(f"  {text}", flush=True)


def meet(ada, bob):
    ada.sign_up()
    bob.sign_up()
    ada.picture("empty")
    ada.at("new-conversation").click()
    ada.at("people-search").fill("bob")
    ada.page.locator("[data-testid=person][data-handle=bob]").check()
    ada.picture("new")
    ada.at("start").click()
    expect(ada.at("title")).to_have_text("Bob Andersson")
    step("two people signed up, and one started a conversation")


def talk(ada, bob):
    ada.say("Hello Bob")
    ada.hears("Hello Bob")
    item = bob.at("conversation-item")
    expect(item).to_have_attribute("data-unread", "1")
    expect(bob.page).to_have_title("(1) VibeTalk")
    bob.picture("unread")
    item.click()
    bob.hears("Hello Bob")
    expect(item).to_have_attribute("data-unread", "0")
    expect(ada.at("status")).to_have_text("Seen")
    bob.at("composer").press_sequentially("Hel", delay=20)
    expect(ada.at("typing")).to_have_text("Bob Andersson is typing…")
    for turn in range(5):
        bob.say(f"Question {turn}")
        ada.hears(f"Question {turn}")
        ada.say(f"Answer {turn}")
        bob.hears(f"Answer {turn}")
    assert agree(ada, bob)[:3] == ["Hello Bob", "Question 0", "Answer 0"]
    ada.picture("talk")
    bob.picture("talk")
    step("both talked; the unread count, the marker and typing were shown")


def change(ada, bob):
    ada.message("Answer 1").hover()
    ada.message("Answer 1").get_by_role("button", name="Edit").click()
    ada.say("Answer one, corrected")
    bob.hears("Answer one, corrected")
    expect(bob.message("Answer one, corrected").get_by_test_id("edited")).to_be_visible()
    ada.message("Answer 2").hover()
    ada.message("Answer 2").get_by_role("button", name="Delete").click()
    ada.at("confirm-yes").click()
    expect(bob.page.locator("[data-seq='7']")).to_contain_text("Message deleted")
    bob.message("Answer 3").hover()
    bob.message("Answer 3").get_by_role("button", name="React with 👍").click()
    expect(ada.message("Answer 3").get_by_test_id("reaction")).to_have_text("👍 1")
    expect(bob.message("Answer 3").get_by_test_id("reaction")).to_have_attribute("aria-pressed", "true")
    ada.message("Answer 3").get_by_test_id("reaction").click()
    expect(bob.message("Answer 3").get_by_test_id("reaction")).to_have_text("👍 2")
    before = agree(ada, bob)
    ada.page.reload()
    ada.hears("Hello Bob")
    assert agree(ada, bob) == before
    expect(ada.message("Answer 3").get_by_test_id("reaction")).to_have_attribute("aria-pressed", "true")
    step("an edit, a deletion and reactions arrived, and are there after a reload")


def killed(node, ada, bob):
    node.kill()
    expect(ada.at("banner")).to_be_visible()
    for turn in range(3):
        ada.say(f"Written in the dark {turn}")
        ada.hears(f"Written in the dark {turn}", "pending")
    bob.say("I wait as well")
    ada.picture("no-connection")
    bob.picture("no-connection")
    node.start()
    for person in (ada, bob):
        expect(person.at("banner")).to_be_hidden()
        for text in ("Written in the dark 0", "Written in the dark 1", "Written in the dark 2", "I wait as well"):
            person.hears(text)
    bodies = agree(ada, bob)
    dark = [body for body in bodies if body.startswith("Written")]
    assert dark == [f"Written in the dark {turn}" for turn in range(3)], dark
    step("killed: what was written meanwhile arrived once and in order")

    # Killed at moments when the answer to a send, or its commit, may or may not have happened.
    for turn in range(3):
        ada.say(f"Last words {turn}")
        time.sleep(0.002 * turn)
        node.kill()
        bob.say(f"More last words {turn}")
        node.start()
        for person in (ada, bob):
            person.hears(f"Last words {turn}")
            person.hears(f"More last words {turn}")
    before = agree(ada, bob)
    for person in (ada, bob):
        person.page.reload()
        person.hears("More last words 2")
    assert agree(ada, bob) == before
    step("killed three times in the middle of a send: each message is there once, in the same order on both sides")


def unread(ada, bob):
    ada.page.goto(f"{ada.url}/#")
    for turn in range(3):
        bob.say(f"While you are away {turn}")
        bob.hears(f"While you are away {turn}")
    item = ada.at("conversation-item")
    expect(item).to_have_attribute("data-unread", "3")
    expect(item.get_by_test_id("unread")).to_have_text("3")
    ada.page.reload()
    expect(item).to_have_attribute("data-unread", "3")
    ada.picture("unread")
    item.click()
    expect(item).to_have_attribute("data-unread", "0")
    ada.page.reload()
    ada.hears("While you are away 2")
    expect(item).to_have_attribute("data-unread", "0")
    expect(ada.page).to_have_title("VibeTalk")
    step("three unread, also after a reload; none after a look")


def history(ada, bob):
    for turn in range(120):
        bob.say(f"Line {turn}")
    bob.hears("Line 119")
    ada.hears("Line 119")
    ada.page.reload()
    ada.hears("Line 119")
    assert len(ada.bodies()) < 120, "a reload reads the newest page alone"
    deadline = time.monotonic() + 30
    while ada.numbers()[0] > 1:
        assert time.monotonic() < deadline, "scrolling up did not reach the beginning"
        ada.at("timeline").evaluate("box => { box.scrollTop = 0 }")
        time.sleep(0.05)
    ada.picture("history")
    lines = [body for body in ada.bodies() if body.startswith("Line ")]
    assert lines == [f"Line {turn}" for turn in range(120)], lines
    assert ada.numbers() == list(range(1, len(ada.numbers()) + 1))
    step("120 lines in order; scrolling up reached the first message without a hole")


def together(browser, ada, bob):
    chi = Person(browser, ada.url, "chi", "Chi Moreau", viewport={"width": 900, "height": 700})
    chi.sign_up()
    chi.at("new-conversation").click()
    chi.at("channels-tab").click()
    chi.at("channel-name").fill("garden")
    chi.at("channel-topic").fill("Beds and bees")
    chi.at("channel-create").click()
    expect(chi.at("title")).to_have_text("# garden")
    chi.say("Who waters?")
    bob.page.goto(f"{bob.url}/#")
    bob.at("new-conversation").click()
    bob.at("channels-tab").click()
    bob.at("channel-search").fill("gar")
    bob.page.locator("[data-testid=channel-join][data-name=garden]").click()
    bob.hears("Who waters?")
    bob.say("I do")
    chi.hears("I do")
    chi.at("new-conversation").click()
    for handle in ("ada", "bob"):
        chi.at("people-search").fill(handle)
        chi.page.locator(f"[data-testid=person][data-handle={handle}]").check()
    chi.at("group-name").fill("Three of us")
    chi.at("start").click()
    expect(chi.at("title")).to_have_text("Three of us")
    chi.say("<b>Hello</b> <img src=x onerror=alert(1)>")
    ada.at("conversation-item").filter(has_text="Three of us").click()
    ada.hears("<b>Hello</b> <img src=x onerror=alert(1)>")
    agree(ada, chi)
    chi.picture("group")
    step("a channel was created and joined, a group of three talked, and markup stayed text")
    return chi


def sign_out(ada):
    ada.at("sign-out").click()
    ada.at("confirm-yes").click()
    expect(ada.at("signin-form")).to_be_visible()
    ada.page.reload()
    expect(ada.at("signin-form")).to_be_visible()
    ada.sign_in()
    expect(ada.at("conversation-item").first).to_be_visible()
    step("signed out, and in again")


def main():
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        node = Node(binary_from(sys.argv), pathlib.Path(folder) / "data", LIMITS).start()
        try:
            ada = Person(browser, node.url, "ada", "Ada Lovelace", viewport={"width": 1280, "height": 800})
            bob = Person(browser, node.url, "bob", "Bob Andersson", viewport={"width": 390, "height": 844}, color_scheme="dark")
            meet(ada, bob)
            talk(ada, bob)
            change(ada, bob)
            killed(node, ada, bob)
            unread(ada, bob)
            history(ada, bob)
            chi = together(browser, ada, bob)
            sign_out(ada)
            problems = ada.problems + bob.problems + chi.problems
            assert not problems, problems
            node.stop()
        finally:
            node.kill()
    print("browser: passed")


if __name__ == "__main__":
    main()
