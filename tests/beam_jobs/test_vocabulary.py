import pytest

from beam_jobs.config import VocabularyConfig
from beam_jobs.vocabulary import make_vocabulary, parse_vocabulary, special_ids
from model.contract.errors import InputError
from model.contract.record import SPECIAL_TOKENS

KOBIGBIRD = "sample/vocab/kobigbird/vocab.txt"


def test_the_sample_vocabulary_has_the_published_size_and_specials(tmp_path):
    made = make_vocabulary(VocabularyConfig(path=KOBIGBIRD), str(tmp_path))

    assert made.facts["size"] == 32_500
    assert made.facts["special_ids"]["pad"] == 0
    with open(KOBIGBIRD, "rb") as given_file:
        assert (tmp_path / "vocab.txt").read_bytes() == given_file.read()


def test_special_ids_are_the_lines_of_the_special_tokens():
    ids = special_ids(["가", *reversed(SPECIAL_TOKENS)])

    assert (ids.end, ids.pad) == (1, 7)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "is empty"),
        ("\n".join([*SPECIAL_TOKENS, "가", "가"]), "holds '가' more than once"),
        ("\n".join(SPECIAL_TOKENS[:4]), r"lacks \[MASK\], <s>, </s>"),
    ],
)
def test_a_vocabulary_that_cannot_serve_is_refused_in_a_sentence(text, fault):
    with pytest.raises(InputError, match=fault):
        parse_vocabulary(text, "vocab.txt")
