# SPDX-License-Identifier: Apache-2.0
"""Writes real embeddings: scikit-learn's handwritten digits as two views, a and b, in safetensors.

The 1797 images of 8 x 8 pixels come with scikit-learn; nothing is downloaded. Each pixel is
standardised over the data set (pixels that never change become 0) and each image scaled to unit
length. The two views of a pair are two images of the same digit: within each class, in the order of
the data set, the 1st goes with the 2nd, the 3rd with the 4th. A pair is thus a true positive whose
views differ as two people's handwriting differs, with no noise added and nothing random.

usage: make_digits.py FILE
"""
import sys

import numpy as np
from sklearn.datasets import load_digits

from assay.frames import Array, dump


def unit_rows(images):
    spread = images.std(axis=0)
    z = (images - images.mean(axis=0)) / np.where(spread > 0, spread, 1)
    return (z / np.linalg.norm(z, axis=1, keepdims=True)).astype(np.float32)


def same_class_pairs(labels):
    pairs = []
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        pairs += zip(members[0::2], members[1::2])  # an odd one out is left out
    return np.array(sorted(pairs))


def main(path):
    images, labels = load_digits(return_X_y=True)
    vectors, pairs = unit_rows(images), same_class_pairs(labels)
    assert np.array_equal(labels[pairs[:, 0]], labels[pairs[:, 1]])
    views = {"a": vectors[pairs[:, 0]], "b": vectors[pairs[:, 1]]}
    with open(path, "wb") as file:
        file.write(dump({"source": "scikit-learn load_digits, standardised, unit length"},
                        {name: Array.of(view) for name, view in views.items()}))
    print(f"{path}: {len(pairs)} pairs of same-class digits, {vectors.shape[1]} dimensions")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__.strip().splitlines()[-1])
    main(sys.argv[1])
