"""Run by the peers' own Python: datatrove's four steps of near deduplication on Parquet files, by local processes.

Standard input: {"folder": of Parquet files, "work": an empty folder, "buckets", "hashes": in each, "tasks", "workers",
"clusters": whether to say which document matched which}. Standard output, last line: {"seconds": without starting
Python and importing, "kept", "matched": {id: id of the one that stays}}.
"""

import glob
import json
import os
import sys
import time

import datatrove_words
import pyarrow.parquet as pq
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.dedup.minhash import (
    MinhashConfig,
    MinhashDedupBuckets,
    MinhashDedupCluster,
    MinhashDedupFilter,
    MinhashDedupSignature,
)
from datatrove.pipeline.readers import ParquetReader
from datatrove.pipeline.writers import ParquetWriter
from datatrove.utils.logging import logger


def run_steps(asked: dict) -> None:
    """All four, one after the other, each with as many workers as it can use."""
    work, clusters = asked["work"], asked["clusters"]
    config = MinhashConfig(5, asked["buckets"], asked["hashes"])
    # Only ids and texts are read and written: that is less than ours reads and writes.
    reader = ParquetReader(asked["folder"], glob_pattern="*.parquet", read_metadata=False)
    removed = ParquetWriter(f"{work}/removed") if clusters else None
    steps = {
        "signatures": (
            [reader, MinhashDedupSignature(f"{work}/signatures", config, language=datatrove_words.Words())],
            asked["tasks"],
        ),
        "buckets": ([MinhashDedupBuckets(f"{work}/signatures", f"{work}/pairs", config=config)], asked["buckets"]),
        "clusters": ([MinhashDedupCluster(f"{work}/pairs", f"{work}/remove", config, save_cluster_id=clusters)], 1),
        "filter": (
            [
                reader,
                MinhashDedupFilter(f"{work}/remove", removed, load_cluster_ids=clusters),
                ParquetWriter(f"{work}/kept"),
            ],
            asked["tasks"],
        ),
    }
    for name, (pipeline, tasks) in steps.items():
        workers = min(tasks, asked["workers"])
        LocalPipelineExecutor(pipeline, tasks=tasks, workers=workers, logging_dir=f"{work}/logs/{name}").run()


def matches(work: str) -> dict[str, str]:
    """Of each document that went, the one of its cluster that stayed."""
    kept = {cluster: name for name, cluster in _rows(f"{work}/kept") if cluster >= 0}
    return {name: kept[cluster] for name, cluster in _rows(f"{work}/removed")}


def _rows(folder: str) -> list[tuple[str, int]]:
    rows = [row for path in sorted(glob.glob(f"{folder}/*.parquet")) for row in pq.read_table(path).to_pylist()]
    return [(row["id"], row["metadata"]["minhash_cluster_id"]) for row in rows]


def main() -> None:
    """Reads the request, runs, and says how it went."""
    asked = json.load(sys.stdin)
    logger.remove()
    began = time.perf_counter()
    run_steps(asked)
    seconds = time.perf_counter() - began
    kept = sum(pq.read_metadata(path).num_rows for path in glob.glob(os.path.join(asked["work"], "kept", "*.parquet")))
    matched = matches(asked["work"]) if asked["clusters"] else {}
    print(json.dumps({"seconds": seconds, "kept": kept, "matched": matched}))


if __name__ == "__main__":
    main()
