"""Looking inside: are derivatives right, what does an op do, what is a model made of."""

from .derivatives import GradcheckError, gradcheck, gradgradcheck

__all__ = ["GradcheckError", "gradcheck", "gradgradcheck"]
