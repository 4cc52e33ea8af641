"""How we reach the telephone world: the one package that knows a provider."""
