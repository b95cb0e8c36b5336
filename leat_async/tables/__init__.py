"""Files in, rows out: CSV, Excel, JSON Lines and Parquet, and which column means what. Knows nothing of the API."""
