"""Looking inside: are derivatives right, what does an op do, what is a model made of."""

from .derivatives import GradcheckError, gradcheck, gradgradcheck
from .explain import explain
from .summary import summary
from .versions import compare_versions, versions

__all__ = [
    "GradcheckError",
    "compare_versions",
    "explain",
    "gradcheck",
    "gradgradcheck",
    "summary",
    "versions",
]
