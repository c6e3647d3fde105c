"""Data sets, samplers, collation and the DataLoader: order, randomness, errors, threads."""

import threading
import time
import traceback
from collections import namedtuple

import numpy as np
import pytest
from devices import EVERY_DEVICE

import tinydl
from tinydl.utils.data import (
    BatchSampler,
    ConcatDataset,
    DataLoader,
    Dataset,
    RandomSampler,
    SequentialSampler,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
    default_collate,
    default_convert,
    get_worker_info,
    random_split,
    sample_generator,
)

pytestmark = EVERY_DEVICE


class Squares(Dataset):
    """Sample i is (i, i²), or an error where it is asked for; slow if asked for."""

    def __init__(self, size=20, broken=(), delay=0.0):
        self.size, self.broken, self.delay = size, broken, delay

    def __getitem__(self, index):
        time.sleep(self.delay)
        if index in self.broken:
            raise KeyError(f"no square of {index}")
        return index, float(index**2)

    def __len__(self):
        return self.size


class Noisy(Squares):
    """Sample i is i and three random numbers."""

    def __getitem__(self, index):
        time.sleep(0.002 if index % 3 == 0 else 0)  # so that workers overtake each other
        return index, sample_generator().random(3)


def seeded(seed=0):
    return tinydl.Generator().manual_seed(seed)


def listed(loader):
    return [[part.tolist() for part in batch] for batch in loader]


# --- data sets ------------------------------------------------------------------------------------


def test_tensor_dataset():
    x, y = tinydl.arange(6).reshape(3, 2), tinydl.tensor([5, 6, 7])
    data = TensorDataset(x, y)
    assert len(data) == 3
    assert data[1][0].tolist() == [2, 3] and data[1][1].item() == 6
    with pytest.raises(ValueError, match="equally long"):
        TensorDataset(x, tinydl.zeros(4))
    with pytest.raises(ValueError, match="at least one"):
        TensorDataset()


def test_concat_and_subset():
    both = Squares(3) + Squares(4)
    assert [both[i][0] for i in range(7)] == [0, 1, 2, 0, 1, 2, 3]
    assert both[-1][0] == 3 and both.cumulative_sizes == [3, 7]
    with pytest.raises(IndexError, match="index 7 is outside its 7 samples"):
        both[7]
    part = Subset(both, [6, 0])
    assert len(part) == 2 and part[0][0] == 3
    with pytest.raises(ValueError, match="at least one"):
        ConcatDataset([])


def test_random_split():
    parts = random_split(Squares(11), [0.5, 0.25, 0.25], generator=seeded())
    assert [len(part) for part in parts] == [6, 3, 2]
    again = random_split(Squares(11), [6, 3, 2], generator=seeded())
    assert [list(part.indices) for part in parts] == [list(part.indices) for part in again]
    assert sorted(index for part in parts for index in part.indices) == list(range(11))
    with pytest.raises(ValueError, match="does not add up to 11"):
        random_split(Squares(11), [6, 6])


# --- samplers -------------------------------------------------------------------------------------


def test_samplers():
    data = Squares(10)
    assert list(SequentialSampler(data)) == list(range(10))
    shuffled = list(RandomSampler(data, generator=seeded()))
    assert sorted(shuffled) == list(range(10)) != shuffled
    assert shuffled == list(RandomSampler(data, generator=seeded()))
    drawn = list(RandomSampler(data, replacement=True, num_samples=50, generator=seeded()))
    assert len(drawn) == 50 and set(drawn) <= set(range(10))
    assert len(list(RandomSampler(data, num_samples=25, generator=seeded()))) == 25
    assert sorted(SubsetRandomSampler([3, 5, 7], generator=seeded())) == [3, 5, 7]
    assert list(BatchSampler(range(5), 2, False)) == [[0, 1], [2, 3], [4]]
    assert list(BatchSampler(range(5), 2, True)) == [[0, 1], [2, 3]]
    assert len(BatchSampler(range(5), 2, False)) == 3 and len(BatchSampler(range(5), 2, True)) == 2
    assert list(RandomSampler(Squares(0))) == []


def test_every_pass_has_its_own_order():
    sampler = RandomSampler(Squares(100), generator=seeded())
    assert list(sampler) != list(sampler)


# --- collation ------------------------------------------------------------------------------------


def test_default_collate_dtypes():
    def dtype_of(sample):
        return default_collate([sample, sample]).dtype

    assert dtype_of(np.zeros(2)) == tinydl.float32  # NumPy's float64 would meet float32 weights
    assert dtype_of(1.5) == tinydl.float32
    assert dtype_of(np.float64(1.5)) == tinydl.float32
    assert dtype_of(np.zeros(2, np.float16)) == tinydl.float32
    assert dtype_of(np.zeros(2, np.int16)) == tinydl.int16
    assert dtype_of(3) == tinydl.int64
    assert dtype_of(True) == tinydl.bool
    assert dtype_of(np.zeros(2, np.uint8)) == tinydl.uint8
    assert dtype_of(tinydl.zeros(2, dtype=tinydl.float64)) == tinydl.float64  # as asked for


