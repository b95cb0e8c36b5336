"""Where deliveries are remembered."""
