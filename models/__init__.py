"""The subject of the benchmark, IRLLRec, and the contract every system is built from."""