def test_default_collate_structures():
    Point = namedtuple("Point", "x y")
    batch = default_collate([{"p": Point(1, 2.0), "n": "a"}, {"p": Point(3, 4.0), "n": "b"}])
    assert batch["n"] == ["a", "b"]
    assert batch["p"].x.tolist() == [1, 3] and batch["p"].y.tolist() == [2, 4]
    x, label = default_collate([(np.ones((1, 2)), 0), (np.ones((1, 2)), 1)])
    assert tuple(x.shape) == (2, 1, 2) and label.tolist() == [0, 1]


def test_default_collate_errors():
    with pytest.raises(
        ValueError, match=r"one shape, but the first has \(2,\) and number 1 has \(3"
    ):
        default_collate([np.zeros(2), np.zeros(3)])
    with pytest.raises(ValueError, match="one length"):
        default_collate([(1, 2), (1,)])
    with pytest.raises(TypeError, match="hold a object"):
        default_collate([object()])
    with pytest.raises(TypeError, match="cannot become a tensor"):
        default_collate([np.array(["a"])])


def test_default_convert():
    out = default_convert({"a": np.zeros(2), "b": (np.int64(3), "text")})
    assert out["a"].dtype == tinydl.float32 and out["b"][0].item() == 3 and out["b"][1] == "text"


# --- the loader -----------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [0, 1, 8])
def test_batches_come_in_order(workers):
    loader = DataLoader(Squares(10, delay=0.001), 4, num_workers=workers)
    assert len(loader) == 3
    numbers = [batch[0].tolist() for batch in loader]
    assert numbers == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert len(DataLoader(Squares(10), 4, drop_last=True)) == 2
    assert len(list(DataLoader(Squares(10), 4, drop_last=True, num_workers=workers))) == 2


@pytest.mark.parametrize("workers", [1, 8])
def test_random_transforms_do_not_depend_on_workers(workers):
    alone = listed(DataLoader(Noisy(), 3, shuffle=True, generator=seeded()))
    assert listed(DataLoader(Noisy(), 3, True, num_workers=workers, generator=seeded())) == alone
    assert (
        len({tuple(value) for batch in alone for value in batch[1]}) == 20
    )  # every sample has its own


def test_a_sample_drawn_twice_is_treated_twice():
    loader = DataLoader(Noisy(1), 4, sampler=[0, 0, 0, 0], generator=seeded())
    assert len({tuple(value) for value in listed(loader)[0][1]}) == 4


def test_passes_differ_and_seeds_repeat():
    loader = DataLoader(Noisy(), 5, shuffle=True, generator=seeded(3))
    first, second = listed(loader), listed(loader)
    assert first != second
    loader.generator.manual_seed(3)
    assert listed(loader) == first


def test_default_generator_is_used():
    loader = DataLoader(Noisy(), 5, shuffle=True)
    tinydl.manual_seed(5)
    first, alone = listed(loader), sample_generator().random()
    tinydl.manual_seed(5)
    assert listed(loader) == first and sample_generator().random() == alone


def test_two_passes_at_once():
    loader = DataLoader(Squares(20), 5, shuffle=True, generator=seeded(1))
    apart = [listed(loader), listed(loader)]
    loader.generator.manual_seed(1)
    one, two = iter(loader), iter(loader)
    pairs = [(a[0].tolist(), b[0].tolist()) for a, b in zip(one, two, strict=True)]
    assert [a for a, _ in pairs] == [batch[0] for batch in apart[0]]
    assert [b for _, b in pairs] == [batch[0] for batch in apart[1]]


class Plain(Dataset):
    """A TensorDataset's samples without its __getbatch__."""

    def __init__(self, data):
        self.data = data

    def __getitem__(self, index):
        return self.data[index]

    def __len__(self):
        return len(self.data)


def test_taking_batches_at_once_changes_nothing():
    x = tinydl.tensor(np.random.default_rng(0).normal(size=(50, 2, 3)).astype(np.float32))
    data = TensorDataset(x, tinydl.arange(50))
    for dataset in (data, Subset(data, list(range(40, 10, -1)))):
        quick = listed(DataLoader(dataset, 7, shuffle=True, generator=seeded()))
        assert listed(DataLoader(Plain(dataset), 7, shuffle=True, generator=seeded())) == quick


def test_an_overridden_getitem_is_respected():
    class Doubled(TensorDataset):
        def __getitem__(self, index):
            return tuple(2 * part for part in super().__getitem__(index))

    data = Doubled(tinydl.arange(4))
    assert listed(DataLoader(data, 4)) == [[[0, 2, 4, 6]]]
    assert listed(DataLoader(Subset(data, [3, 1]), 2)) == [[[6, 2]]]


def test_batches_do_not_share_memory_with_the_data():
    data = TensorDataset(tinydl.zeros(4))
    next(iter(DataLoader(data, 4)))[0].fill_(1)
    assert data.tensors[0].tolist() == [0] * 4


