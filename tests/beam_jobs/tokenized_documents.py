"""Made-up tokenized documents, and packed sequences read as a reader of records would."""

import itertools
from collections import defaultdict

import numpy as np
from hypothesis import strategies as st

from beam_jobs.packing import PackingRules, TokenizedDocument

CLS, SEP = 2, 3
FIRST, IDS = 10, 200
CONTINUES = np.arange(IDS) % 2 == 1
"""Even ids begin words, odd ones go on with them."""
LONGEST_WORD = 4


def rules_of(length, cut_back=0, **others):
    return PackingRules(length=length, cls=CLS, sep=SEP, continues=CONTINUES, cut_back=cut_back, **others)


def document_of(sentences, name="a"):
    """A document by its sentences, each of them by the lengths of its words."""
    counter = itertools.cycle(range(FIRST, IDS, 2))
    tokens, ends = [], []
    for words in sentences:
        for length in words:
            begin = next(counter)
            tokens += [begin] + [begin + 1] * (length - 1)
        ends.append(len(tokens))
    return TokenizedDocument(name, np.array(tokens, np.int32), np.array(ends, np.int32))


def plain_documents(lengths, sentence):
    """Documents of one-token words, in sentences of so many."""
    documents = []
    for number, length in enumerate(lengths):
        full, rest = divmod(length, sentence)
        sizes = [sentence] * full + ([rest] if rest else [])
        documents.append(document_of([[1] * size for size in sizes], f"{number:04d}"))
    return documents


def words_up_to(longest):
    sentences = st.lists(st.integers(1, longest), min_size=1, max_size=15)
    return st.lists(st.lists(sentences, max_size=8), max_size=12).map(
        lambda lists: [document_of(document, f"{number:04d}") for number, document in enumerate(lists)]
    )


MANY_DOCUMENTS = words_up_to(LONGEST_WORD)
SHARES = st.sampled_from([0.0, 0.3, 1.0])
MANY_RULES = st.builds(
    rules_of,
    length=st.integers(LONGEST_WORD + 3, 60),
    cut_back=st.integers(0, 20),
    short_share=SHARES,
    pair_share=SHARES,
    seed=st.integers(0, 9),
)


def pieces_of(sequence):
    """(document, offset, tokens) of a sequence, read as a reader of records would."""
    starts = [1, *sequence.segment_starts]
    stops = [*(start - 1 for start in sequence.segment_starts), len(sequence.input_ids) - 1]
    tokens = [sequence.input_ids[start:stop] for start, stop in zip(starts, stops, strict=True)]
    return list(zip(sequence.documents, sequence.document_offsets, tokens, strict=True))


def put_together(pieces):
    """The tokens of each document from its pieces, which must follow upon one another without a gap."""
    found = defaultdict(list)
    for name, offset, tokens in sorted(pieces, key=lambda piece: piece[:2]):
        assert offset == len(found[name])
        found[name] += tokens.tolist()
    return dict(found)


def shown(sequence):
    """Words for ids: a1 a2 for the first tokens of document a."""
    names = [f"{name}{offset + at + 1}" for name, offset, ids in pieces_of(sequence) for at in range(len(ids))]
    special = {CLS: "[CLS]", SEP: "[SEP]"}
    left = iter(names)
    return " ".join(special.get(token) or next(left) for token in sequence.input_ids.tolist())


def goes_on_at(sequence):
    """The segment starts at which what follows in the same document begins."""
    pairs = itertools.pairwise(pieces_of(sequence))
    return [
        start
        for start, ((name, offset, tokens), (following, at, _)) in zip(sequence.segment_starts, pairs, strict=True)
        if (name, offset + len(tokens)) == (following, at)
    ]


def padding_of(sequences, length):
    return [1 - len(sequence.input_ids) / length for sequence in sequences]
