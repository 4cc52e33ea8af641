"""TaskRouter v1 over REST, as Twilio serves it: its SDKs drive this unchanged."""
