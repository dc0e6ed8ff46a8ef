"""The settings of the processes of a drill: the real ones, and an app that plants faults."""

from socialnet.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "tests.drills.planted"]  # noqa: F405
