import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.vocabularies.sample import REPORT, TRAIN, place_of, shares_of
from beam_jobs.vocabulary_config import VocabularyConfig
from model.contract.errors import SettingError

GIVEN = VocabularyConfig(path="vocab.txt")
MEGABYTE = 1_000_000


def training(held_aside=0.1, megabytes=10, **train):
    return VocabularyConfig.parse(
        {"train": train, "report": {"megabytes": megabytes, "held_aside": held_aside}}, "a test"
    )


SOURCES = st.dictionaries(st.sampled_from("abcd"), st.integers(1, 10**12), min_size=1)


@given(SOURCES, st.integers(1, 10**5), st.integers(1, 10**5), st.floats(0.01, 0.99), st.floats(0, 1, exclude_max=True))
def test_no_document_is_both_trained_and_reported_on(text_bytes, sample, report, aside, place):
    shares = shares_of(text_bytes, training(aside, report, sample_megabytes=sample), {})

    for source in text_bytes:
        for_both = {shares._replace(report={}).use_of(source, place), shares._replace(train={}).use_of(source, place)}
        assert for_both != {TRAIN, REPORT}


@given(SOURCES, st.integers(1, 10**7))
def test_the_sample_is_as_large_as_asked_for_or_all_that_is_not_held_aside(text_bytes, megabytes):
    shares = shares_of(text_bytes, training(sample_megabytes=megabytes), {})

    taken = sum(shares.train[source] * text_bytes[source] for source in text_bytes)
    assert taken == pytest.approx(min(megabytes * MEGABYTE, 0.9 * sum(text_bytes.values())))


def test_weights_are_the_sources_shares_of_the_sample():
    config = training(sample_megabytes=100, weights={"wiki": 3, "crawl": 1})

    shares = shares_of({"wiki": 1_000 * MEGABYTE, "crawl": 10_000 * MEGABYTE}, config, {})

    assert shares.train == {"crawl": pytest.approx(25 / 10_000), "wiki": pytest.approx(75 / 1_000)}


def test_without_weights_a_source_has_the_share_that_it_has_in_training():
    shares = shares_of(
        {"wiki": 1_000 * MEGABYTE, "crawl": 1_000 * MEGABYTE}, training(sample_megabytes=100), {"wiki": 3}
    )

    assert shares.train == {"crawl": pytest.approx(0.025), "wiki": pytest.approx(0.075)}


def test_a_source_that_is_too_small_leaves_its_room_to_the_others():
    config = training(sample_megabytes=100, weights={"small": 1, "large": 1})

    shares = shares_of({"small": 10 * MEGABYTE, "large": 1_000 * MEGABYTE}, config, {})

    assert shares.train == {"large": pytest.approx(0.091), "small": pytest.approx(0.9)}


def test_weights_that_leave_a_source_with_text_out_are_refused():
    with pytest.raises(SettingError, match=r"vocabulary\.train\.weights gives crawl no share; name every source"):
        shares_of({"wiki": 1, "crawl": 1, "empty": 0}, training(weights={"wiki": 1}), {})


def test_a_given_vocabulary_is_reported_on_with_any_document():
    shares = shares_of({"wiki": MEGABYTE}, GIVEN, {})

    assert shares.train == {}
    assert [shares.use_of("wiki", place) for place in (0.0, 0.5)] == [REPORT, REPORT]


def test_a_larger_sample_holds_the_smaller_one():
    keys = [str(number) for number in range(1_000)]
    sizes = {"wiki": 1_000 * MEGABYTE}

    small, large = (shares_of(sizes, training(sample_megabytes=megabytes), {}) for megabytes in (100, 300))
    in_small, in_large = (
        {key for key in keys if shares.use_of("wiki", place_of(key, 42)) == TRAIN} for shares in (small, large)
    )

    assert 60 < len(in_small) < 140
    assert 240 < len(in_large) < 360
    assert in_small < in_large
    assert {key for key in keys if small.use_of("wiki", place_of(key, 43)) == TRAIN} != in_small
