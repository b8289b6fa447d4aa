import json
from pathlib import Path

import pytest

from beam_jobs.wordpiece import WordPiece

VOCABULARY = Path("sample/vocab/kobigbird")


@pytest.fixture(scope="module")
def wordpiece():
    return WordPiece((VOCABULARY / "vocab.txt").read_text().rstrip("\n").split("\n"))


@pytest.fixture(scope="module")
def original():
    from transformers import BertTokenizer

    return BertTokenizer.from_pretrained(VOCABULARY, split_special_tokens=True)


def test_ids_equal_those_of_transformers_on_every_document_of_the_sample(wordpiece, original):
    texts = [
        "\n".join(paragraph["form"] for paragraph in document["paragraph"])
        for path in sorted(Path("sample/corpus/nikl").glob("*.json"))
        for document in json.loads(path.read_text())["document"]
    ]

    found = wordpiece.tokenize(texts)

    assert len(texts) > 100
    for text, ids in zip(texts, found, strict=True):
        assert ids.tolist() == original(text, add_special_tokens=False)["input_ids"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n ",
        "한국어 위키백과, 우리 모두의 백과사전.",
        "漢字와 한글 mixed Text 123",
        "가" * 33 + " " + "가" * 34 + " " + "나" * 100 + " " + "나" * 101,
        "a" * 100 + " " + "a" * 101,
        "이모지 👍🏽👍🏽 그리고 " + "👍" * 30,
        "문서 속의 [MASK]와 [CLS], <s> 그리고 </s>는 글자일 뿐이다",
        "한글\u00a0나눔\u2028줄\ttab",
    ],
)
def test_ids_equal_those_of_transformers_on_hard_texts(wordpiece, original, text):
    (ids,) = wordpiece.tokenize([text])

    assert ids.tolist() == original(text, add_special_tokens=False)["input_ids"]


def test_texts_come_back_in_their_order_whichever_way_they_went(wordpiece):
    texts = ["하나", "둘" * 40, "셋", "", "넷" * 40]

    together = wordpiece.tokenize(texts)

    assert [ids.tolist() for ids in together] == [wordpiece.tokenize([text])[0].tolist() for text in texts]
