"""Pulumi component resources, one a file: they wire; what is true about mail is decided in `mail`."""
