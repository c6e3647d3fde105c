"""What those run who have no autograd: the MLP's step by hand in NumPy, the CNN in onnxruntime.

Both begin with the numbers that rows.py draws for the others, and must compute the same.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from rows import initial, normal

CNN = [(32, 1, 3, 3), (32,), (64, 32, 3, 3), (64,), (128, 3136), (128,), (10, 128), (10,)]


def numpy_mlp(widths: list[int], batch: int, lr: float):
    """One step of SGD of an MLP with ReLU and cross-entropy, as in a lesson on backpropagation."""
    shapes = [shape for n, m in pairwise(widths) for shape in ((m, n), (m,))]

    def make(V):
        values = initial(shapes)
        weights, biases = values[::2], values[1::2]
        x = normal((batch, widths[0]), 0)
        target = np.random.default_rng(1).integers(0, widths[-1], batch)
        one_hot = np.eye(widths[-1], dtype=np.float32)[target]
        rows = np.arange(batch)

        def step():
            h = [x]
            for w, b in zip(weights, biases, strict=True):
                y = h[-1] @ w.T + b
                h.append(np.maximum(y, 0))
            shifted = y - y.max(1, keepdims=True)
            e = np.exp(shifted)
            total = e.sum(1, keepdims=True)
            loss = (np.log(total[:, 0]) - shifted[rows, target]).mean()
            g = (e / total - one_hot) / batch
            for i in reversed(range(len(weights))):
                gw, gb = g.T @ h[i], g.sum(0)
                if i:
                    g = (g @ weights[i]) * (h[i] > 0)
                weights[i] -= lr * gw
                biases[i] -= lr * gb
            return loss

        losses = [step() for _ in range(5)]
        return step, lambda: losses

    return make


def onnx_cnn(batch: int):
    """Inference of the CNN of rows.network, from its parameters alone."""

    def make(V):
        from onnx import TensorProto, helper, numpy_helper

        names = [f"p{i}" for i in range(len(CNN))]
        window = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}
        half = {"kernel_shape": [2, 2], "strides": [2, 2]}
        layers = [
            ("Conv", names[0:2], window),
            ("Relu", [], {}),
            ("MaxPool", [], half),
            ("Conv", names[2:4], window),
            ("Relu", [], {}),
            ("MaxPool", [], half),
            ("Flatten", [], {}),
            ("Gemm", names[4:6], {"transB": 1}),
            ("Relu", [], {}),
            ("Gemm", names[6:8], {"transB": 1}),
        ]
        nodes = [
            helper.make_node(kind, [f"h{i}", *inputs], [f"h{i + 1}"], **attributes)
            for i, (kind, inputs, attributes) in enumerate(layers)
        ]
        values = [
            numpy_helper.from_array(value, name)
            for name, value in zip(names, initial(CNN), strict=True)
        ]
        images = helper.make_tensor_value_info("h0", TensorProto.FLOAT, [batch, 1, 28, 28])
        output = f"h{len(layers)}"
        scores = helper.make_tensor_value_info(output, TensorProto.FLOAT, [batch, 10])
        graph = helper.make_graph(nodes, "cnn", [images], [scores], values)
        opsets = [helper.make_opsetid("", 17)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=8)

        options = V.L.SessionOptions()
        options.intra_op_num_threads = V.threads
        session = V.L.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        x = {"h0": normal((batch, 1, 28, 28), 0)}

        def run():
            return session.run([output], x)[0]

        return run, run

    return make
