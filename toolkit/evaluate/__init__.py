"""Measures on gold data, with baselines beside ours."""
