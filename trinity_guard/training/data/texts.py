"""Generated text: plain words, and the strings that break layouts (runs, addresses, glued and compound words).

Only Random.random() is drawn from: it alone gives the same numbers on every version of Python.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import TypeVar

Item = TypeVar("Item")

ENGLISH = """
    a an as at be by do go in is it no of on or so to up we all and any are can day for get how its may new not now
    one our out see set the two use was way who you able also area back been best both case come data each easy even
    file find five form from full give good have here high home into just keep kind last left less life like line
    list long look made make many mind more most much name need next only open over page part plan read real rest
    same save seem show side size some step such take team than that them then they this time tree type very want
    week well what when wide will with word work year about above after again below bring build carry cause check
    clear close could count cover daily draft early every field final first found frame front given glass great
    green group guide happy heavy house human index inner issue label large later layer learn level light limit
    local logic maker match means model month never night often order outer paper phase place plain point press
    price proof quick quiet quite range ready right river round scale sense shape share short since small sound
    space stage start state stone store style table their there thing three title today total touch under until
    usage value water where which while white whole without window winter within writer yellow account address
    already another balance because between careful catalog certain chapter collect comment company contain control
    current customer deliver describe different direction document easily editor effect example explain feature
    follow general history however improve include language machine manager measure message morning natural network
    nothing number office options ordinary overview package pattern people perhaps picture possible practice prepare
    present problem process produce product project provide publish quality question reading receive recently
    release remember repository result schedule science section several similar simple something standard station
    statement structure subject summary support surface template together training transport typography understand
    university various website availability characteristics communication configuration considerable documentation
    environmental implementation internationalization recommendation representation responsibility specification
    straightforward sustainability transformation
"""
WORDS = tuple(ENGLISH.split())
GERMAN = """
    Donau dampf schiff fahrts gesellschafts kapitäns mützen rechts schutz versicherungs grund stücks verkehrs
    genehmigungs zuständigkeits übertragungs verordnung arbeits unfähigkeits bescheinigung kranken haus bau amt
    leiter wasser straßen bahn hof brücken größen ordnung daten verarbeitungs anlage prüfung
"""
PARTS = tuple(GERMAN.split())
HOSTS = ("www.example.com", "docs.example.org", "static.assets.example.net", "example.com")
ENDINGS = (".", ".", ".", "!", "?")


def pick(rng: Random, items: Sequence[Item]) -> Item:
    return items[int(rng.random() * len(items))]


def between(rng: Random, low: int, high: int) -> int:
    """Return a whole number, both ends included."""
    return low + int(rng.random() * (high - low + 1))


def prose(rng: Random, length: int) -> list[str]:
    """Return words of about `length` characters with the spaces between them, one word at least."""
    words: list[str] = []
    left, begins = length, True
    while left > 0 or not words:
        word = pick(rng, WORDS)
        if begins:
            word = word.capitalize()
        begins = False
        left -= len(word) + 1
        chance = rng.random()
        if chance < 0.08:
            word += ","
        elif chance < 0.16:
            word, begins = word + pick(rng, ENDINGS), True
        words.append(word)
    return words


def run(rng: Random, size: int) -> str:
    """AAAA…: what a test editor leans on."""
    return pick(rng, "AAAxe0") * size


def address(rng: Random, size: int) -> str:
    """Return a URL of about `size` characters; browsers break it after `-` and `?` alone."""
    text = f"https://{pick(rng, HOSTS)}"
    while len(text) < size:
        text += "/" + pick(rng, WORDS) + (f"-{pick(rng, WORDS)}" if rng.random() < 0.3 else "")
    if rng.random() < 0.3:
        text += f"?{pick(rng, WORDS)}={between(rng, 1, 9999)}&{pick(rng, WORDS)}={pick(rng, WORDS)}"
    return text


def glued(rng: Random, size: int) -> str:
    """ReadMoreAboutThis, or read_more_about_this: words that lost their spaces."""
    joint = pick(rng, ("", "", "_", "."))
    words: list[str] = []
    while sum(map(len, words)) < size:
        words.append(pick(rng, WORDS).capitalize())
    return joint.join(words)


def compound(rng: Random, size: int) -> str:
    """Donaudampfschifffahrts…: what German allows."""
    text = pick(rng, PARTS).capitalize()
    while len(text) < size:
        text += pick(rng, PARTS)
    return text


def hyphenated(rng: Random, size: int) -> str:
    """state-of-the-art-…: long, but with places to break it at."""
    words = [pick(rng, WORDS)]
    while sum(map(len, words)) < size:
        words.append(pick(rng, WORDS))
    return "-".join(words)


KINDS: tuple[Callable[[Random, int], str], ...] = (run, address, glued, compound, hyphenated)


def text(rng: Random, length: int, line: int, oddity: float) -> str:
    """Return a slot's text of about `length` characters, `line` to a line.

    With the chance `oddity` one of its words is pathological: from one that just fits to twice a line and more.
    """
    if rng.random() >= oddity:
        return " ".join(prose(rng, length))
    odd = pick(rng, KINDS)(rng, max(int(line * (0.6 + 1.5 * rng.random())), 12))
    words = prose(rng, length - len(odd)) if length > len(odd) else []
    at = between(rng, 0, len(words))
    return " ".join([*words[:at], odd, *words[at:]])
