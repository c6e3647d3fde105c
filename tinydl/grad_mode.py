"""When calls are recorded: no_grad, enable_grad, set_grad_enabled, inference_mode; per thread."""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, TypeVar

from .backend import loaded
from .device import default
from .storage import Unrecorded, free_list, lend

if TYPE_CHECKING:
    from typing_extensions import Self

Function = TypeVar("Function", bound=Callable)

watchers: list[Callable] = []  # are shown each node that is recorded


class _Mode(threading.local):
    """Whether ops are recorded, and tensors marked as made in inference mode, in this thread."""

    enabled = True
    inference = False


mode = _Mode()


class _Recording:
    """Recording on or off within a block or a function."""

    def __init__(self, enabled: bool):
        self.enabled = enabled

    def __enter__(self) -> Self:
        self.before, mode.enabled = mode.enabled, self.enabled
        return self

    def __exit__(self, *exception: object) -> None:
        mode.enabled = self.before

    def __call__(self, function: Function) -> Function:
        if inspect.isgeneratorfunction(function):
            return self._each_step(function)

        @functools.wraps(function)
        def wrapped(*args, **kwargs):
            with self._again():
                return function(*args, **kwargs)

        return wrapped

    def _again(self) -> _Recording:
        """The same, for one call: functions may call themselves."""
        return _Recording(self.enabled)

    def _each_step(self, function):
        """A generator that runs so, while what it yields to does not."""

        @functools.wraps(function)
        def wrapped(*args, **kwargs):
            generator, sent = function(*args, **kwargs), None
            while True:
                try:
                    with self._again():
                        item = generator.send(sent)
                except StopIteration as end:
                    return end.value
                sent = yield item

        return wrapped


class _Bare(_Recording):
    """A mode that also decorates without parentheses: @no_grad."""

    def __new__(cls, function=None):
        made = super().__new__(cls)
        if not callable(function):
            return made
        made.__init__()
        return made(function)


class set_grad_enabled(_Recording):
    """Turns recording on or off in this thread: from here on, in a `with` block, or a function.

    >>> import tinydl
    >>> x = tinydl.ones(3, requires_grad=True)
    >>> with tinydl.set_grad_enabled(False):
    ...     (x * 2).requires_grad
    False
    """

    def __init__(self, enabled: bool):
        super().__init__(enabled)
        self.before, mode.enabled = mode.enabled, enabled

    def __enter__(self) -> Self:
        return self  # it is so already

    def __call__(self, function: Function) -> Function:
        mode.enabled = self.before  # only the function was meant
        return super().__call__(function)


class no_grad(_Bare):
    """Operations inside are not recorded, which saves memory and time: evaluation, updates.

    >>> import tinydl
    >>> x = tinydl.ones(3, requires_grad=True)
    >>> with tinydl.no_grad():
    ...     y = x * 2
    >>> y.requires_grad
    False
    >>> @tinydl.no_grad()
    ... def double(x):
    ...     return x * 2
    >>> double(x).requires_grad
    False
    """

    def __init__(self) -> None:
        super().__init__(False)


class enable_grad(_Bare):
    """Operations inside are recorded, also within no_grad().

    >>> import tinydl
    >>> x = tinydl.ones(3, requires_grad=True)
    >>> with tinydl.no_grad(), tinydl.enable_grad():
    ...     (x * 2).requires_grad
    True
    """

    def __init__(self) -> None:
        super().__init__(True)


def is_grad_enabled() -> bool:
    """Whether operations are being recorded in this thread.

    >>> import tinydl
    >>> with tinydl.no_grad():
    ...     tinydl.is_grad_enabled()
    False
    """
    return mode.enabled


class inference_mode(_Bare):
    """no_grad(), and what is made inside can never be part of a graph: evaluation for good.

    Tensors made inside are marked by where their memory comes from. Recording an op that would keep
    one for backward is an error; views of ordinary tensors stay ordinary.

    Args:
        mode: False records again within a block that does not.

    Example:
        >>> import tinydl
        >>> w = tinydl.ones(2, requires_grad=True)
        >>> with tinydl.inference_mode():
        ...     y = w * 2
        >>> y.requires_grad, y.is_inference()
        (False, True)
        >>> try:
        ...     y * w
        ... except RuntimeError as error:
        ...     print(str(error).partition(",")[0])
        mul: its x was made in inference_mode
    """

    def __init__(self, mode: bool = True):
        super().__init__(not mode)

    def __enter__(self) -> Self:
        super().__enter__()
        self.outer, mode.inference = mode.inference, not self.enabled
        if refuse_inference not in watchers:  # from now on there are such tensors
            watchers.append(refuse_inference)
        self.lists = ExitStack()
        for backend in {default().backend, *loaded}:
            memory = free_list(backend)
            if isinstance(memory, Unrecorded):
                memory = memory.inner
            self.lists.enter_context(lend(Unrecorded(memory) if mode.inference else memory))
        return self

    def __exit__(self, *exception: object) -> None:
        self.lists.close()
        mode.inference = self.outer
        super().__exit__(*exception)

    def _again(self) -> inference_mode:
        return inference_mode(not self.enabled)


def refuse_inference(node) -> None:
    """RuntimeError if backward would need what was made in inference mode."""
    for name, storage, _ in node.versions:
        if isinstance(storage.memory, Unrecorded):
            what = "output" if name == "out" else name
            raise RuntimeError(
                f"{node.op.name}: its {what} was made in inference_mode, so it cannot be saved for "
                "backward; clone() it outside of inference_mode, or use no_grad() there instead"
            )


def is_inference_mode_enabled() -> bool:
    """Whether this thread is in inference mode.

    >>> import tinydl
    >>> with tinydl.inference_mode():
    ...     tinydl.is_inference_mode_enabled()
    True
    """
    return mode.inference
