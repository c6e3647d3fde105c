"""The methods of Tensor by family: PyTorch's names, each a line or two over tinydl.ops.

Each file holds one base class of Tensor. NumPy's spellings axis= and keepdims= are accepted
wherever dim= and keepdim= are.
"""
