"""What an error says."""

from __future__ import annotations

import pytest


def message_of(function, *args, kind=Exception) -> str:
    with pytest.raises(kind) as error:
        function(*args)
    return str(error.value)
