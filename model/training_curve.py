"""The training curve: a row a loop and a row a validation, kept beside the checkpoints and cut back on resuming."""

from collections.abc import Iterator

from model.contract import places
from model.contract.settings import Settings

CURVE_FILE = "curve.json"


class CurvePoint(Settings):
    """Training after a step: the mean loss over the loop that ended there, in nats a masked token."""

    step: int
    loss: float
    learning_rate: float


class ValidationPoint(Settings):
    """The validation split after a step; all figures over its masked tokens."""

    step: int
    loss: float
    """Mean negative log-likelihood, in nats."""
    accuracy: float
    unigram_entropy: float
    """Of the masked tokens themselves, in nats: no guess that ignores the context can do better."""
    tokens: int


class TrainingCurve(Settings):
    """Every point so far, by step."""

    training: tuple[CurvePoint, ...] = ()
    validation: tuple[ValidationPoint, ...] = ()

    def up_to(self, step: int) -> "TrainingCurve":
        """Without what came after a step: a run that resumes there makes those points again."""
        return TrainingCurve(
            training=tuple(point for point in self.training if point.step <= step),
            validation=tuple(point for point in self.validation if point.step <= step),
        )

    def plus(self, *points: CurvePoint | ValidationPoint) -> "TrainingCurve":
        """With further points at its end."""
        return TrainingCurve(
            training=(*self.training, *_only(CurvePoint, points)),
            validation=(*self.validation, *_only(ValidationPoint, points)),
        )

    def write(self, directory: str) -> None:
        """Replaces the curve's file in a directory, at once."""
        places.replace_bytes(places.join(directory, CURVE_FILE), self.model_dump_json(indent=1).encode())


def read_curve(directory: str) -> TrainingCurve:
    """The curve in a directory; an empty one where there is none yet."""
    path = places.join(directory, CURVE_FILE)
    return TrainingCurve.model_validate_json(places.read_bytes(path)) if places.exists(path) else TrainingCurve()


def _only(kind: type[Settings], points: tuple[CurvePoint | ValidationPoint, ...]) -> Iterator[Settings]:
    return (point for point in points if isinstance(point, kind))
