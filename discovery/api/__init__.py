"""The DRF door, by area."""
