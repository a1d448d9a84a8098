"""Models and what belongs to them in one signed piece, to be carried to where no network is."""
