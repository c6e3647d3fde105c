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
as_strided = Tensor.as_strided
bmm = Tensor.bmm
broadcast_to = Tensor.broadcast_to
chunk = Tensor.chunk
clamp = Tensor.clamp
clip = Tensor.clip
diag = Tensor.diag
diag_embed = Tensor.diag_embed
diagflat = Tensor.diagflat
diagonal = Tensor.diagonal
diagonal_scatter = Tensor.diagonal_scatter
div = Tensor.div
dot = Tensor.dot
dsplit = Tensor.dsplit
eq = Tensor.eq
equal = Tensor.equal
exp = Tensor.exp
flatten = Tensor.flatten
flip = Tensor.flip
fliplr = Tensor.fliplr
flipud = Tensor.flipud
gather = Tensor.gather
ge = Tensor.ge
gt = Tensor.gt
hsplit = Tensor.hsplit
index_select = Tensor.index_select
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
moveaxis = Tensor.moveaxis
movedim = Tensor.movedim
mul = Tensor.mul
narrow = Tensor.narrow
ne = Tensor.ne
neg = Tensor.neg
numel = Tensor.numel
permute = Tensor.permute
pow = Tensor.pow
ravel = Tensor.ravel
relu = Tensor.relu
repeat_interleave = Tensor.repeat_interleave
reshape = Tensor.reshape
roll = Tensor.roll
rot90 = Tensor.rot90
select = Tensor.select
select_scatter = Tensor.select_scatter
sigmoid = Tensor.sigmoid
sign = Tensor.sign
slice_scatter = Tensor.slice_scatter
softmax = Tensor.softmax
split = Tensor.split
split_with_sizes = Tensor.split_with_sizes
sqrt = Tensor.sqrt
square = Tensor.square
squeeze = Tensor.squeeze
std = Tensor.std
sub = Tensor.sub
sum = Tensor.sum
swapaxes = Tensor.swapaxes
swapdims = Tensor.swapdims
t = Tensor.t
tanh = Tensor.tanh
tensor_split = Tensor.tensor_split
tile = Tensor.tile
transpose = Tensor.transpose
unbind = Tensor.unbind
unflatten = Tensor.unflatten
unsqueeze = Tensor.unsqueeze
var = Tensor.var
vsplit = Tensor.vsplit

__all__ = [name for name in list(globals()) if name[0] != "_" and name != "Tensor"]
