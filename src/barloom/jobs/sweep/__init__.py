"""A sweep as a job: what was asked, what is finished, and what is left."""
