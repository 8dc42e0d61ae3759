"""The model researcher: any OpenAI-compatible endpoint."""
