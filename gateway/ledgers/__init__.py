"""Who keeps the loans: one file per kind of core behind one contract, and the gate through which they are called."""
