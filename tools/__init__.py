"""What only those who work on the library run."""
