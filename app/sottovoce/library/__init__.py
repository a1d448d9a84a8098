"""Documents made searchable: read, cut into passages, found again, and cited."""
