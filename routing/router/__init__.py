"""The router: follows the log, asks the core, writes what it decides."""
