"""Tensor's methods as functions: tinydl.exp(x) is x.exp(), as in PyTorch.

>>> import tinydl
>>> tinydl.sum(tinydl.tensor([[1, 2], [3, 4]]), dim=0)
tensor([4, 6])
"""

from .tensor import Tensor

abs = Tensor.abs
add = Tensor.add
all = Tensor.all
allclose = Tensor.allclose
amax = Tensor.amax
amin = Tensor.amin
any = Tensor.any
argmax = Tensor.argmax
argmin = Tensor.argmin
bmm = Tensor.bmm
broadcast_to = Tensor.broadcast_to
chunk = Tensor.chunk
clamp = Tensor.clamp
clip = Tensor.clip
div = Tensor.div
dot = Tensor.dot
eq = Tensor.eq
equal = Tensor.equal
exp = Tensor.exp
flatten = Tensor.flatten
gather = Tensor.gather
ge = Tensor.ge
gt = Tensor.gt
index_select = Tensor.index_select
is_inference = Tensor.is_inference
isclose = Tensor.isclose
isfinite = Tensor.isfinite
isnan = Tensor.isnan
le = Tensor.le
log = Tensor.log
log_softmax = Tensor.log_softmax
logical_and = Tensor.logical_and
logical_not = Tensor.logical_not
logical_or = Tensor.logical_or
lt = Tensor.lt
matmul = Tensor.matmul
max = Tensor.max
maximum = Tensor.maximum
mean = Tensor.mean
min = Tensor.min
minimum = Tensor.minimum
mm = Tensor.mm
movedim = Tensor.movedim
mul = Tensor.mul
narrow = Tensor.narrow
ne = Tensor.ne
neg = Tensor.neg
numel = Tensor.numel
permute = Tensor.permute
pow = Tensor.pow
relu = Tensor.relu
reshape = Tensor.reshape
select = Tensor.select
sigmoid = Tensor.sigmoid
sign = Tensor.sign
softmax = Tensor.softmax
split = Tensor.split
sqrt = Tensor.sqrt
square = Tensor.square
squeeze = Tensor.squeeze
std = Tensor.std
sub = Tensor.sub
sum = Tensor.sum
swapaxes = Tensor.swapaxes
t = Tensor.t
tanh = Tensor.tanh
transpose = Tensor.transpose
unbind = Tensor.unbind
unflatten = Tensor.unflatten
unsqueeze = Tensor.unsqueeze
var = Tensor.var
