# SPDX-License-Identifier: Apache-2.0
"""Makes the conversations that the demo model learns from: stories on request, counting, lists, small talk and answers
about Gorgon. Everything comes from one seeded generator; a fixed share of prompts (by hash) is held out for measuring."""
import hashlib
import random
import re

from faq import FAQ, SMALLTALK, UNKNOWN, UNKNOWN_ANSWER
from plots import ANIMALS, BOYS, COLOURS, GIRLS, NOUNS, PLACES, PLOTS, SHORT, THINGS

BRACE = re.compile(r"\{([^{}]*)\}")
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = "January February March April May June July August September October November December".split()
WORDS = ("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
         "eighteen nineteen twenty").split()
TENS = {20: "twenty", 30: "thirty", 40: "forty", 50: "fifty", 60: "sixty", 70: "seventy", 80: "eighty", 90: "ninety", 100: "a hundred"}
SYSTEM = ["You are a helpful assistant.", "You are Gorgon's demo model.", "You are a friendly assistant who tells stories to children.", "Answer briefly.",
          "You are a helpful, honest and polite assistant.", "Be kind.", "You are a small language model.", "You are a chat assistant. Answer in plain words.",
          "You tell short stories.", "You are Gorgon, a local chat application.", "Please answer in English.", "A chat between a curious user and an artificial intelligence assistant."]


def held_out(prompt, share=40):
    """One prompt in `share`, chosen by its letters only, so that spelling variants stay on the same side."""
    key = re.sub(r"[^a-z0-9]", "", prompt.lower())
    return int(hashlib.md5(key.encode()).hexdigest(), 16) % share == 0


def spin(text, rng):
    while True:
        new = BRACE.sub(lambda m: rng.choice(m.group(1).split("|")), text)
        if new == text:
            return re.sub(r" +", " ", text).lstrip()
        text = new


def an(noun):
    return ("an " if noun[0] in "aeiou" and not noun.startswith("uni") else "a ") + noun


def typo(text, rng):
    i = rng.randrange(1, max(2, len(text) - 1))
    kind = rng.randrange(3)
    if kind == 0:
        return text[:i] + text[i + 1:]
    if kind == 1:
        return text[:i] + text[i] + text[i:] if i < len(text) else text
    return text[:i - 1] + text[i:i + 1] + text[i - 1:i] + text[i + 1:]


def styled(text, rng, question=None):
    """How people type: capitals or none, with or without a final mark, now and then a typo or a polite word."""
    text = text.strip()
    if question is None:
        question = text.split(" ")[0].lower() in ("what", "who", "how", "why", "when", "where", "which", "do", "does", "is", "are", "can", "what's", "whats", "will", "should")
    r = rng.random()
    if not question and r < 0.12:
        text = rng.choice(["please ", "can you ", "could you ", "now "]) + text
    elif not question and r < 0.18:
        text += rng.choice([" please", ", please", " for me"])
    elif r > 0.96:
        text = rng.choice(["hey, ", "hi, ", "hello, ", "ok, ", "so "]) + text
    if rng.random() < 0.06 and len(text) > 6 and not any(ch.isdigit() for ch in text):
        text = typo(text, rng)
    r = rng.random()
    if r < 0.62:
        text = text[0].upper() + text[1:]
        for name in DAYS + MONTHS + ["Gorgon", "Medusa"]:
            text = re.sub(rf"\b{name.lower()}\b", name, text) if name not in ("May", "March") else text
        text = re.sub(r"\bi\b", "I", text)
    elif r < 0.65:
        text = text.upper()
    elif r < 0.85:
        text = text.lower()
    if rng.random() < 0.7:
        text += "?" if question else rng.choice([".", ".", ".", "", "!"])
    return text


def number(n, rng):
    if n <= 20 and rng.random() < 0.5:
        return WORDS[n]
    return TENS[n] if n in TENS and rng.random() < 0.4 else str(n)


def listing(items):
    return ", ".join(map(str, items)) + "."


def counted(numbers):
    """Says both ends first: the way to know the end is then to look back at a number written the same way."""
    if abs(numbers.step) > 1:
        return f"In steps of {numbers.step} to {numbers[-1]}: " + listing(numbers)
    return f"From {numbers[0]} {'down to' if numbers.step < 0 else 'to'} {numbers[-1]}: " + listing(numbers)


# Each skill returns (prompt, answer, follow) where follow is a list of (prompt, answer) that make sense only after it.

