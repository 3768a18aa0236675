"""IRLLRec, and the contract and building blocks of every system."""
