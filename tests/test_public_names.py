"""The names that `import fluxlearn as fl` offers: all there, and none fetched before it is used."""

import subprocess
import sys
from types import ModuleType

import pytest

import fluxlearn as fl


@pytest.mark.parametrize("name", fl.__all__)
def test_every_public_name_is_there_and_explains_itself(name):
    value = getattr(fl, name)

    # A table of sizes is data and is explained where it stands.
    assert isinstance(value, dict) or value.__doc__
    assert name in dir(fl)


def test_the_package_of_loras_is_a_public_name():
    assert isinstance(fl.lora, ModuleType)
    assert fl.lora.read.__module__ == "fluxlearn.lora.read"


def test_importing_the_package_imports_nothing_heavy():
    code = "import sys, fluxlearn; assert not {'torch', 'transformers', 'numpy'} & {*sys.modules}"

    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_name_that_is_not_there_is_told_with_those_that_are():
    with pytest.raises(AttributeError, match=r"no 'paint'. There is PRESETS, .*load, load_redux"):
        _ = fl.paint
