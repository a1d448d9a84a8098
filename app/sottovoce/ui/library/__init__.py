"""The page of documents: collections, what is in them, and how far each is read."""
