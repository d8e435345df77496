"""One form of evaluation set, one file; eval/formats.py tells which it is."""
