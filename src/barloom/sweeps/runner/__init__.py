"""Execution of a sweep's sets: batches, schedules, worker processes and Dask."""
