"""What a team would pick instead. Each script runs in a scratch environment and prints one line of JSON."""
