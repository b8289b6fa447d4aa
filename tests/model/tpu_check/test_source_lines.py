import numpy as np
import pytest
import tensorflow as tf

from model.layers import Dense, Draws, LayerNorm
from model.recompute import recomputed
from model.tpu_check.source_lines import source_lines
from tests.child_process import REPOSITORY


def lines_of(function, *spec):
    graph = tf.function(function, autograph=False).get_concrete_function(*spec).graph
    return graph, source_lines(graph)


@pytest.fixture(scope="module")
def norm():
    layer = LayerNorm(8, 1e-12, "norm")

    def gradients(values):
        with tf.GradientTape() as tape:
            tape.watch(values)
            total = tf.reduce_sum(tf.square(layer(values)))
        return tape.gradient(total, values)

    return lines_of(gradients, tf.TensorSpec((2, 8)))


def text_of(line):
    return (REPOSITORY / line.file).read_text().splitlines()[line.line - 1]


def test_an_operation_comes_from_the_innermost_line_of_ours(norm):
    graph, lines = norm
    rsqrt = next(each for each in graph.get_operations() if each.type == "Rsqrt")

    assert "tf.math.rsqrt" in text_of(lines[rsqrt.name])
    assert lines[rsqrt.name].function == "LayerNorm.__call__"
    assert not lines[rsqrt.name].backward


def test_a_gradient_comes_from_the_line_that_it_is_the_gradient_of(norm):
    graph, lines = norm
    rsqrt = next(each for each in graph.get_operations() if each.type == "RsqrtGrad")

    assert "tf.math.rsqrt" in text_of(lines[rsqrt.name])
    assert lines[rsqrt.name].backward
    assert str(lines[rsqrt.name]).endswith(" (gradient)")


def test_a_caller_of_ours_is_told():
    dense = Dense(8, 8, Draws(0, 0.02), "dense")

    def gradients(values):
        with tf.GradientTape() as tape:
            total = tf.reduce_sum(recomputed(dense, values))
        return tape.gradient(total, dense.kernel)

    graph, lines = lines_of(gradients, tf.TensorSpec((2, 8)))
    products = [lines[each.name] for each in graph.get_operations() if each.type == "MatMul"]

    assert {line.function for line in products} == {"Dense.__call__"}
    assert all(line.caller.startswith("model/recompute.py:") for line in products)


def test_nothing_is_made_up_for_lines_that_are_not_ours():
    graph, lines = lines_of(lambda values: values + np.float32(1), tf.TensorSpec((2,)))

    assert len(graph.get_operations()) > 1
    assert lines == {}
