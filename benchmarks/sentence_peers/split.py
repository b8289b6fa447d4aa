"""Splits paragraphs into sentences by the libraries measured beside ours; runs in their own Python.

From standard input: {"splitters": [name], "paragraphs": [text], "timed": [text]}. The last line written is
{name: {"ends": [[characters, blanks left out, before each sentence's end]], "seconds": of the processor, timed texts}}.
"""

import json
import sys
import time
from collections.abc import Callable, Iterable

Split = Callable[[str], Iterable[str]]


def splitter(name: str) -> Split:
    """By its name: "kiwipiepy", or "kss, " and one of kss's backends."""
    if name == "kiwipiepy":
        from kiwipiepy import Kiwi

        kiwi = Kiwi(num_workers=1)
        return lambda text: [sentence.text for sentence in kiwi.split_into_sents(text)]
    import kss

    backend = name.removeprefix("kss, ")
    return lambda text: kss.split_sentences(text, backend=backend, num_workers=1)


def ends(sentences: Iterable[str]) -> list[int]:
    """Characters other than blanks up to each sentence's end, so that it does not matter which blanks were dropped."""
    found, characters = [], 0
    for sentence in sentences:
        characters += sum(not character.isspace() for character in sentence)
        found.append(characters)
    return found


def measured(split: Split, paragraphs: list[str], timed: list[str]) -> dict[str, object]:
    """The ends in each paragraph, and the seconds for the others; each text once, as kss remembers the last 500."""
    split("모델을 읽는다. 시간은 재지 않는다.")
    began = time.process_time()
    for text in timed:
        split(text)
    seconds = time.process_time() - began
    return {"ends": [ends(split(paragraph)) for paragraph in paragraphs], "seconds": seconds}


if __name__ == "__main__":
    request = json.load(sys.stdin)
    texts = request["paragraphs"], request["timed"]
    print(json.dumps({name: measured(splitter(name), *texts) for name in request["splitters"]}))
