from pathlib import Path

import pytest

from beam_jobs.vocabularies.given import parse_pieces, parse_vocabulary, read_compared, read_given, special_ids
from beam_jobs.vocabulary import make_vocabulary
from beam_jobs.vocabulary_config import VocabularyConfig
from flows.preflight import check_vocabulary
from model.contract.errors import InputError, SettingError
from model.contract.record import SPECIAL_TOKENS
from tests.beam_jobs.sample_corpus import ROOT

KOBIGBIRD, KOELECTRA = (str(ROOT / "sample" / "vocab" / name / "vocab.txt") for name in ("kobigbird", "koelectra"))
SPECIAL = "\n".join(SPECIAL_TOKENS)


def parsed(**settings):
    return VocabularyConfig.parse(settings, "a test")


def test_the_sample_vocabulary_has_the_published_size_and_specials(tmp_path):
    made = make_vocabulary(VocabularyConfig(path=KOBIGBIRD, size=32_500), str(tmp_path))

    assert made.facts["size"] == 32_500
    assert list(made.facts["special_ids"].values()) == [0, 1, 2, 3, 4, 5, 6]
    assert (tmp_path / "vocab.txt").read_bytes() == Path(KOBIGBIRD).read_bytes()
    assert [file.crc32c for file in made.outputs] == [made.facts["crc32c"]]


def test_special_ids_are_the_lines_of_the_special_tokens():
    ids = special_ids(["가", *reversed(SPECIAL_TOKENS)])

    assert (ids.end, ids.pad) == (1, 7)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "vocab.txt is empty; give"),
        (f"{SPECIAL}\n가\n##나\n가\n", "holds '가' more than once"),
        ("[PAD]\n[UNK]\n[CLS]\n[SEP]", r"lacks \[MASK\], <s>, </s>"),
        ("가\n##나\n", r"lacks \[UNK\]"),
        (f"{SPECIAL}\n\n가\n", "line 8 of vocab.txt is empty"),
        (f"{SPECIAL}\n가\n\n", "line 9 of vocab.txt is empty"),
        (f"{SPECIAL}\n가 나\n", "line 8 of vocab.txt holds '가 나', with a blank in it"),
        (f"{SPECIAL}\n가\u3000\n", r"line 8 of vocab.txt holds '가\\u3000', with a blank"),
        (f"{SPECIAL}\n가\t12\n", "line 8 .* with a blank in it"),
        (f"{SPECIAL}\n가\n".replace("\n", "\r\n"), "ends lines with CR LF"),
        (f"\ufeff{SPECIAL}\n", "begins with a byte-order mark"),
        (f"{SPECIAL}\n▁나는\n나는\n", "no piece of vocab.txt begins with ##"),
    ],
)
def test_a_vocabulary_that_cannot_serve_is_refused_in_a_sentence(text, fault):
    with pytest.raises(InputError, match=fault) as refused:
        parse_vocabulary(text, "vocab.txt")

    assert str(refused.value).count(".", 0, -1) == str(refused.value).count("vocab.txt")
    assert str(refused.value).endswith(".")


def test_a_file_that_is_not_utf_8_is_refused_in_a_sentence(tmp_path):
    (tmp_path / "vocab.txt").write_bytes("가\n".encode("euc-kr"))

    with pytest.raises(InputError, match=r"vocab.txt is not UTF-8 text; give a vocab.txt with one piece a line\."):
        read_given(VocabularyConfig(path=f"{tmp_path}/vocab.txt"))


def test_a_given_vocabulary_of_another_size_is_refused_with_both_sizes():
    with pytest.raises(InputError, match=r"vocab.txt has 32,500 pieces where vocabulary.size is 32,000; give the file"):
        read_given(VocabularyConfig(path=KOBIGBIRD, size=32_000))


def test_a_vocabulary_to_compare_with_needs_no_special_token_but_unk():
    compared = read_compared(VocabularyConfig(path=KOBIGBIRD, compare={"koelectra": KOELECTRA}))

    assert len(compared["koelectra"]) == 32_200
    with pytest.raises(InputError, match="lacks <s>, </s>"):
        parse_vocabulary(Path(KOELECTRA).read_text(), KOELECTRA)
    assert parse_pieces("[UNK]\n##가", "x") == ["[UNK]", "##가"]


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({}, "the vocabulary has neither path nor train; name a vocab.txt by path"),
        ({"path": "vocab.txt", "train": {}}, "the vocabulary has both path and train"),
        ({"train": {}, "size": 32_000}, r"size 32000 is for a given vocabulary; a trained one has train\.size"),
        ({"path": "vocab.txt", "compare": {"this": "x"}}, "compare calls another vocabulary 'this'"),
        ({"train": {"size": 505}}, "size 505 has no room beside 7 special tokens and 498 unused pieces; use more"),
        ({"train": {"weights": {"wiki": 0}}}, "weights gives wiki no share"),
        ({"train": {"weights": {"wiki": float("nan")}}}, "weights gives wiki no share"),
        ({"train": {"sise": 32_000}}, "train.sise is not a setting; the nearest is train.size"),
    ],
)
def test_settings_that_cannot_be_are_refused_in_a_sentence(settings, sentence):
    with pytest.raises(SettingError, match=sentence):
        parsed(**settings)


@pytest.mark.parametrize(
    ("settings", "error", "sentence"),
    [
        ({"train": {"size": 32_000}}, SettingError, r"corpus\.vocabulary\.train asks for has 32000 pieces, but model"),
        ({"path": KOELECTRA}, InputError, "lacks <s>, </s>"),
        ({"path": KOBIGBIRD, "size": 32_000}, InputError, "has 32,500 pieces where vocabulary.size is 32,000"),
        ({"path": KOBIGBIRD, "compare": {"other": "nowhere.txt"}}, InputError, "nowhere.txt: no such file"),
    ],
)
def test_what_a_vocabulary_lacks_is_said_before_any_work(settings, error, sentence):
    check_vocabulary(parsed(path=KOBIGBIRD, size=32_500, compare={"koelectra": KOELECTRA}), 32_500)
    check_vocabulary(parsed(train={}), 32_500)

    with pytest.raises(error, match=sentence):
        check_vocabulary(parsed(**settings), 32_500)


def test_a_training_takes_the_mixture_of_sources_unless_it_has_weights():
    mixture = {"wiki": 0.3, "crawl": 0.7}

    assert parsed(train={}).mixed_as(mixture) == parsed(train={"weights": mixture})
    assert parsed(train={"weights": {"wiki": 1}}).mixed_as(mixture) == parsed(train={"weights": {"wiki": 1}})
    assert parsed(path="vocab.txt").mixed_as(mixture) == parsed(path="vocab.txt")
    assert parsed(train={}).mixed_as({}) == parsed(train={})


def test_a_vocabulary_cannot_be_trained_on_nothing(tmp_path):
    with pytest.raises(InputError, match="a vocabulary is trained on documents, and there are none"):
        make_vocabulary(parsed(train={}), str(tmp_path))
