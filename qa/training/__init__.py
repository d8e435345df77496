"""Scripts that fit the constants of qa/, from training questions only."""
