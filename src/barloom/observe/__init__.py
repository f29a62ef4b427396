"""What a run tells about itself: progress, memory, machine, verdicts."""
