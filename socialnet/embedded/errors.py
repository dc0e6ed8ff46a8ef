class StartError(Exception):
    """Why the start cannot go on: one sentence that says what to do. Shown without a traceback."""
