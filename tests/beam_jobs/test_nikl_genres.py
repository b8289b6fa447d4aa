import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.document import document_id
from beam_jobs.sources.nikl.everyones_corpus import read_nikl
from beam_jobs.sources.nikl.nikl_genres import genre_of_id, plain_form, speech_lines
from tests.beam_jobs.sample_corpus import ROOT, read

SCHEMAS = ROOT / "tests" / "data" / "nikl"


def in_schema(name: str):
    return read(read_nikl, (SCHEMAS / name).read_bytes(), name)


def test_a_newspaper_of_2024_loses_its_html_and_has_its_headline_as_title():
    (first, second), bad, skipped = in_schema("NLRW2400000005.json")

    assert (bad, skipped) == ([], [])
    assert first.id == document_id("a_source", "NLRW2400000005.1")
    assert first.title == "출국금지처분취소"
    assert first.text.splitlines() == [
        "추징금의 시효중단에 관한 법리",
        "추징금 미납자에 대하여 재산의 해외도피 우려 여부를 확인하지 아니한 채 추징금 미납 사실만으로 "
        "출국금지처분을 하는 것이 적법한지 여부(소극)",
        "2. 출입국관리법(이하 '법'이라고 한다) 제4조 제1항 제1호는 \"법무부장관은 출국이 대한민국의 이익을 "
        '현저하게 해할 염려가 있다고 인정되는 자에 해당하는 국민에 대하여는 출국을 금지할 수 있다."고 규정하고 있다.',
    ]
    assert first.date == "2023-07-27"
    assert first.metadata == {
        "genre": "newspaper",
        "category": "신문 > 지역 종합지",
        "publisher": "가나일보",
        "topic": "사회",
        "original_topic": "사회>법원",
    }
    assert second.metadata["author"] == "가나"


def test_a_written_text_has_a_line_for_each_paragraph_and_its_own_title():
    ((decision,), _, _) = in_schema("WARW1800000007.json")

    assert decision.title == "취득세 등 경정 거부 처분 취소"
    assert decision.text.splitlines()[:9] == [
        "취득세 등 경정 거부 처분 취소",
        "판례내용",
        "【심급】",
        "1심",
        "【세목】",
        "취득세",
        "【주문】",
        "1. 원고의 피고들에 대한 청구를 모두 기각한다.",
        "2. 소송비용은 원고가 부담한다.",
    ]
    assert decision.date == "2024"
    assert decision.metadata["genre"] == "written"


def test_a_web_texts_masks_are_named_and_a_text_without_words_is_skipped():
    ((post,), bad, skipped) = in_schema("ESRW2200000001.json")

    assert post.text.splitlines()[1].startswith("[소속] [이름]님도 보셨대요. 도망칠 방법은 없다.")
    assert post.metadata["genre"] == "web"
    assert (bad, skipped) == ([], ["no_text"])


def test_speech_has_a_line_for_each_turn_without_the_signs_of_its_transcript():
    ((conversation,), _, _) = in_schema("SDRW2000000001.json")

    assert conversation.text.splitlines() == [
        "[이름] 씨가 추천한 그 영화 봤어요. 참...보는 내내 고통스러웠다... "
        "이런 영화 찍을라고 그 멀리까지 갈 필요가 있었을까...",
        "네. 그 그 영화요?",
        "어 아마 그 영화요. 배경 음악이 인상적이다. "
        "원작과 상관없이 공허한 청춘의 느낌과 상실감이 묻어나는 분위기도 좋았다. "
        "어린시절 무조건 미화하는거 참 싫은데 이 영화는 스웨덴 풍경처럼 자연스레 담담한 시선이 좋다.",
    ]
    assert conversation.title == "2인 일상 대화"
    assert conversation.metadata == {
        "genre": "spoken",
        "category": "구어 > 사적 대화 > 일상 대화",
        "topic": "영화",
        "speakers": "2",
        "relation": "친구",
    }


def test_a_messengers_messages_are_a_line_each_with_named_masks_and_without_pictures():
    ((conversation,), _, _) = in_schema("MDRW1900000002.json")

    assert conversation.text.splitlines() == [
        "[이름]아 이 영화 봤어?",
        "화이트가 링이랑 봉화동 귀신 섞은 듯한 기분이ㅋㅋㅋ그다지 무섭지도 않았고... 재미는 있었음",
        "[회사] 앞 극장에서 봤지~",
        "ㅋㅋㅋ",
        "예매는 [전화번호]로 해",
    ]
    assert conversation.date == "2019-12-19"
    assert conversation.metadata == {
        "genre": "messenger",
        "category": "메신저 대화 > 2인 대화",
        "author": "개인 대화 참여자",
        "publisher": "카카오톡",
        "topic": "영화",
        "speakers": "2",
        "relation": "친구",
        "intimacy": "3",
        "contact_frequency": "주 3회 이상",
    }


@pytest.mark.parametrize("name", sorted(path.name for path in SCHEMAS.glob("*.json")))
def test_what_speakers_are_is_kept_nowhere(name):
    documents, _, _ = in_schema(name)

    kept = " ".join(part for document in documents for part in (*document[:-1], *document.metadata.values()))
    assert not any(trait in kept for trait in ("30대", "여성", "회사원", "대졸", "천지인", "경기"))


@pytest.mark.parametrize(
    ("identifier", "genre"),
    [(f"N{kind}RW2400000001.1", "newspaper") for kind in "WLPIZ"]
    + [(f"W{kind}RW2400000001.1", "written") for kind in "ABCZ"]
    + [(f"E{kind}RW2400000001.1", "web") for kind in "BPSR"]
    + [(f"S{kind}RW2400000001.1", "spoken") for kind in "ABDE"]
    + [(f"M{kind}RW2400000001.1", "messenger") for kind in "DM"]
    + [("NXMP1902008040", None), ("", None)],
)
def test_an_ids_first_letters_tell_the_genre(identifier, genre):
    assert genre_of_id(identifier) == genre


@pytest.mark.parametrize(
    ("form", "plain"),
    [
        ("<p>글</p>", "글"),
        ("<p class='a'>하나</p><p>둘</p>", "하나\n둘"),
        ("하나<br>둘<BR />셋", "하나\n둘\n셋"),
        ("<b>굵게</b> <a href='x'>이음</a><img src='x'/>", "굵게 이음"),
        ("&lt;표 1&gt;&nbsp;R&amp;D &#8220;말&#x201D;", "<표 1> R&D “말”"),
        ("<앵커> 1 < 2 > 0 &lt AT&T", "<앵커> 1 < 2 > 0 &lt AT&T"),
    ],
)
def test_html_is_taken_away_and_other_angle_brackets_stay(form, plain):
    assert plain_form(form) == plain


@given(st.text(st.characters(blacklist_characters="<>&")))
def test_paragraph_tags_are_taken_away_and_nothing_else(form):
    assert plain_form(f"<p>{form}</p>") == form.strip()


def test_utterances_without_speakers_are_a_line_each():
    said = [{"form": "하나"}, {"form": "둘"}, {"form": "셋", "speaker_id": "A"}, {"form": "넷", "speaker_id": "A"}]

    assert speech_lines(said) == ["하나", "둘", "셋 넷"]