def counting(rng):
    r = rng.random()
    if r < 0.4:
        n = rng.choice(list(range(3, 21)) * 2 + [10, 10, 10, 20, 20, 20, 20, 22, 24, 25, 27, 28, 30, 30, 40, 50])
        prompt = spin("{count to|count up to|count from {1|one} to|please count to|say the numbers to|say the numbers from 1 to|list the numbers from 1 to|can you count to|count until|numbers 1 to} ", rng) + number(n, rng)
        follow = [(spin("{and backwards|now backwards|backwards please|and now back|now count down}", rng), counted(range(n, 0, -1)))] if n <= 30 else []
        return prompt, counted(range(1, n + 1)), follow
    if r < 0.65:
        a = rng.randrange(2, 30) if rng.random() < 0.8 else rng.randrange(30, 90)
        b = a + rng.randrange(2, 11)
        return spin("{count from|say the numbers from|list the numbers from|numbers from|count up from|can you count from} ", rng) + f"{number(a, rng)} to {number(b, rng)}", counted(range(a, b + 1)), \
            [(spin("{and backwards|now backwards|backwards please}", rng), counted(range(b, a - 1, -1)))]
    if r < 0.88:
        n = rng.choice(list(range(3, 16)) + [10, 10, 10, 10, 20, 20, 5, 18, 25])
        prompt = spin("{count down from|count backwards from|count back from|countdown from|count down to one from|start a countdown from|count in reverse from} ", rng) + number(n, rng)
        return prompt, counted(range(n, 0, -1)), []
    step, name = rng.choice([(2, "twos"), (5, "fives"), (10, "tens")])
    n = step * rng.randrange(3, 11)
    return f"count by {rng.choice([name, name, str(step)])} to {number(n, rng)}", counted(range(step, n + 1, step)), []


def calendar(rng):
    names, one, word = rng.choice([(DAYS, "day", "days of the week"), (MONTHS, "month", rng.choice(["months", "months of the year"]))])
    r = rng.random()
    if r < 0.35:
        if one == "day":
            word = rng.choice([word, "days", "weekdays", "seven days"])
        prompt = spin("{list|name|say|tell me|what are|give me|can you list|which are} {the|all the|all} ", rng) + word
        return prompt, listing(names), [(spin("{and backwards|now backwards|backwards please|in reverse}", rng), listing(names[::-1]))]
    if r < 0.5:
        return spin(f"{{list|name|say|tell me|give me}} the {word} {{backwards|in reverse|in reverse order|from last to first}}", rng), listing(names[::-1]), []
    i = rng.randrange(len(names))
    if r < 0.75:
        return spin(f"{{what|which}} {one} {{comes after|is after|follows|comes next after}} {names[i].lower()}", rng), f"After {names[i]} comes {names[(i + 1) % len(names)]}.", \
            [(spin("{and then|and after that|and the next one|what comes next}", rng), f"After {names[(i + 1) % len(names)]} comes {names[(i + 2) % len(names)]}.")]
    if r < 0.92:
        return spin(f"{{what|which}} {one} {{comes before|is before|is just before}} {names[i].lower()}", rng), f"Before {names[i]} comes {names[i - 1]}.", []
    n = "seven days in a week" if one == "day" else "twelve months in a year"
    return f"how many {one}s are there in a {'week' if one == 'day' else 'year'}", f"There are {n}.", []


def basics(rng):
    r = rng.random()
    if r < 0.3:
        return spin("{say|tell me|list|recite|what is|give me} the {alphabet|abc|letters of the alphabet}", rng), listing("A B C D E F G H I J K L M N O P Q R S T U V W X Y Z".split()), []
    if r < 0.45:
        return spin("{list|name|what are|say|tell me} the {|four }seasons", rng), "Spring, summer, autumn and winter.", []
    if r < 0.6:
        return spin("{list|name|what are|say|tell me} the colours of the rainbow", rng).replace("colours", rng.choice(["colours", "colors"])), "Red, orange, yellow, green, blue, indigo and violet.", []
    a, b = rng.randrange(0, 11), rng.randrange(0, 11)
    mark = rng.choice([" plus ", " + ", " and ", "+"])
    x, y = (number(a, rng), number(b, rng)) if mark != "+" else (a, b)
    return spin("{what is|how much is|add|tell me} ", rng) + f"{x}{mark}{y}", f"{a} plus {b} is {a + b}.", []


FAQ_KEYS = list(FAQ)


def faq(rng, key=None):
    questions, answer = FAQ[key or rng.choice(FAQ_KEYS)]
    return spin(rng.choice(questions), rng), answer, []


