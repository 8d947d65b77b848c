"""The course's notebooks: found, executed, stored, and compared with a rerun."""
