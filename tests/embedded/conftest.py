"""The real offline model, fetched once for this machine, and children of a test's own."""

import platform
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chatbot.home.home import Home
from chatbot.home.weights import fetch
from chatbot.providers.embedded import Embedded, embedded_available
from chatbot.providers.embedded_child import Child
from tests.providers.remembering import Remembering


def no_package_fits() -> bool:
    """Is this one of the systems that the runtime has no wheel for?"""
    if sys.platform == "linux":
        return platform.libc_ver()[0] != "glibc" or platform.machine() not in ("x86_64", "aarch64")
    if sys.platform == "darwin":
        return int(platform.mac_ver()[0].split(".")[0]) < 13
    return platform.machine() != "AMD64"


@pytest.fixture(scope="session")
def weights_file() -> Path:
    """The model in the user's cache folder, or in that of BYTEBOT_CACHE_DIR; downloaded when it is not there.

    A failure fails the tests that need it: without the model they prove nothing.
    """
    if no_package_fits():
        pytest.skip("NO OFFLINE MODEL: there is no package of its runtime for this system")
    assert embedded_available() is None
    return fetch(Home.open().folders.cache)


@pytest.fixture
def weights(weights_file: Path) -> Callable[[], Path]:
    return lambda: weights_file


@pytest.fixture
def child() -> Iterator[Child]:
    child = Child(patience=30)
    yield child
    child.close()


@pytest.fixture
def model(weights: Callable[[], Path], child: Child) -> Embedded:
    return Embedded(weights, Remembering(), child=child)
