"""What can be compared: lines, registry, presets, hyper-parameters, and the models made of them."""
