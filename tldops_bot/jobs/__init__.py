"""What the clock starts: one file for each job."""
