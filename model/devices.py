"""Where tensors live and in which precision they meet: one strategy a device kind, chosen by setting alone.

Nothing falls back: a run that asks for a TPU or a GPU and finds none stops before any work.
"""

from typing import Literal

import tensorflow as tf

from model.compute import Compute
from model.config import DeviceConfig
from model.contract.errors import SettingError


def strategy_for(config: DeviceConfig) -> tf.distribute.Strategy:
    """The distribution strategy of a device kind.

    On a CPU there is one replica, or one for each logical CPU where several were configured, as tests do to
    see several replicas without a TPU.

    Raises:
      SettingError: when the devices that the setting names are not there.
    """
    if config.kind == "tpu":
        return _tpu_strategy(config.tpu)
    if config.kind == "gpu":
        return _gpu_strategy()
    return _cpu_strategy()


def compute_for(
    device: DeviceConfig, precision: Literal["float32", "bfloat16"], gradient_checkpointing: bool = False
) -> Compute:
    """The way to compute that suits a device kind, in the precision asked for."""
    return Compute(
        dtype=tf.bfloat16 if precision == "bfloat16" else tf.float32,
        attention="packed" if device.kind == "tpu" else "gathered",
        recompute=gradient_checkpointing,
    )


def _cpu_strategy() -> tf.distribute.Strategy:
    devices = [device.name for device in tf.config.list_logical_devices("CPU")]
    if len(devices) == 1:
        return tf.distribute.OneDeviceStrategy("/cpu:0")
    return tf.distribute.MirroredStrategy(devices, cross_device_ops=tf.distribute.ReductionToOneDevice())


def _gpu_strategy() -> tf.distribute.Strategy:
    devices = [device.name for device in tf.config.list_logical_devices("GPU")]
    if not devices:
        raise SettingError(
            "device.kind is 'gpu' but TensorFlow sees no GPU on this machine; "
            "install the package's extra 'gpu' beside a CUDA driver, or use 'cpu'."
        )
    return tf.distribute.MirroredStrategy(devices)


def _tpu_strategy(name: str) -> tf.distribute.Strategy:
    try:
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver(tpu=name)
        if name != "local":
            tf.config.experimental_connect_to_cluster(resolver)
        tf.tpu.experimental.initialize_tpu_system(resolver)
        return tf.distribute.TPUStrategy(resolver)
    except Exception as error:
        # The resolver asks metadata server, TPU API and driver; each fails with errors of its own.
        raise SettingError(
            f"device.kind is 'tpu' but no TPU answers to the name {name!r} ({type(error).__name__}); "
            "run on a TPU VM with device.tpu 'local', or use 'gpu' or 'cpu'."
        ) from error
