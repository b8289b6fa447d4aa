import json

from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.tally import EXAMPLES, HISTOGRAMS, Example, Tally

events = st.lists(
    st.tuples(
        st.sampled_from(["a", "b"]), st.sampled_from(["news", "wiki"]), st.integers(0, 10**7), st.text(max_size=3)
    ),
    max_size=40,
)


def tally_of(found):
    tally = Tally("clean")
    for rule, source, number, name in found:
        tally.flow(source, "in", number)
        tally.drop(rule, source, number)
        tally.change(rule, source, 2, number)
        tally.measure("characters", source, "in", number)
        tally.host(f"https://{source}.kr/{number}", "in")
        tally.example(Example(rule, f"{number}", source, "", name, "앞", "뒤"))
    return tally


@given(events, st.integers(0, 40))
def test_tallies_of_parts_add_up_to_the_tally_of_all_in_either_order(found, cut):
    whole = tally_of(found).to_json()

    one_first = tally_of(found[:cut]).add(tally_of(found[cut:])).to_json()
    other_first = tally_of(found[cut:]).add(tally_of(found[:cut])).to_json()

    assert one_first == other_first == whole


def test_a_value_counts_in_the_bin_below_the_next_bound():
    tally = Tally("clean")
    for value in (0, 15, 16, 10**9):
        tally.measure("characters", "news", "out", value)

    (counts,) = json.loads(tally.to_json())["histograms"]["characters"]["sources"]["news"].values()

    assert (counts[0], counts[1], counts[-1]) == (2, 1, 1)
    assert len(counts) == len(HISTOGRAMS["characters"]) + 1


def test_of_many_examples_ten_are_kept_and_they_are_not_simply_the_first():
    tally = tally_of([("a", "news", number, "") for number in range(200)])

    kept = [int(example.id) for _, example in tally.examples["a"]]

    assert len(set(kept)) == EXAMPLES
    assert max(kept) > EXAMPLES


def test_hosts_are_listed_by_their_documents_and_cut():
    tally = Tally("clean")
    for number in range(60):
        for _ in range(number + 1):
            tally.host(f"http://h{number}.kr/x", "in")
    tally.host("http://h59.kr/x", "out")

    hosts = json.loads(tally.to_json(top_hosts=3))["hosts"]

    assert hosts == [
        {"host": "h59.kr", "in": 60, "out": 1},
        {"host": "h58.kr", "in": 59, "out": 0},
        {"host": "h57.kr", "in": 58, "out": 0},
    ]
