"""What is said: addresses, contacts, conversations, messages and their delivery."""
