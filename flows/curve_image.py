"""The training curve as a picture."""

import io

from model.training_curve import TrainingCurve


def curve_png(curve: TrainingCurve) -> bytes:
    """Training and validation loss over steps, with the unigram entropy as the line to get below."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), dpi=100, layout="constrained")
    axes = figure.subplots()
    axes.plot([p.step for p in curve.training], [p.loss for p in curve.training], label="training", linewidth=1)
    if curve.validation:
        steps = [point.step for point in curve.validation]
        axes.plot(steps, [point.loss for point in curve.validation], "o-", label="validation")
        bar = curve.validation[-1].unigram_entropy
        axes.axhline(bar, linestyle="--", color="grey", label="unigram entropy of the masked tokens")
    axes.set(xlabel="step", ylabel="loss, nats a masked token", title="Masked-LM pretraining")
    axes.legend()
    axes.grid(alpha=0.3)
    image = io.BytesIO()
    # No creation date or version in the file: equal curves make equal pictures.
    figure.savefig(image, format="png", metadata={"Software": None})
    return image.getvalue()
