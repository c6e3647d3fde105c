"""Data sets, the order they are read in, and their way into batches: PyTorch's names.

What differs: workers are threads (no copies, no fork, nothing to set up), and what a random
transform draws for a sample depends on the seed and the sample's place in the epoch alone, so
that 0, 1 or 8 workers give the same batches.
"""

from .collate import default_collate, default_convert
from .dataloader import DataLoader
from .dataset import ConcatDataset, Dataset, Subset, TensorDataset, random_split
from .sampler import (
    BatchSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    SubsetRandomSampler,
)
from .seeding import sample_generator
from .worker import get_worker_info

__all__ = [
    "BatchSampler",
    "ConcatDataset",
    "DataLoader",
    "Dataset",
    "RandomSampler",
    "Sampler",
    "SequentialSampler",
    "Subset",
    "SubsetRandomSampler",
    "TensorDataset",
    "default_collate",
    "default_convert",
    "get_worker_info",
    "random_split",
    "sample_generator",
]
