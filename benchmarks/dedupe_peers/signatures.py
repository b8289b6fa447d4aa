"""Run by the peers' own Python: how long one peer takes to compute signatures, by several ways of shingling.

Standard input: {"peer", "parquet": [paths], "bytes": how many of their texts to take or null, "ways": [[way,
permutations], …]}. Standard output, last line: {"documents", "bytes", "seconds": [of processor time, one a way]}.
Reading and importing are left out of the seconds; nothing uses more than one thread.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence

os.environ["RAYON_NUM_THREADS"] = "1"  # before rensa is imported

BATCH = 1_000
SEED = 42
Sketch = Callable[[Sequence[str]], object]


def single_words(text: str) -> list[str]:
    """What rensa's and datasketch's own examples do."""
    return text.split()


def five_words(text: str) -> list[str]:
    """Runs of five words."""
    words = text.split()
    return [" ".join(words[at : at + 5]) for at in range(max(len(words) - 4, 1))]


def five_characters(text: str) -> list[str]:
    """Runs of five characters, as they stand."""
    return [text[at : at + 5] for at in range(max(len(text) - 4, 1))]


SHINGLES = {"single words": single_words, "5 words": five_words, "5 characters": five_characters}


def rensa(way: str, permutations: int) -> Sketch:
    """Its batch interface; "sampled" ways are its rho pipeline, which reads some of the shingles only."""
    from rensa import RMinHash

    sampled, shingles = way.startswith("sampled "), SHINGLES[way.removeprefix("sampled ")]
    sketch = RMinHash.digest_matrix_from_token_sets_rho if sampled else RMinHash.digest_matrix_from_token_sets
    return lambda texts: sketch([shingles(text) for text in texts], permutations, SEED)


def datasketch(way: str, permutations: int) -> Sketch:
    """With the fast ways that it documents: one set of permutations for all, whole batches, a fast hash."""
    import xxhash
    from datasketch import MinHash

    shingles = SHINGLES[way]
    empty = MinHash(num_perm=permutations, hashfunc=xxhash.xxh32_intdigest)

    def sketch(texts: Sequence[str]) -> None:
        for text in texts:
            signature = empty.copy()
            signature.update_batch([shingle.encode() for shingle in shingles(text)])

    return sketch


def datatrove(way: str, permutations: int) -> Sketch:
    """Its first step's own methods; "plain" ways leave Hangul composed, which its default takes apart."""
    import datatrove_words
    from datatrove.pipeline.dedup.minhash import MinhashConfig, MinhashDedupSignature, TextNormConfig

    plain = way.startswith("plain ")
    words = {"5 words": datatrove_words.Words, "5 characters": datatrove_words.Characters}[way.removeprefix("plain ")]
    config = MinhashConfig(5, permutations // 8, 8, norm_config=TextNormConfig(norm_unicode_diacritics=not plain))
    step = MinhashDedupSignature("memory://signatures", config, language=words())

    def sketch(texts: Sequence[str]) -> None:
        for text in texts:
            if (found := step.get_shingles(text)).size:
                step.get_signature(found)

    return sketch


PEERS = {"rensa": rensa, "datasketch": datasketch, "datatrove": datatrove}


def read_texts(paths: Sequence[str], most: int | None) -> Iterator[str]:
    """The texts of Parquet files, as many as make up so many bytes."""
    import pyarrow.parquet as pq

    size = 0
    for path in paths:
        for text in pq.read_table(path, columns=["text"]).column("text").to_pylist():
            if most is not None and size >= most:
                return
            yield text
            size += len(text.encode())


def main() -> None:
    """Reads the request, warms each way up on a few texts, and times it."""
    asked = json.load(sys.stdin)
    texts = list(read_texts(asked["parquet"], asked["bytes"]))
    seconds = []
    for way, permutations in asked["ways"]:
        sketch = PEERS[asked["peer"]](way, permutations)
        sketch(texts[:10])
        began = time.process_time()
        for start in range(0, len(texts), BATCH):
            sketch(texts[start : start + BATCH])
        seconds.append(time.process_time() - began)
    print(json.dumps({"documents": len(texts), "bytes": sum(len(text.encode()) for text in texts), "seconds": seconds}))


if __name__ == "__main__":
    main()
