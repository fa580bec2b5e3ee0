"""What comes from boxes: records, requests and greetings, each judged and written in one transaction."""
