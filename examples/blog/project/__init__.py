"""Settings of the sample blog."""
