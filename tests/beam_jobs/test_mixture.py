import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.mixture import copies_of, epochs_of
from model.contract.errors import SettingError

SOURCES = st.dictionaries(st.sampled_from("abcd"), st.tuples(st.integers(1, 10**9), st.floats(0.01, 1)), min_size=1)


@given(SOURCES)
def test_without_a_limit_every_source_gets_its_share_of_as_much_text_as_there_is(sources):
    characters = {name: size for name, (size, _) in sources.items()}
    total = sum(share for _, share in sources.values())
    shares = {name: share / total for name, (_, share) in sources.items()}

    epochs = epochs_of(characters, shares, max_epochs=1e18)

    for name, share in shares.items():
        assert epochs[name] * characters[name] == pytest.approx(share * sum(characters.values()))


@given(SOURCES, st.floats(1, 5))
def test_no_source_is_repeated_more_than_allowed_and_others_fill_its_room(sources, most):
    characters = {name: size for name, (size, _) in sources.items()}
    total = sum(share for _, share in sources.values())
    shares = {name: share / total for name, (_, share) in sources.items()}

    epochs = epochs_of(characters, shares, most)

    assert max(epochs.values()) <= most
    written = sum(epochs[name] * characters[name] for name in epochs)
    assert written == pytest.approx(min(1, most) * sum(characters.values()))
    free = [name for name in epochs if epochs[name] < most]
    assert len({round(epochs[name] * characters[name] / shares[name] / written, 6) for name in free}) <= 1


@pytest.mark.parametrize(
    ("shares", "sentence"),
    [({"a": 1.0}, "gives b no share; name every source"), ({"a": 0.5, "b": 0.4, "c": 0.1}, "gives c a share, but")],
)
def test_shares_that_do_not_fit_the_sources_are_refused(shares, sentence):
    with pytest.raises(SettingError, match=sentence):
        epochs_of({"a": 10, "b": 20}, shares, 4)


@pytest.mark.parametrize("epochs", [0.25, 1.0, 2.4])
def test_copies_of_many_records_come_to_the_epochs(epochs):
    copies = [copies_of(f"record {number}".encode(), epochs) for number in range(4_000)]

    assert sum(copies) / len(copies) == pytest.approx(epochs, abs=0.05)
    assert max(copies) - min(copies) <= 1
