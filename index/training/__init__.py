"""Scripts that fit the constants of index/, from training questions only."""
