"""What `kobigbird tpu-check` found, as text: the verdict, a table of figures, tables of operations."""

from collections.abc import Mapping
from typing import Any

from flows.tables import Row, markdown_table

Found = Mapping[str, Any]


def check_text(found: Found) -> str:
    """One batch on one topology."""
    parts = [_verdict(found), markdown_table(_figures(found))]
    if found["fits"]:
        parts += [
            "The ten operations that the compiler thinks take longest, layers' equal ones together:",
            markdown_table([_operation_row(each) for each in found["heaviest_operations"]]),
            "The ten source lines that take longest, all that comes from each added up:",
            markdown_table([_line_row(each) for each in found["heaviest_lines"]]),
            "The largest operations whose time it does not estimate:",
            markdown_table([_unknown_row(each) for each in found["not_estimated"]]),
            "Seconds, days and cost are the compiler's estimates, not measurements: docs/tpu-check.md says what they "
            "leave out.",
        ]
    return "\n\n".join(parts)


def search_text(found: Found) -> str:
    """A search: the batches that were tried, then the largest that fits, in full."""
    tried = markdown_table([tried_row(each) for each in found["tried"]])
    if found["largest"] is None:
        return f"{tried}\n\nnot even one sequence a core fits"
    largest = {"preset": found["preset"], **found["largest"]}
    return f"{tried}\n\nThe largest batch that fits: {largest['batch_per_core']} a core\n\n{check_text(largest)}"


def tried_row(found: Found) -> Row:
    """A line of the search's table."""
    return {
        "batch a core": found["batch_per_core"],
        "fits": "yes" if found["fits"] else "no",
        "spare GiB": found["spare_gib"],
        "estimated s a step": "" if not found["fits"] else f"{found['estimated_step_seconds']:.4f}",
        "estimated tokens/s": "" if not found["fits"] else round(found["tokens_per_second"]),
    }


def _verdict(found: Found) -> str:
    what = (
        f"{found['preset']} on a {found['topology']}: {found['batch_per_core']} sequences of "
        f"{found['sequence_length']:,} tokens on each of {found['cores']} cores"
        + (", gradient checkpointing" if found["gradient_checkpointing"] else "")
    )
    spare = found["spare_gib"]
    return f"{what}: " + (
        f"fits, {spare:.2f} GiB to spare" if found["fits"] else f"does not fit, {-spare:.2f} GiB too much"
    )


def _figures(found: Found) -> list[Row]:
    rows = {
        "memory of a core": f"{found['memory_gib']:.2f} GiB, of which {found['usable_gib']:.2f} for the program",
        "used": f"{found['used_gib']:.2f} GiB",
        "FLOPs that the architecture needs, a core and step": f"{found['model_flops'] / 1e12:.3f} T",
    }
    if found["fits"]:
        rows |= _estimates(found)
    return [{"of a core, unless said": name, "": value} for name, value in rows.items()]


def _estimates(found: Found) -> dict[str, str]:
    memory, cost = found["memory"], found["estimated_cost"]
    return {
        "arguments": f"{memory['arguments_gib']:.3f} GiB",
        "temporary": f"{memory['temporary_gib']:.3f} GiB",
        "outputs": f"{memory['outputs_gib']:.3f} GiB, {memory['aliased_gib']:.3f} of it in the arguments' place",
        "program": f"{memory['code_gib']:.3f} GiB",
        "FLOPs by the compiler, a step": f"{found['flops'] / 1e12:.3f} T",
        "bytes accessed, a step": f"{found['bytes_accessed'] / 1e9:.1f} GB",
        "estimated seconds a step": f"{found['estimated_step_seconds']:.4f}, "
        f"{found['unestimated_operations']} operations left out",
        "cycles of all operations in turn": f"{found['scheduled_step_seconds']:.4f} s",
        "estimated utilisation of the peak": f"{found['utilisation']:.1%}",
        "estimated tokens a second, the slice": f"{found['tokens_per_second']:,.0f}",
        "estimated days, all steps": f"{found['estimated_days']:.2f}",
        "estimated cost, all steps": "give --price-per-hour" if cost is None else f"{cost:,.2f}",
        "compiling took": f"{found['compile_seconds']:.0f} s",
    }


def _operation_row(each: Found) -> Row:
    return {
        "share": f"{each['share']:.1%}",
        "ms": f"{each['seconds'] * 1e3:.3f}",
        "what": each["kind"],
        "times": each["count"],
        "source": each["source"],
        "in": each["function"],
        "called from": each["called_from"],
        "MB": f"{each['bytes'] / 1e6:.1f}",
        "operation": each["name"],
    }


def _line_row(each: Found) -> Row:
    return {
        "share": f"{each['share']:.1%}",
        "ms": f"{each['seconds'] * 1e3:.3f}",
        "source": each["source"],
        "in": each["function"],
        "operations": each["operations"],
    }


def _unknown_row(each: Found) -> Row:
    return {
        "MB": f"{each['bytes'] / 1e6:.1f}",
        "what": each["kind"],
        "times": each["count"],
        "source": each["source"],
        "in": each["function"],
        "operation": each["name"],
    }
