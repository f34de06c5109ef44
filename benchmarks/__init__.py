"""Benchmarks: what the macro costs, measured against work of the same size in the same run."""
