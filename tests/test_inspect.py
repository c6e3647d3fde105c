"""Looking inside: explain, trace, summary, doctor. (gradcheck has its own in test_grads.)"""

from pathlib import Path
from threading import Thread

import pytest
from devices import NEEDS_CUDA
from processes import python

import tinydl
from tinydl import nn
from tinydl.inspect import explain, summary, trace
from tinydl.op import OPS

ROOT = Path(__file__).resolve().parents[1]

NO_KERNEL = {
    "_view",
    "as_strided",
    "permute",
    "expand",
    "getitem",
    "to_device",
}  # nothing is computed
LAPACK = {name for name, op in OPS.items() if op.forward.__module__ == "tinydl.ops.linalg"}


@pytest.mark.parametrize("name", sorted(OPS))
def test_every_op_is_explained_from_all_sides(name):
    found = explain(name)
    assert found.formula
    assert found.reference
    assert bool(found.kernels) == (name not in NO_KERNEL | LAPACK)
    assert set(found.rules) == set(OPS[name].rules)
    assert all(found.rules.values())
    text = repr(found)
    assert found.formula.splitlines()[0] in text
    for where, source in found.kernels:
        assert where in text
        assert source in text


def test_explain_shows_the_code_that_runs():
    found = explain(tinydl.ops.conv2d)
    assert "conv2d_input(g, w, shape=x_shape" in found.rules["x"]
    assert "einsum" in found.reference
    files = [where.split(":")[0] for where, _ in found.kernels]
    assert "native/cpu/conv2d.c" in files
    assert "native/cpu/conv2d_plain.inl" in files
    ((where, line),) = explain("exp").kernels
    path, number = where.split(":")
    assert line == "UNARY(exp, reals, EXP(x))"
    assert (ROOT / path).read_text().splitlines()[int(number) - 1] == line
    assert explain("exp").reference == "numpy.exp"
    assert explain("matmul").name == "matmul"


def test_explain_names_what_is_alike():
    with pytest.raises(KeyError, match="max_pool2d"):
        explain("maxpool")


def test_trace():
    net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 5))
    x = tinydl.ones(2, 1, 8, 8)
    with trace() as found:
        net(x).sum().backward()
    assert [call.name for call in found.calls[:3]] == ["td_conv2d_relu", "td_matmul", "td_sum"]
    assert found.calls[0].tensors == ["f32[2,4,6,6]", "f32[2,1,8,8]", "f32[4,1,3,3]", "f32[4]"]
    assert all(call.seconds > 0 and call.backend.startswith("cpu") for call in found.calls)
    text = repr(found)
    assert f"{Path(__file__).name}:" in text and "net(x).sum().backward()" in text
    assert f"in {len(found.calls)} calls" in text
    seen = len(found.calls)
    net(x)
    assert len(found.calls) == seen
    with nn.fusion(False), trace() as apart:
        net(x)
    assert [call.name for call in apart.calls] == ["td_conv2d", "td_relu", "td_matmul"]


def test_traces_within_traces():
    x, outer, inner = tinydl.ones(3), trace(), trace()
    with outer:
        x + x
        with inner:
            x * x
        with pytest.raises(RuntimeError, match="under way already"), outer:
            pass
        thread = Thread(target=lambda: x - x)
        thread.start()
        thread.join()
    x / x
    assert [call.name for call in outer.calls] == ["td_add", "td_mul"]
    assert [call.name for call in inner.calls] == ["td_mul"]


def test_trace_of_recorded_steps():
    x, w = tinydl.ones(3), tinydl.ones(3, requires_grad=True)
    optimizer = tinydl.optim.SGD([w], lr=0.5)

    @tinydl.compile
    def step(x):
        optimizer.zero_grad()
        (w * x).sum().backward()
        optimizer.step()

    step(x)
    with trace() as found:
        step(x)  # recorded
        step(x)  # replayed
    names = [call.name for call in found.calls]
    assert names[-2:] == ["td_copy", "td_replay"] and names.count("td_sgd") == 1
    assert next(call.tensors for call in found.calls if call.name == "td_sgd") == ["1 tensors"] * 2
    assert w.tolist() == [-0.5] * 3


def test_trace_ends_with_an_error():
    x = tinydl.ones(3)
    with pytest.raises(ValueError), trace():
        x + tinydl.ones(4)
    assert "_Traced" not in repr(type(x._array.backend.fn))


@NEEDS_CUDA
def test_trace_on_a_gpu():
    x = tinydl.ones(3, device="cuda")
    with trace() as found:
        x + x
    assert [(call.name, call.backend) for call in found.calls] == [
        ("td_add", x._array.backend.name)
    ]


def test_summary():
    net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten(), nn.Linear(144, 5))
    net[0].requires_grad_(False)
    net.eval()
    found = summary(net, tinydl.zeros(2, 1, 8, 8))
    rows = [(row.path, row.kind, row.output, row.parameters) for row in found.rows]
    assert rows == [
        ("", "Sequential", (2, 5), 0),
        ("0", "Conv2d", (2, 4, 6, 6), 40),
        ("1", "Flatten", (2, 144), 0),
        ("2", "Linear", (2, 5), 725),
    ]
    assert (found.total, found.trainable, found.nbytes) == (765, 725, 3060)
    assert "765 parameters, 40 of them frozen, 3,060 bytes" in repr(found)
    assert not net.training
    assert not net[0]._module_hooks


def test_summary_of_a_model_that_fails_leaves_no_hooks():
    net = nn.Sequential(nn.Linear(3, 2))
    with pytest.raises(ValueError, match="Sequential.0: Linear"):
        summary(net, tinydl.zeros(1, 4))
    assert not net[0]._module_hooks


def doctor(**environment: str) -> dict[str, str]:
    done = python("-m", "tinydl", "doctor", **environment)
    assert done.returncode == 0, done.stderr
    return dict(line.split(None, 1) for line in done.stdout.splitlines())


def test_doctor():
    lines = doctor()
    assert lines["cpu:amx"].split(", built by")[0] in {
        "usable",
        "the processor lacks its instructions",
        "the processor has no tile units",
        "the system does not let this process use the tile units",
        "not built for this machine",
    }
    assert lines["tinydl"].startswith(tinydl.__version__)
    assert lines["cpu"].startswith("is " + tinydl.device("cpu").backend.name)
    assert lines["threads"].strip() == str(tinydl.get_num_threads())
    assert lines["digits"].strip() == "in the package"
    assert "MNIST" in lines


def test_doctor_tells_why_there_is_no_cuda_and_what_to_do():
    lines = doctor(TINYDL_CUDA="/no/such/library.so", PATH="")
    assert lines["GPU"].startswith("none: NVIDIA's driver is not installed here")
    assert "no CUDA device: " in lines["cuda"] and "`make cuda`" in lines["cuda"]


@pytest.mark.parametrize(
    "script, found",
    [
        ("echo 'NVIDIA H100, 9.0, 580.65'", "NVIDIA H100, compute capability 9.0, driver 580.65"),
        ("echo 'no devices were found'; exit 6", "none: nvidia-smi says no devices were found"),
    ],
)
def test_doctor_shows_the_gpu(tmp_path, script, found):
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    assert doctor(PATH=str(tmp_path))["GPU"] == found


@NEEDS_CUDA
def test_doctor_names_the_cuda_library():
    lines = doctor()
    name, gpu = tinydl.device("cuda").backend.name, tinydl.cuda.get_device_name()
    assert lines["cuda"].startswith(f"is {name} on {gpu}: compute capability ")
