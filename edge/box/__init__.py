"""The box as one pure machine: inputs and a time in, effects out."""
