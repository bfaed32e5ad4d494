"""The `laowu` command, the local stack, the demo, and the browser console."""

from shared.gc_tuning import tune_gc

tune_gc()  # before anything is loaded: a quarter of the time that takes would go into looking through what stays
