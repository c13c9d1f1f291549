"""The doctor: queue, one page for a visit, signing, and the close of a complete visit."""
