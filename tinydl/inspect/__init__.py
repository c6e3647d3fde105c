"""Looking inside: are derivatives right, what does an op do, what is a model made of."""

from .derivatives import GradcheckError, gradcheck, gradgradcheck
from .explain import explain
from .summary import summary

__all__ = ["GradcheckError", "explain", "gradcheck", "gradgradcheck", "summary"]
