"""The HTML door to what people are told."""
