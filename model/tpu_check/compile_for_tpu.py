"""Compiles an HLO module for a described TPU on a machine that has none; a program of its own, the only user of jax.

    python -m model.tpu_check.compile_for_tpu HLO TOPOLOGY CHIP_CONFIG REPLICAS OUT

It writes OUT/answer.json and OUT/optimized.txt. It runs as a child process: libtpu reads its settings from the
environment when it is loaded, logs to standard error whatever one asks for, and keeps gigabytes.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

ENVIRONMENT = {
    "TPU_SKIP_MDS_QUERY": "1",  # no metadata server to ask where there is no TPU
    "TPU_ACCELERATOR_TYPE": "v3-8",  # unread where the topology is described, but looked for
    "TPU_WORKER_HOSTNAMES": "localhost",
    "ALLOW_MULTIPLE_LIBTPU_LOAD": "1",  # two checks at once would collide on libtpu's lock file
    "TPU_LOG_DIR": "disabled",  # else it leaves files in /tmp/tpu_logs
    "TPU_STDERR_LOG_LEVEL": "3",
    "TPU_MIN_LOG_LEVEL": "3",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "JAX_PLATFORMS": "cpu",
}
"""What has to be set before libtpu is loaded."""
MEMORY_FIELDS = ("argument_size", "output_size", "alias_size", "temp_size", "generated_code_size")


def main() -> None:
    """Reads the module, compiles it, writes what the compiler says."""
    hlo, topology, chip_config, replicas, out = sys.argv[1:]
    answer: dict[str, Any] = {}
    try:
        began = time.monotonic()
        executable = _compiled(_as_stablehlo(Path(hlo).read_bytes()), topology, chip_config, int(replicas))
        answer["compile_seconds"] = time.monotonic() - began
        memory = executable.get_compiled_memory_stats()
        answer["memory"] = {name: getattr(memory, f"{name}_in_bytes") for name in MEMORY_FIELDS}
        cost = executable.cost_analysis()
        answer["cost"] = {name: cost[name] for name in ("flops", "bytes accessed", "optimal_seconds")}
        Path(out, "optimized.txt").write_text(executable.hlo_modules()[0].to_string())
    except Exception as error:
        # Of what the compiler raises, only the text tells one fault from another; the caller reads it.
        answer["error"] = f"{type(error).__name__}: {error}"
    Path(out, "answer.json").write_text(json.dumps(answer))


def _compiled(module: Any, topology: str, chip_config: str, replicas: int) -> Any:
    """The executable of data-parallel replicas, one on each of the slice's cores."""
    import numpy as np
    from jax._src.lib import xla_client
    from jax.experimental import topologies

    wanted = {"chip_config_name": chip_config} if chip_config else {}
    devices = topologies.get_topology_desc(platform="tpu", topology_name=topology, **wanted).devices
    if len(devices) != replicas:
        raise ValueError(f"{topology} has {len(devices)} cores, not {replicas}.")
    options = xla_client.CompileOptions()
    options.num_replicas, options.num_partitions = replicas, 1
    # [replicas, partitions]
    options.device_assignment = xla_client.DeviceAssignment.create(np.array([[device.id] for device in devices]))
    return devices[0].client.compile(module, xla_client.DeviceList(tuple(devices)), options)


def _as_stablehlo(hlo: bytes) -> Any:
    """An HLO module as MLIR, names kept, made fit for the TPU's compiler."""
    from jax._src.interpreters import mlir as interpreter
    from jax._src.lib import xla_client
    from jax._src.lib.mlir import ir

    context = interpreter.make_ir_context()
    with context:
        module = ir.Module.parse(xla_client._xla.mlir.hlo_to_stablehlo(hlo))
        for operation in _operations(module.operation):
            if operation.name in ("mhlo.copy", "stablehlo.copy"):
                # An identity between layouts of a CPU, which StableHLO has no word for.
                operation.results[0].replace_all_uses_with(operation.operands[0])
                operation.erase()
            elif operation.name == "stablehlo.rng_bit_generator":
                _draw_as_a_tpu_does(operation)
    return module


def _operations(operation: Any) -> list[Any]:
    found = []
    for region in operation.regions:
        for block in region.blocks:
            for inner in block.operations:
                found += [*_operations(inner.operation), inner.operation]
    return found


def _draw_as_a_tpu_does(drawing: Any) -> None:
    """Random numbers by the TPU's own generator, as TensorFlow has them on a TPU.

    TensorFlow exports Philox, with a state of three words, for a CPU. On a TPU it takes RNG_DEFAULT with two. The state
    after the draw is never used: each draw of ours has a seed of its own.
    """
    from jax._src.lib.mlir import ir
    from jax._src.lib.mlir.dialects import hlo

    state, values = drawing.operands[0], drawing.results[1]
    word = ir.RankedTensorType(state.type).element_type
    with drawing.location, ir.InsertionPoint(drawing):
        cut = hlo.slice(state, [0], [2], [1])
        algorithm = hlo.RngAlgorithmAttr.get("DEFAULT")
        drawn = hlo.RngBitGeneratorOp(ir.RankedTensorType.get([2], word), values.type, algorithm, cut)
    values.replace_all_uses_with(drawn.results[1])
    _erase_unread(drawing)


def _erase_unread(operation: Any) -> None:
    """Removes an operation with all that is computed from it, none of which may be read in the end."""
    for use in [use for result in operation.results for use in result.uses]:
        if not len(use.owner.results):
            raise ValueError("a generator's state is read after the draw, which this conversion does not provide for")
        _erase_unread(use.owner)
    operation.erase()


if __name__ == "__main__":
    main()
