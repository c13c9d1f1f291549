"""Break-glass: sensitive records of one patient for at most an hour, with a reason, seen by a second person afterwards."""
