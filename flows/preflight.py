"""What can be known before any work: sources that exist, a vocabulary and tasks that fit the model."""

from flows.config import RunConfig
from model.contract import places
from model.contract.errors import InputError, SettingError


def check_corpus(config: RunConfig) -> None:
    """Looks at the corpus half's inputs.

    Raises:
      InputError: for a source or vocabulary that is missing, empty or broken.
      SettingError: for a root that is neither a folder nor gs://, or a vocabulary whose size is not the model's.
    """
    from beam_jobs.read_estimate import refuse_unreadable
    from beam_jobs.read_plan import find_sources
    from beam_jobs.vocabulary import read_vocabulary

    places.is_gs(config.root)
    refuse_unreadable(find_sources(config.corpus.read.sources))
    size, path = len(read_vocabulary(config.corpus.vocabulary.path)), config.corpus.vocabulary.path
    if size != config.model.encoder.vocabulary_size:
        raise SettingError(
            f"{path} has {size} pieces, but model.encoder.vocabulary_size is {config.model.encoder.vocabulary_size}; "
            f"set model.encoder.vocabulary_size to {size}."
        )


def check_cleaning(config: RunConfig) -> None:
    """Makes ready what cleaning and decontamination will need, and has it say what is amiss.

    Raises:
      SettingError: for a word list that is missing or empty.
      InputError: for an evaluation file that is missing or holds no example of its task.
    """
    from beam_jobs.cleaning.cleaner import Cleaner
    from beam_jobs.decontamination.evaluation_texts import evaluation_texts

    for source in config.corpus.read.sources:
        Cleaner(config.corpus.clean.of(source.name))
    for evaluation in config.decontaminate.evaluations:
        for path in evaluation.paths:
            next(evaluation_texts([evaluation.model_copy(update={"paths": (path,)})]), None)


def check_tasks(config: RunConfig) -> None:
    """Looks for the task files.

    Raises:
      InputError: naming the first that is missing.
    """
    for task in config.model.finetune:
        for path in (task.train, task.dev):
            if not places.exists(path):
                raise InputError(
                    f"{path} of task {task.task} does not exist; correct model.finetune, or leave the task out."
                )
