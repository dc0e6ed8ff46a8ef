"""Why a graph was not loaded, in sentences for whoever typed the command."""


class GraphError(Exception):
    pass
