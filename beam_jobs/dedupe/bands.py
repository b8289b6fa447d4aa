"""Pure: bands of signatures, by which near copies meet without being compared with all others."""

import numpy as np
from numpy.typing import NDArray

from beam_jobs.dedupe.minhash import Narrow, Signatures

Keys = NDArray[np.uint64]


def band_keys(signatures: Signatures | Narrow, bands: int, rows: int) -> Keys:
    """A key for each band, equal for two signatures that agree in all of the band's rows; [texts, bands]."""
    used = signatures[:, : bands * rows].astype(np.uint64).reshape(len(signatures), bands, rows)
    keys = np.broadcast_to(np.arange(1, bands + 1, dtype=np.uint64), (len(signatures), bands))
    for row in range(rows):
        keys = _mix(keys + used[:, :, row])
    return keys


def _mix(values: Keys) -> Keys:
    """Scatters every bit over all 64 (MurmurHash3's finalizer, Appleby 2008)."""
    values = (values ^ (values >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    values = (values ^ (values >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
    return values ^ (values >> np.uint64(33))
