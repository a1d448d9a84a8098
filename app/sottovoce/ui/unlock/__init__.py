"""From a start to opened chats: keyring, passphrase, or none."""
