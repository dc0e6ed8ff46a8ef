"""The cast of the people's tests, here too."""

from accounts.tests.conftest import ada, ben, cleo, dora, mod

__all__ = ["ada", "ben", "cleo", "dora", "mod"]
