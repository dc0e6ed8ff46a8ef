"""Loads a real social graph: who follows whom from a file, names and posts made up for it."""

from feeds.graph.load import load_graph

__all__ = ["load_graph"]
