"""`verify`: one file per law, each works out anew what the books should say. Uses nothing that booked it."""
