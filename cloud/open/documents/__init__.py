"""What is published of the interfaces, made from the tables that serve them. Pure."""
