"""What the browser gets: styles, scripts, strings, and the HTML of answers and sources."""
