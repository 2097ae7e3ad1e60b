# Does nothing, and does not hear SIGTERM: as PID 1 a shell without a trap ignores it.
while true; do sleep 1; done
