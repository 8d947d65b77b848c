"""A tool that is not installed is told by name, with the command that installs it."""

import pytest

from fluxlearn.export.packages import MissingPackageError, need


def test_what_is_installed_passes():
    need("torch", "numpy")


def test_what_is_missing_is_named_with_the_cure():
    with pytest.raises(MissingPackageError, match=r"^no_such_tool is not .*fluxlearn\[export\]"):
        need("torch", "no_such_tool")
