"""What the product knows of LensKit: its scorers and its API."""
