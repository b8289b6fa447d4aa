import json
import re
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.files.decompress import DamagedFile
from beam_jobs.sources.nikl import json_stream
from beam_jobs.sources.nikl.json_stream import DamagedElement, JsonEndsEarly, JsonStream

START = re.compile(r'\{\s*"id"\s*:\s*"[^"\\]*"\s*,\s*"body"\s*:')
"""Elements of the tests that begin as usual."""

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
usual = st.builds(lambda number, body: {"id": f"e{number}", "body": body}, st.integers(0, 99), values)
layouts = st.sampled_from([{"indent": None, "separators": (",", ":")}, {"indent": None}, {"indent": 0}, {"indent": 4}])


def in_chunks(text: str | bytes, size: int, batch: int = json_stream.BATCH) -> JsonStream:
    stored = text.encode() if isinstance(text, str) else text
    return JsonStream((stored[start : start + size] for start in range(0, len(stored), size)), batch)


def elements(stream: JsonStream) -> list[object]:
    stream.expect("[")
    return list(stream.elements(START))


def elements_until_error(stream: JsonStream) -> tuple[list[object], Exception | None]:
    stream.expect("[")
    read: list[object] = []
    try:
        for element in stream.elements(START):
            read.append(element)  # noqa: PERF402
    except (JsonEndsEarly, DamagedFile) as error:
        return read, error
    return read, None


def numbered(*numbers: int, text: str = "글") -> list[dict[str, object]]:
    return [{"id": f"e{number}", "body": [{"id": f"e{number}.1", "form": text}]} for number in numbers]


def written(*parts: object) -> str:
    return (
        "[" + ", ".join(part if isinstance(part, str) else json.dumps(part, ensure_ascii=False) for part in parts) + "]"
    )


@given(value=values, size=st.integers(1, 20), batch=st.integers(1, 40), layout=layouts)
def test_a_value_reads_the_same_however_its_bytes_are_cut(value, size, batch, layout):
    stream = in_chunks(json.dumps(value, ensure_ascii=False, **layout), size, batch)

    assert stream.value() == value


@given(listed=st.lists(usual | values), size=st.integers(1, 20), batch=st.integers(1, 200), layout=layouts)
def test_a_list_reads_the_same_however_its_bytes_are_cut(listed, size, batch, layout):
    stream = in_chunks(json.dumps(listed, ensure_ascii=False, **layout), size, batch)

    assert elements(stream) == listed


@given(value=st.text(min_size=1) | st.lists(values) | st.dictionaries(st.text(), values), keep=st.floats(0, 0.99))
def test_a_value_cut_short_ends_early(value, keep):
    text = json.dumps(value, ensure_ascii=False)
    cut = text[: int(len(text) * keep)]

    with pytest.raises(JsonEndsEarly):
        in_chunks(cut, 7).value()


@given(listed=st.lists(usual, max_size=8), keep=st.floats(0, 0.999), batch=st.integers(1, 200))
def test_of_a_list_cut_short_the_elements_before_the_cut_are_read(listed, keep, batch):
    text = json.dumps(listed, ensure_ascii=False)
    stream = in_chunks(text.encode()[: 1 + int((len(text.encode()) - 1) * keep)], 7, batch)

    read, error = elements_until_error(stream)

    assert read == listed[: len(read)]
    assert isinstance(error, JsonEndsEarly)


def test_a_malformed_value_is_told_from_one_cut_short():
    stream = in_chunks('{"id": nothing, "text": "' + "가" * 200 + '"}', 16)

    with pytest.raises(ValueError, match="Expecting value") as raised:
        stream.value()

    assert not isinstance(raised.value, JsonEndsEarly)


def test_a_value_longer_than_allowed_is_refused_before_it_is_read_whole():
    chunks = iter([b'{"data": "', *[b"0123456789" * 100] * 50])

    with pytest.raises(ValueError, match="more than 10,000 characters"):
        JsonStream(chunks, batch=1_000).value(most=10_000)

    assert len(list(chunks)) > 20


DAMAGE = {
    "an unquoted word": ('"form": "둘"', '"form": 둘'),
    "a lost quotation mark": ('"둘"', '"둘'),
    "a lost colon": ('"form": "둘"', '"form" "둘"'),
    "a lost closing bracket": ('"둘"}]}', '"둘"}}'),
    "both closing marks lost": ('"둘"}]}', '"둘"}'),
    "a line break in a string": ('"둘"', '"둘\n둘"'),
    "the end of one and the start of the next lost": ('"둘"}]}, ', '"둘'),
}


@pytest.mark.parametrize(("sound", "broken"), DAMAGE.values(), ids=DAMAGE)
@pytest.mark.parametrize("batch", [10, 100, 100_000])
def test_damage_costs_only_its_element_and_the_next_is_read(sound, broken, batch):
    text = written(*numbered(1), *numbered(2, text="둘"), *numbered(3, 4, 5))
    assert sound in text

    read = elements(in_chunks(text.replace(sound, broken), 7, batch))

    assert [each for each in read if not isinstance(each, DamagedElement)] == numbered(1, 3, 4, 5)
    assert len(read) == 5


