"""What people talk about just now: counters that events feed, evidence, scores, and the job that takes snapshots."""
