"""Looking inside: are derivatives right, what does an op do, what runs, what is a model made of."""

from .derivatives import GradcheckError, gradcheck, gradgradcheck
from .explain import explain
from .summary import summary
from .trace import Call, trace
from .versions import compare_versions, versions

__all__ = [
    "Call",
    "GradcheckError",
    "compare_versions",
    "explain",
    "gradcheck",
    "gradgradcheck",
    "summary",
    "trace",
    "versions",
]
