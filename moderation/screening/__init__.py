"""Screening: what people write is looked at before others see it (ADR 75)."""
