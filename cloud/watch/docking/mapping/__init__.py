"""JSON of devices that speak no Sparkplug, read by a template: which path is which metric, of which type. Pure."""
