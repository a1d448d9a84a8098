"""The list of chats beside the chat."""