def test_closing_marks_too_many_cost_no_element():
    text = written(*numbered(1, 2, 3)).replace('}]}, {"id": "e2"', '}]}]}, {"id": "e2"')

    read = elements(in_chunks(text, 7))

    assert read == [*numbered(1), DamagedElement(len("]}, "), read[1].error), *numbered(2, 3)]


def test_damaged_elements_say_how_much_was_passed_over():
    (damaged,) = numbered(2)
    broken = json.dumps(damaged).replace(":", "", 1)

    _, lost, _ = elements(in_chunks(written(*numbered(1), broken, *numbered(3)), 64))

    assert isinstance(lost, DamagedElement)
    assert lost.characters == len(f"{broken}, ")
    assert lost.error.startswith("Expecting ':' delimiter")


def test_an_element_that_begins_otherwise_is_read_and_damage_in_it_costs_those_until_one_begins_as_usual():
    odd = {"body": 1, "id": "odd"}
    text = written(odd, *numbered(1), odd, '{"body" 1}', odd, *numbered(2), odd)

    read = elements(in_chunks(text, 16, batch=32))

    assert [each for each in read if not isinstance(each, DamagedElement)] == [
        odd,
        *numbered(1),
        odd,
        *numbered(2),
        odd,
    ]
    assert sum(isinstance(each, DamagedElement) for each in read) == 1


@pytest.mark.parametrize("rest", ['{"id": "e2", "body": nothing, "form": "' + "가" * 100 + '"}]}', "[[[" * 100_000])
def test_a_damaged_last_element_takes_the_rest_with_it_and_no_more_is_missed(rest):
    stream = in_chunks(written(*numbered(1))[:-1] + ", " + rest, 64)

    read = elements(stream)

    assert read[:-1] == numbered(1)
    assert isinstance(read[-1], DamagedElement)
    assert read[-1].characters == len(rest)


def test_bytes_that_are_not_utf_8_come_out_as_lone_surrogates_in_their_element_alone():
    text = written(*numbered(1), *numbered(2, text="둘"), *numbered(3)).encode()

    read = elements(in_chunks(text.replace("둘".encode(), "둘".encode("cp949")), 5))

    assert read[::2] == numbered(1, 3)
    assert read[1]["body"][0]["form"] == "둘".encode("cp949").decode(errors="surrogateescape")


def test_damaged_bytes_are_reported_after_all_before_them_was_handed_out():
    def chunks():
        yield written(*numbered(1, 2, 3)).encode()[:-10]
        raise DamagedFile("damaged_file", "wrong checksum")

    read, error = elements_until_error(JsonStream(chunks()))

    assert read == numbered(1, 2)
    assert isinstance(error, DamagedFile)


def test_damage_behind_the_list_is_found_by_draining():
    def chunks():
        yield b"[] and more"
        raise DamagedFile("damaged_file", "wrong checksum")

    stream = JsonStream(chunks())
    assert elements(stream) == []

    with pytest.raises(DamagedFile, match="wrong checksum"):
        stream.drain()


class CountingDecoder(json.JSONDecoder):
    """Counts the characters that it reads."""

    read = 0

    def raw_decode(self, s, idx=0):
        try:
            value, end = super().raw_decode(s, idx)
        except json.JSONDecodeError:
            self.read += len(s) - idx
            raise
        self.read += end - idx
        return value, end


@pytest.mark.parametrize("text", ["글" * 50_000, "글"], ids=["large", "small"])
@pytest.mark.parametrize("odd", [False, True])
def test_what_is_decoded_grows_with_the_text_and_not_with_the_number_of_chunks(monkeypatch, text, odd):
    decoder = CountingDecoder()
    monkeypatch.setattr(json_stream, "_DECODER", decoder)
    listed = numbered(*range(2_000 if len(text) == 1 else 4), text=text)
    if odd:
        listed = [dict(reversed(each.items())) for each in listed]
    stored = written(*listed)

    read = elements(in_chunks(stored, 64, batch=1_000))

    assert read == listed
    assert decoder.read < (5 if odd else 1.5) * len(stored)


def test_a_list_of_many_batches_is_read_in_the_memory_of_a_few():
    element = json.dumps(numbered(1, text="글" * 100)[0], ensure_ascii=False).encode() + b","
    chunks = iter([b"[", *[element * 100] * 200, element[:-1] + b"]"])
    stream = JsonStream(chunks, batch=10_000)
    stream.expect("[")

    tracemalloc.start()
    count = sum(1 for _ in stream.elements(START))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert count == 20_001
    assert peak < 1_000_000 < len(element) * count


def test_a_byte_order_mark_is_passed_over():
    assert in_chunks("\ufeff[1, 2]", 2).value() == [1, 2]