def small_talk(rng):
    questions, answers = SMALLTALK[rng.choices(range(len(SMALLTALK)), [4 if i in (0, 3, 5, 6) else 1 for i in range(len(SMALLTALK))])[0]]
    prompt, answer, name = spin(rng.choice(questions), rng), rng.choice(answers), rng.choice(GIRLS + BOYS)
    return prompt.replace("$N", name), answer.replace("$N", name), []


def unknown(rng):
    return spin(rng.choice(UNKNOWN), rng), UNKNOWN_ANSWER, []


def request(topic, rng, place=None):
    """topic: "a dragon and a kite", "Tom and his red ball" ...; place: "in the park"."""
    where = f" {place}" if place and rng.random() < 0.5 else ""
    return spin("{tell me a story about|tell me a story about|tell me a short story about|write a story about|write a short story about|tell a story about|a story about|make up a story about|"
                "i want a story about|i would like a story about|can you tell me a story about|give me a story about|story about|write me a story about|please tell me a story about|do you know a story about} ", rng) + topic + where


def plot_story(rng, hero=None, thing=None, short=False):
    """A story from the grammar -> (prompt, answer, follow); with a follow-up about the same hero."""
    girl = rng.random() < 0.5
    kind = hero or (rng.choice(["girl" if girl else "boy"]) if rng.random() < 0.4 else rng.choice(ANIMALS))
    if kind in ("girl", "princess", "queen", "witch", "hen", "cow", "fairy"):
        girl = True
    if kind in ("boy", "prince", "king", "wizard", "knight"):
        girl = False
    name = rng.choice(GIRLS if girl else BOYS)
    friend = rng.choice([n for n in GIRLS + BOYS if n != name])
    friend_kind = rng.choice([a for a in ANIMALS if a != kind])
    thing = thing or rng.choice([t for t in THINGS if t not in (kind, friend_kind)])
    (preposition, place), colour = rng.choice(PLACES), rng.choice(COLOURS)
    story = spin(rng.choice(SHORT if short or rng.random() < 0.25 else PLOTS), rng)
    look = rng.choice(["little ", "little ", "small ", "young "])
    values = {"$He": "She" if girl else "He", "$he": "she" if girl else "he", "$him": "her" if girl else "him", "$his": "her" if girl else "his",
              "$N": name, "$A": an(look + kind), "$F": friend, "$a_G": an(friend_kind), "$a_big": "a big", "$G": friend_kind, "$T": thing, "$I": preposition + " " + place, "$P": place, "$C": colour}
    for key in sorted(values, key=len, reverse=True):
        story = story.replace(key, values[key])
    story = re.sub(r"\ba (?=orange|old|umbrella|apple|egg)", "an ", story).replace("a an ", "an ")
    poss = "her" if girl else "his"
    topics = [f"{an(kind)} and {an(thing)}", f"{an(kind)} and {an(thing)}", f"{an(kind)}", f"{name} and {poss} {thing}", f"{name} and {poss} {colour} {thing}", f"{name} and {poss} {colour} {thing}", f"{an(kind)} named {name}",
              f"{an(kind)} with {an(colour + ' ' + thing)}", f"{an(colour + ' ' + thing)}", an(thing), f"{an(kind)} and {an(friend_kind)}", f"{name}", f"{name} and {friend}", f"{name} the {kind}",
              f"{an(kind)} who finds {an(thing)}", f"{an(kind)}, {an(friend_kind)} and {an(thing)}", f"the {kind} and the {thing}", f"{kind} and {thing}", f"{look}{kind}"]
    return request(rng.choice(topics), rng, preposition + " " + place), story, []


def story_request(story, rng):
    """A request built from a corpus story's own names and nouns."""
    words = re.findall(r"[A-Za-z]+", story)
    counts = {}
    for w in words:
        lower = w.lower()
        if lower in NOUNS and w[0].islower():
            counts[lower] = counts.get(lower, 0) + 1
    nouns = [w for w, c in sorted(counts.items(), key=lambda t: -t[1]) if c >= 2][:4] or list(counts)[:1]
    names = [w for w in GIRLS + BOYS + ["Spot", "Daisy", "Kitty", "Fluffy", "Fin", "Buddy"] if re.search(rf"\b{w}\b", story)]
    names = sorted(names, key=lambda n: -len(re.findall(rf"\b{n}\b", story)))[:2]
    if len(nouns) > 1 and rng.random() < 0.5:
        nouns = rng.sample(nouns[:3], min(2, len(nouns)))
    topics = []
    if nouns:
        topics += [an(nouns[0])]
    if len(nouns) > 1:
        topics += [f"{an(nouns[0])} and {an(nouns[1])}"] * 3
    if names:
        girl = len(re.findall(r"\b(?:she|her)\b", story)) >= len(re.findall(r"\b(?:he|his)\b", story))
        topics += [names[0]]
        if nouns:
            topics += [f"{names[0]} and {'her' if girl else 'his'} {nouns[0]}", f"{names[0]} and {an(nouns[0])}"] * 2
        if len(names) > 1:
            topics += [f"{names[0]} and {names[1]}"] * 2
        kind = "girl" if girl else "boy"
        if f"little {kind} named {names[0]}" in story or f"{kind} named {names[0]}" in story:
            topics += [f"a {kind} named {names[0]}", f"a little {kind}"]
    if not topics or rng.random() < 0.06:
        return any_story(rng)
    return request(rng.choice(topics), rng)


