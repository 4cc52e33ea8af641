"""The provider's twin: Twilio's own HTTP, and a page of simulated phones, inside the product."""
