from model.config import MaskingConfig, PretrainConfig
from model.input_pipeline import training_batches
from model.masking import PieceTable
from model.record_files import open_records
from model.tpu_check.whole_step import batch_spec
from tests.model.record_stages import PIECES, SPECIAL_IDS, records_stage


def test_the_step_is_compiled_for_the_batches_that_the_trainer_reads(tmp_path):
    config = PretrainConfig(sequence_length=32, batch_size=16, masking=MaskingConfig(max_predictions=6))
    corpus = records_stage(tmp_path, length=32, shards={"train": [5, 3], "validation": [6]})
    table = PieceTable.from_vocabulary(PIECES, SPECIAL_IDS)

    batches = training_batches(open_records(corpus, "train"), table, config, 0, replica_batch=2)

    assert batches.element_spec == batch_spec(config, 2)
