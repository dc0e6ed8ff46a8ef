"""The DRF door to what people are told."""
