"""The encrypted memory: conversations, messages, settings, and their index. All SQL is here."""
