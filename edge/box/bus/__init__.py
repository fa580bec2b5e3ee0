"""Who disturbs a CAN bus: what the nodes say of their errors, who it was, where the cable is cut."""
