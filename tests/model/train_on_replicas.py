"""Trains a few steps on as many logical CPU devices as asked for; prints the losses as JSON."""

import json
import tempfile

import tensorflow as tf


def main(devices: int) -> None:
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * devices)
    from model.config import DeviceConfig
    from model.pretrain import pretrain
    from model.training_curve import read_curve
    from tests.model.record_stages import SMALL_ENCODER, records_stage, small_run, vocabulary_stage

    with tempfile.TemporaryDirectory() as root:
        corpus = records_stage(root, length=128, shards={"train": [20], "validation": [8]})
        encoder = SMALL_ENCODER.model_copy(update={"dropout": 0.0})  # replicas draw their own
        made = pretrain(encoder, small_run(), corpus, vocabulary_stage(root), f"{root}/run", DeviceConfig(), print)
        losses = [point.loss for point in read_curve(f"{root}/run").training]
        found = {"losses": losses, "validation": made.facts["validation"]["loss"], "replicas": made.facts["devices"]}
        print(json.dumps(found))
