"""What programs write, with the types that a checker must find. Checked by mypy, never run."""

from __future__ import annotations

import numpy as np
from typing_extensions import assert_type

import tinydl
import tinydl.nn.functional as F
from tinydl import Tensor, nn, optim
from tinydl.utils.data import DataLoader, TensorDataset

# --- tensors --------------------------------------------------------------------------------------

x = tinydl.randn(2, 3, requires_grad=True)
assert_type(x, Tensor)
assert_type(x.shape, tuple[int, ...])
assert_type(x.size(0), int)
assert_type(x.dtype, tinydl.dtype)
assert_type(x.device, tinydl.Device)
assert_type(x.grad, Tensor | None)
assert_type(x.numpy(), np.ndarray)
assert_type(len(x), int)
assert_type(float(x.sum()), float)

for y in (
    x + 1, 1 - x, x * 2.5, 2 / x, x**2, -x, abs(x), x @ x.T, x > 0, x == 1, ~(x > 0),
    x[0], x[:, 1:], x[..., None], x[x > 0], x[[0, 1]], x[tinydl.tensor([0])],
):  # fmt: skip
    assert_type(y[()], Tensor)

assert_type(x + 1, Tensor)
assert_type(2 * x, Tensor)
assert_type(x == 0, Tensor)
assert_type(x.exp().sum(dim=1, keepdim=True), Tensor)
assert_type(x.mean(axis=0), Tensor)
assert_type(x.reshape(3, 2).permute(1, 0).contiguous(), Tensor)
assert_type(x.to(tinydl.float64).cpu().detach(), Tensor)
assert_type(x.requires_grad_().add_(1), Tensor)
assert_type(x.backward(), None)
x += 1
x[0] = 5
for row in x:
    assert_type(row, Tensor)

# --- results with names ---------------------------------------------------------------------------

values, indices = x.max(dim=1)
assert_type(values, Tensor)
assert_type(x.max(), Tensor)
assert_type(x.max(1).indices, Tensor)
assert_type(x.sort().values, Tensor)
assert_type(x.topk(2).indices, Tensor)
assert_type(x.median(dim=0).values, Tensor)
assert_type(tinydl.linalg.svd(x).S, Tensor)
assert_type(tinydl.linalg.qr(x).Q, Tensor)
assert_type(tinydl.linalg.slogdet(x).logabsdet, Tensor)

# --- functions ------------------------------------------------------------------------------------

assert_type(tinydl.exp(x), Tensor)
assert_type(tinydl.add(x, 1, alpha=2), Tensor)
assert_type(tinydl.sum(x, dim=0), Tensor)
assert_type(tinydl.max(x), Tensor)
assert_type(tinydl.max(x, dim=1).values, Tensor)
assert_type(tinydl.where(x > 0, x, 0.0), Tensor)
assert_type(tinydl.cat([x, x], dim=0), Tensor)
assert_type(tinydl.stack([x, x]), Tensor)
assert_type(tinydl.einsum("ij,ij->i", x, x), Tensor)
assert_type(tinydl.zeros(2, 3, dtype=tinydl.int64), Tensor)
assert_type(tinydl.tensor([[1.0, 2.0]], dtype=tinydl.float), Tensor)
assert_type(tinydl.arange(0, 10, 2), Tensor)
assert_type(tinydl.exp(x, out=x), Tensor)
assert_type(tinydl.max(x, 1, out=(values, indices)).values, Tensor)
assert_type(tinydl.autograd.grad(x.sum(), [x]), tuple[Tensor, ...])

with tinydl.no_grad():
    x.zero_()


@tinydl.no_grad()
def measure(model: nn.Module, images: Tensor) -> float:
    return float(model(images).mean())


# --- modules, losses, optimizers, data ------------------------------------------------------------


class Net(nn.Module):
    def __init__(self, width: int = 32):
        super().__init__()
        self.first = nn.Linear(784, width)
        self.layers = nn.Sequential(nn.ReLU(), nn.Dropout(0.1), nn.Linear(width, 10))
        self.scale = nn.Parameter(tinydl.ones(1))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(self.first(x.flatten(1))) * self.scale


net = Net()
assert_type(net.scale, nn.Parameter)
assert_type(net.first.weight, nn.Parameter)
net.train().to("cpu").eval()
for name, parameter in net.named_parameters():
    assert_type(name, str)
    assert_type(parameter, nn.Parameter)

optimizer = optim.Adam(net.parameters(), lr=1e-3, weight_decay=0.01)
sgd: optim.Optimizer = optim.SGD([x], lr=0.1, momentum=0.9)
criterion = nn.CrossEntropyLoss()
data = TensorDataset(tinydl.randn(100, 1, 28, 28), tinydl.randint(0, 10, (100,)))
loader = DataLoader(data, batch_size=10, shuffle=True)
assert_type(len(loader), int)
for images, labels in loader:
    optimizer.zero_grad()
    loss = criterion(net(images), labels)
    loss = loss + F.cross_entropy(net(images), labels)
    loss.backward()
    optimizer.step()
    print(f"{loss.item():.3f}")

assert_type(F.relu(x), Tensor)
assert_type(F.softmax(x, dim=1), Tensor)
assert_type(F.mse_loss(x, x), Tensor)
assert_type(net.state_dict(), dict[str, Tensor])
tinydl.save(net.state_dict(), "net.safetensors")

# --- mistakes that are found ----------------------------------------------------------------------

x.exp(3)  # type: ignore[call-arg]
x.summ()  # type: ignore[attr-defined]
tinydl.zeros(2, dtype="float32")  # type: ignore[arg-type]
tinydl.exp(3)  # type: ignore[call-overload]
tinydl.cat(x, dim="0")  # type: ignore[call-overload]
nn.Linear("3", 2)  # type: ignore[arg-type]
optim.SGD(net.parameters(), lr="0.1")  # type: ignore[arg-type]
