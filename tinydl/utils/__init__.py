"""Tools around training; see tinydl.utils.data."""
