"""Run by the peers' own Python: text-dedup's MinHash on Parquet files.

Standard input: {"folder": of Parquet files, "work": an empty folder, "options": {its own option: value}, "workers"}.
Standard output, last line: {"seconds": without starting Python and importing, "kept", "matched": {id: id of the one
that stays}}.
"""

import contextlib
import glob
import json
import os
import sys
import time

import pyarrow as pa
import pyarrow.parquet as pq
import text_dedup.minhash
from datasets import Dataset, load_from_disk


def main() -> None:
    """Reads the request, runs its command, and says what it found."""
    asked = json.load(sys.stdin)
    os.environ["TQDM_DISABLE"] = "1"
    given, output = os.path.join(asked["work"], "given"), os.path.join(asked["work"], "kept")
    files = sorted(glob.glob(os.path.join(asked["folder"], "*.parquet")))
    documents = Dataset(pa.concat_tables([pq.read_table(path, columns=["id", "text"]) for path in files]))
    documents.save_to_disk(given)
    words = ["--path", given, "--local", "--output", output, "--column", "text", "--num_proc", str(asked["workers"])]
    words += [word for option, value in asked["options"].items() for word in (f"--{option}", str(value))]
    began = time.perf_counter()
    with contextlib.redirect_stdout(sys.stderr):
        text_dedup.minhash.main(words, standalone_mode=False)
    seconds = time.perf_counter() - began
    names, places = documents["id"], text_dedup.minhash.uf
    survivors = {number: places.find(number) for number in list(places.parent)}
    matched = {names[number]: names[survivor] for number, survivor in survivors.items() if number != survivor}
    print(json.dumps({"seconds": seconds, "kept": len(load_from_disk(output)), "matched": matched}))


if __name__ == "__main__":
    main()
