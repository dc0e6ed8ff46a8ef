"""Benchmarks of the whole product: `script/bench`."""
