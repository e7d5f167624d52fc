"""Provider plugins for exactly the resources this program uses, where the official ones cannot be installed."""
