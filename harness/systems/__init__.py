"""Systems by name: lines, presets, hyper-parameters and search spaces, and the models made from them."""
