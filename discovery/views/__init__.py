"""The pages' door, by area."""
