"""What must outlive everything: journal, chained log of who touched which key, sealed stores."""
