"""What the open platform keeps of its own: applications, their keys and quotas, events, webhooks."""
