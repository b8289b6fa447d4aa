"""A batch that the devices cannot share equally is refused before the first step."""

from tests.child_process import run_python


def test_a_batch_that_three_devices_cannot_share_is_refused():
    done = run_python("from tests.model.train_on_replicas import main; main(3)")

    assert done.returncode != 0
    assert done.stderr.strip().endswith("pretrain.batch_size 8 cannot be dealt to 3 devices; use a multiple of 3.")
