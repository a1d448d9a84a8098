"""Packs, by which models are computed on GPUs."""
