import os
import subprocess
import sys
from pathlib import Path

import pycld2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.cleaning.language_models import Opinion, ask_cld2, ask_lid, spread
from tests.beam_jobs.documents import normalise

REPOSITORY = Path(__file__).parents[2]
KOREAN = "이 법은 공포한 날부터 시행한다."
ENGLISH = "This page has not been translated yet."
OFFLINE = """
import socket
def refuse(*anything): raise AssertionError("the network was asked")
socket.socket.connect = socket.getaddrinfo = refuse
from beam_jobs.cleaning.language_models import ask_lid
print(ask_lid(["이 법은 공포한 날부터 시행한다."], 100))
"""


def test_each_finds_the_share_of_bytes_that_is_korean():
    lines = [KOREAN, ENGLISH] * 10
    share = len(KOREAN.encode()) / len((KOREAN + ENGLISH).encode())

    assert ask_cld2("\n".join(lines)).korean == pytest.approx(share, abs=0.1)
    assert ask_lid(lines, line_characters=100) == pytest.approx(share, abs=0.1)


def test_markup_in_a_text_does_not_hide_the_korean_after_it():
    opinion = ask_cld2("<script> 요소를 쓰면 문서에 스크립트를 추가할 수 있습니다. " * 5)

    assert opinion.korean > 0.9
    assert opinion.reliable


@pytest.mark.parametrize("refused", ["한국어 \ud800", "한국어 \x00", ""])
def test_what_cld2_refuses_or_does_not_know_is_not_reliable(refused):
    assert ask_cld2(refused) == Opinion(0.0, False)


def test_no_normalised_text_makes_cld2_fail():
    every_character = normalise("".join(map(chr, range(0x110000))))

    pycld2.detect(every_character, isPlainText=True)


def test_a_long_line_is_read_in_part_and_weighs_as_a_whole():
    half_korean = KOREAN * 3 + ENGLISH * 20

    assert ask_lid([half_korean], line_characters=len(KOREAN * 3)) > 0.9
    assert ask_lid([half_korean, ENGLISH], line_characters=len(KOREAN * 3)) > 0.9
    assert ask_lid([], line_characters=100) == 0.0


@given(st.lists(st.text("가a", max_size=30), max_size=40), st.integers(1, 20), st.integers(1, 200))
def test_a_sample_holds_no_more_than_it_may_in_the_order_of_the_text(lines, line_characters, characters):
    sample = spread(lines, line_characters, characters)

    rest = iter(lines)
    assert all(line in rest for line in sample)
    assert sum(min(len(line), line_characters) for line in sample) <= characters


def test_a_sample_is_from_all_over_the_text_and_of_a_short_text_it_is_all():
    lines = [f"{number:03d}" for number in range(300)]

    tenth = [int(line) for line in spread(lines, line_characters=3, characters=90)]

    assert tenth == list(range(tenth[0], 300, 10))
    assert spread(lines, line_characters=3, characters=900) == lines


def test_lid_needs_no_network_and_writes_nothing(tmp_path):
    folders = dict.fromkeys(("HOME", "TMPDIR", "XDG_CACHE_HOME"), str(tmp_path))

    done = subprocess.run(
        [sys.executable, "-c", OFFLINE],
        cwd=REPOSITORY,
        env={**os.environ, **folders},
        capture_output=True,
        text=True,
        check=True,
    )

    assert float(done.stdout) > 0.9
    assert list(tmp_path.iterdir()) == []
