"""The command line over the macro's own core: see, check, repair and diagnose."""
