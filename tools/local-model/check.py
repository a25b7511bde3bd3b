"""Tells by its exit code whether an installed folder is whole. Run by the folder's own Python.

    python check.py FOLDER           quick: the server's package is there, the model has its size
    python check.py FOLDER --full    also loads the server's package and compares the model's sha256
"""
import hashlib
import importlib.util
import os
import sys

MODEL_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
MODEL_BYTES = 98_362_432


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def main(folder, full):
    model = os.path.join(folder, "model.gguf")
    if importlib.util.find_spec("xllamacpp") is None:
        return "the package xllamacpp is not installed"
    if not os.path.isfile(model) or os.path.getsize(model) != MODEL_BYTES:
        return "the model's file is missing or cut short"
    if not full:
        return None
    if sha256(model) != MODEL_SHA256:
        return "the model's sha256 is not the expected one"
    import xllamacpp  # noqa: F401  a wheel that does not fit this machine fails here, not at the first start
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], "--full" in sys.argv[2:]))
