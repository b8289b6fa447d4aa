import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import tensorflow as tf

from model.compute import Compute
from model.config import DeviceConfig
from model.contract.errors import SettingError
from model.devices import compute_for, strategy_for


def test_one_cpu_is_one_replica():
    strategy = strategy_for(DeviceConfig(kind="cpu"))

    assert isinstance(strategy, tf.distribute.OneDeviceStrategy)


def test_a_gpu_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setattr(tf.config, "list_logical_devices", lambda kind: [])

    with pytest.raises(SettingError, match="'gpu' but TensorFlow sees no GPU"):
        strategy_for(DeviceConfig(kind="gpu"))


def test_a_tpu_that_is_not_there_is_refused():
    with pytest.raises(SettingError, match="no TPU answers to the name 'local'"):
        strategy_for(DeviceConfig(kind="tpu"))


def test_precision_names_the_type_and_the_device_kind_names_the_form_of_attention():
    assert compute_for(DeviceConfig(kind="cpu"), "float32") == Compute()
    assert compute_for(DeviceConfig(kind="gpu"), "bfloat16").dtype == tf.bfloat16
    assert compute_for(DeviceConfig(kind="tpu"), "bfloat16").attention == "packed"


REPLICAS = textwrap.dedent("""
    import numpy as np
    import tensorflow as tf

    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
    )
    from model.config import DeviceConfig, OptimizerConfig
    from model.devices import strategy_for
    from model.optimizer import AdamW

    CONFIG = OptimizerConfig(learning_rate=0.1, warmup_steps=0, schedule="constant", clip_norm=1.0)
    EXAMPLES = np.arange(12, dtype=np.float32).reshape(4, 3)
    STEPS = 3

    def trained(strategy, jit):
        with strategy.scope():
            weights = tf.Variable(tf.ones([3, 1]))
            optimizer = AdamW([weights], CONFIG, STEPS)
        compiled = lambda function: tf.function(function, jit_compile=jit)

        @compiled
        def gradient(examples):
            with tf.GradientTape() as tape:
                loss = tf.reduce_sum(tf.square(examples @ weights))
            return tape.gradient(loss, weights)

        update = compiled(lambda found, step: optimizer.apply([found], step))

        def replica_step(examples, step):
            found = tf.distribute.get_replica_context().all_reduce("SUM", gradient(examples))
            update(found, step)

        @tf.function
        def run(examples, step):
            strategy.run(replica_step, (examples, step))

        share = len(EXAMPLES) // strategy.num_replicas_in_sync
        for step in range(STEPS):
            batch = strategy.experimental_distribute_values_from_function(
                lambda c: tf.constant(EXAMPLES[c.replica_id_in_sync_group * share :][:share])
            )
            run(batch, tf.constant(step))
        return [copy.numpy() for copy in strategy.experimental_local_results(weights)]

    alone = trained(tf.distribute.OneDeviceStrategy("/cpu:0"), jit=False)
    both = strategy_for(DeviceConfig(kind="cpu"))
    assert both.num_replicas_in_sync == 2, both
    for jit in (False, True):
        copies = trained(both, jit)
        assert len(copies) == 2
        np.testing.assert_array_equal(copies[0], copies[1])
        np.testing.assert_allclose(copies[0], alone[0], rtol=1e-6)
        assert (np.abs(copies[0] - 1.0) > 0.1).all()
    print("equal")
""")


def test_two_replicas_train_to_the_weights_of_one():
    # Logical devices can be configured only before TensorFlow starts, hence a process of its own.
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", REPLICAS], capture_output=True, text=True, timeout=300, cwd=root)

    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.endswith("equal\n")
