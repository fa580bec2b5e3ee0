"""Documents of the fleet: what was made, what boxes hold, what terminals report; the hotlist made from the books."""
