"""One pace for all processes that share a token: what they ask of a store, and the stores."""
