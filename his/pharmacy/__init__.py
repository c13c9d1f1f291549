"""Stock ledger and dispensing."""
