"""Zips and tars of JSON lines, as the tests of reading them make them."""

import bz2
import gzip
import io
import json
import tarfile
import zipfile

import zstandard

from beam_jobs.document import BadRecord, Document


def lines(*texts: str) -> bytes:
    return "".join(json.dumps({"text": text}) + "\n" for text in texts).encode()


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return packed.getvalue()


def tarred(members: dict[str, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=form) as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            info.type = tarfile.DIRTYPE if name.endswith("/") else tarfile.REGTYPE
            archive.addfile(info, io.BytesIO(data))
    return packed.getvalue()


def texts(documents: list[Document]) -> list[str]:
    return [document.text for document in documents]


def reasons(bad: list[BadRecord]) -> list[tuple[str, str]]:
    return [(record.file, record.reason) for record in bad]


CONTAINERS = {
    "c.zip": zipped,
    "c.tar": tarred,
    "c.tar.gz": lambda members: gzip.compress(tarred(members)),
    "c.tgz": lambda members: gzip.compress(tarred(members)),
    "c.tar.bz2": lambda members: bz2.compress(tarred(members)),
    "c.tar.zst": lambda members: zstandard.compress(tarred(members)),
}
TWO = {"a.jsonl": lines("하나", "둘"), "b/b.jsonl.gz": gzip.compress(lines("셋"))}
