#!/usr/bin/env python3
"""Django's command line, with the project's settings."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "socialnet.settings")
    from django.core.management import execute_from_command_line

    import socialnet.celery  # noqa: F401  # commands that look into the queues find this app's broker

    execute_from_command_line(sys.argv)
