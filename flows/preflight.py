"""What can be known before any work: sources that exist, a vocabulary and tasks that fit the model."""

from beam_jobs.vocabulary_config import VocabularyConfig
from flows.config import RunConfig
from model.contract import places
from model.contract.errors import InputError, OutputError, SettingError
from model.contract.manifest import open_stage
from model.contract.record import VOCABULARY_FILE
from model.vocabulary_files import pieces_at


def check_data(config: RunConfig) -> None:
    """Looks at what a training would be made of: records that exist, or the corpus half's inputs.

    Raises:
      InputError, SettingError, OutputError: see `check_records`, `check_corpus`, `check_cleaning` and
        `check_warm_start`.
    """
    if config.records:
        check_records(config)
    else:
        check_corpus(config)
        check_cleaning(config)
    check_warm_start(config)


def check_warm_start(config: RunConfig) -> None:
    """Looks at the weights that the training begins with, but not into them: at their settings and vocabulary.

    Raises:
      InputError, OutputError: when they are missing, or no model that ours can be.
      SettingError: when they do not fit the encoder, or the vocabulary that they are to go on with.
    """
    if not (place := config.model.pretrain.warm_start):
        return
    from model.warm_start import check_fit, check_same_pieces
    from model.weights.find import find_weights

    found = find_weights(place)
    check_fit(found, config.model.encoder, config.model.pretrain.warm_start_positions)
    if not found.vocabulary:
        return
    theirs = pieces_at(found.vocabulary)
    if config.records:
        ours = places.join(config.records, VOCABULARY_FILE)
    elif config.to_build.vocabulary.train is None:
        ours = config.to_build.vocabulary.path
    else:
        raise SettingError(
            f"corpus.vocabulary.train would make another vocabulary than {found.vocabulary}, to whose words the word "
            f"embeddings of {place} belong; set corpus.vocabulary.path to it instead."
        )
    check_same_pieces(theirs, pieces_at(ours), found.vocabulary)


def check_records(config: RunConfig) -> None:
    """Compares the files of records that exist with their manifest, and their format with the model.

    Raises:
      OutputError: when they are not done, or with the first fault.
      SettingError: for a root that is neither a folder nor gs://, or records of another length or vocabulary size.
    """
    from model.contract.record import RECORDS
    from model.find_record import format_of
    from model.record_files import check_masks
    from model.verify_records import faults

    places.is_gs(config.root)
    if (fault := next(faults(config.records, quick=True), None)) is not None:
        raise OutputError(fault)
    records = open_stage(config.records)
    found, half = format_of(records), config.model
    filled = {found.split_of(file.name) for file in records.files() if RECORDS in file.name and file.records}
    if missing := [split for split in ("train", "validation") if split not in filled]:
        raise OutputError(f"{config.records} has no {missing[0]} record; tokenize it with a share of both.")
    check_masks(found, half.pretrain.masking)
    for name, theirs, ours in (
        ("model.pretrain.sequence_length", found.sequence_length, half.pretrain.sequence_length),
        ("model.encoder.vocabulary_size", found.vocabulary_size, half.encoder.vocabulary_size),
    ):
        if theirs != ours:
            raise SettingError(f"{config.records} has {theirs} where {name} is {ours}; set {name} to {theirs}.")


def check_corpus(config: RunConfig) -> None:
    """Looks at the corpus half's inputs.

    Raises:
      InputError: for a source or vocabulary that is missing, empty or broken.
      SettingError: for a root that is neither a folder nor gs://, or a vocabulary whose size is not the model's.
    """
    from beam_jobs.read_estimate import refuse_unreadable
    from beam_jobs.read_plan import find_sources

    places.is_gs(config.root)
    corpus = config.to_build
    refuse_unreadable(find_sources(corpus.read.sources))
    check_vocabulary(corpus.vocabulary, config.model.encoder.vocabulary_size)


def check_vocabulary(config: VocabularyConfig, size_of_model: int) -> None:
    """Looks at the vocabulary, or at how one will be trained, and at those it will be compared with.

    Raises:
      InputError: for a file that is missing, empty or broken, or has another size than its setting says.
      SettingError: when its size is not the model's.
    """
    from beam_jobs.vocabularies.given import read_compared, read_given

    if config.train is None:
        size, named = len(read_given(config)), config.path
    else:
        size, named = config.train.size, "the vocabulary that corpus.vocabulary.train asks for"
    if size != size_of_model:
        raise SettingError(
            f"{named} has {size} pieces, but model.encoder.vocabulary_size is {size_of_model}; "
            f"set model.encoder.vocabulary_size to {size}."
        )
    read_compared(config)


def check_cleaning(config: RunConfig) -> None:
    """Makes ready what cleaning and decontamination will need, and has it say what is amiss.

    Raises:
      SettingError: for a word list that is missing or empty.
      InputError: for an evaluation file that is missing or holds no example of its task.
    """
    from beam_jobs.cleaning.cleaner import Cleaner
    from beam_jobs.decontamination.evaluation_texts import evaluation_texts

    for source in config.to_build.read.sources:
        Cleaner(config.to_build.clean.of(source.name))
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
