"""A tap from card to record: sale, mixed payment, ride, load, void. Pure."""