def test_without_batches():
    samples = list(DataLoader(Squares(3), batch_size=None))
    assert samples == [[0, 0.0], [1, 1.0], [2, 4.0]]
    assert len(DataLoader(Squares(3), None)) == 3


def test_own_collate_and_batch_sampler():
    loader = DataLoader(Squares(6), batch_sampler=[[5, 1], [2]], collate_fn=list)
    assert list(loader) == [[(5, 25.0), (1, 1.0)], [(2, 4.0)]]
    assert len(loader) == 2


def test_empty():
    assert list(DataLoader(Squares(0), 4, shuffle=True)) == []
    assert list(DataLoader(Squares(0), 4, num_workers=2)) == []


# --- state ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [0, 3])
@pytest.mark.parametrize("taken", [0, 1, 4, 7])
def test_state_goes_on_in_the_middle_of_a_pass(workers, taken):
    def make():
        return DataLoader(Noisy(), 3, True, num_workers=workers, generator=seeded(9))

    loader = make()
    list(loader)
    whole = listed(loader) + listed(loader)  # 7 batches in each pass

    loader = make()
    list(loader)
    batches = iter(loader)
    before = [[part.tolist() for part in next(batches)] for _ in range(taken)]
    state = loader.state_dict()

    fresh = make()
    fresh.load_state_dict(state)
    after = listed(fresh) + ([] if taken == 7 else listed(fresh))
    assert before + after == whole


# --- errors and threads ---------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [0, 2])
def test_errors_reach_the_caller(workers):
    loader = DataLoader(Squares(20, broken=[13]), 4, num_workers=workers)
    seen = 0
    with pytest.raises(KeyError, match="no square of 13") as caught:
        for _ in loader:
            seen += 1
    assert seen == 3
    assert any("__getitem__" in frame.name for frame in caught.traceback)
    text = "".join(traceback.format_exception(caught.value))
    assert "sample 13" in text


def wait_for_threads(count):
    end = time.monotonic() + 5
    while threading.active_count() > count and time.monotonic() < end:
        time.sleep(0.01)
    return threading.active_count()


def test_leaving_early_ends_the_workers():
    before = threading.active_count()
    loader = DataLoader(Squares(1000, delay=0.001), 4, num_workers=4)
    for _ in range(3):
        for _ in loader:
            break
    assert wait_for_threads(before) == before
    with pytest.raises(ZeroDivisionError):
        for _ in loader:
            raise ZeroDivisionError
    assert wait_for_threads(before) == before


def test_workers_read_ahead_but_not_too_far():
    read = []

    class Watched(Squares):
        def __getitem__(self, index):
            read.append(index)
            return index

    batches = iter(DataLoader(Watched(1000), 1, num_workers=2, prefetch_factor=3))
    next(batches)
    time.sleep(0.1)
    assert 1 < len(read) <= 6
    batches.close()


def test_worker_init_and_info():
    started, infos = [], []

    class Asking(Squares):
        def __getitem__(self, index):
            infos.append(get_worker_info())
            return index

    loader = DataLoader(Asking(), 1, num_workers=3, worker_init_fn=started.append)
    list(loader)
    assert sorted(started) == list(range(len(started))) and 1 <= len(started) <= 3
    assert {info.id for info in infos} <= {0, 1, 2} and infos[0].num_workers == 3
    assert get_worker_info() is None

    def fail(worker):
        raise RuntimeError("no licence")

    with pytest.raises(RuntimeError, match="no licence"):
        list(DataLoader(Squares(), 1, num_workers=2, worker_init_fn=fail))


def test_timeout():
    loader = DataLoader(Squares(4, delay=0.5), 1, num_workers=1, timeout=0.05)
    with pytest.raises(RuntimeError, match=r"no batch came within timeout=0.05 seconds"):
        list(loader)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"batch_size": 0}, "batch_size should be a whole number from 1 up, got 0"),
        ({"batch_size": 2.5}, "batch_size should be"),
        ({"shuffle": "yes"}, "shuffle should be True or False"),
        ({"num_workers": -1}, "num_workers should be"),
        ({"timeout": -1}, "timeout should be"),
        ({"prefetch_factor": 2}, "need num_workers > 0"),
        ({"prefetch_factor": 0, "num_workers": 1}, "prefetch_factor should be at least 1"),
        ({"sampler": [0], "shuffle": True}, "give sampler or shuffle"),
        ({"batch_sampler": [[0]], "batch_size": 2}, "batch_sampler replaces"),
        ({"batch_size": None, "drop_last": True}, "drop_last needs"),
        ({"generator": 3}, r"should be a tinydl\.Generator, got int"),
        ({"multiprocessing_context": "spawn"}, "workers are threads"),
    ],
)
def test_nonsense_is_refused(arguments, problem):
    with pytest.raises(ValueError, match=problem):
        DataLoader(Squares(), **arguments)


def test_what_is_no_dataset():
    with pytest.raises(ValueError, match="dataset needs __getitem__ and __len__, generator lacks"):
        DataLoader(i for i in range(3))