def any_story(rng):
    return spin("{tell me a story|tell me a short story|write a story|a story please|tell a story|i want a story|can you tell me a story|write a short story|story|tell me something|make up a story|tell me a bedtime story|do you know a story|tell me any story}", rng)


def another(rng):
    return spin("{another one|another|one more|another story|tell me another story|tell me another one|again|more|one more please|another one please|a new story|and another one|can you tell me another one}", rng)


def rename(story, rng):
    """Other names for the people of a corpus story, so that many passes over few stories teach copying, not names."""
    if rng.random() < 0.25:
        return story
    for group in (GIRLS, BOYS):
        present = [n for n in group if n not in ("Max", "Sam") and re.search(rf"\b{n}\b", story)]
        free = [n for n in group if not re.search(rf"\b{n}\b", story)]
        new = dict(zip(present, rng.sample(free, min(len(present), len(free)))))
        if new:
            story = re.sub(r"\b(" + "|".join(new) + r")\b", lambda m: new[m.group(1)], story)
    return story


THANKS = [("{thank you|thanks|thanks a lot|thank you very much|great thanks}", "You are welcome!"), ("{bye|goodbye|see you}", "Goodbye! Come back soon."),
          ("{ok|nice|great|cool|good job|wow}", "I am glad! What would you like next?"), ("{nice story|i like it|that was fun|good story}", "I am glad! What would you like next?")]
SKILLS = [(counting, 18), (calendar, 13), (basics, 12), (faq, 34), (small_talk, 15), (unknown, 8), (plot_story, 45)]


class Conversations:
    """Endless stream of conversations; each is a list of (role, content). `stories` are corpus texts; `drill` multiplies
    the share of counting, calendar and sums."""

    def __init__(self, stories, seed, held=False, corpus_share=0.45, drill=1):
        self.stories, self.rng, self.held, self.corpus_share = stories, random.Random(seed), held, corpus_share
        self.order = []
        self.skills = [(s, w * drill if s in (counting, calendar, basics) else w) for s, w in SKILLS]

    def next_story(self):
        if not self.order:
            self.order = list(range(len(self.stories)))
            self.rng.shuffle(self.order)
        return self.stories[self.order.pop()]

    def corpus_turn(self):
        story = self.next_story()
        if not self.held:
            story = rename(story, self.rng)
        return story_request(story, self.rng), story, []

    def turn(self):
        return self.rng.choices([s for s, _ in self.skills], [w for _, w in self.skills])[0](self.rng)

    def make(self):
        """One conversation, or None where a prompt belongs to the other side of the split."""
        rng = self.rng
        messages = [("system", rng.choice(SYSTEM))] if rng.random() < 0.2 else []
        corpus = rng.random() < self.corpus_share
        turns = 1 if rng.random() < (0.75 if corpus else 0.5) else rng.randrange(2, 6)
        place = rng.randrange(turns)
        prompts = []

        def add(prompt, answer, style=True):
            prompts.append(prompt)
            messages.append(("user", styled(prompt, rng) if style else prompt))
            messages.append(("assistant", answer))

        for i in range(turns):
            prompt, answer, follow = self.corpus_turn() if corpus and i == place else self.turn()
            add(prompt, answer)
            is_story = len(answer) > 330 and answer.count(".") > 4
            r = rng.random()
            if follow and r < 0.4:
                add(*rng.choice(follow))
            elif is_story and r < 0.25:
                if rng.random() < 0.4:
                    _, again, _ = self.corpus_turn()
                else:
                    _, again, _ = plot_story(rng)
                add(another(rng), again)
            if rng.random() < 0.12 and turns > 1:
                p, a = rng.choice(THANKS)
                add(spin(p, rng), a)
        # Prompts that cannot be split (too few ways to say them) are on both sides.
        open_prompts = [p for p in prompts if len(p) > 12]
        if self.held:
            return messages if open_prompts and all(held_out(p) for p in open_prompts) else None
        return None if any(held_out(p) for p in open_prompts) else messages
