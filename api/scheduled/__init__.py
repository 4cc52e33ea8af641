"""What a bot is to say later."""
