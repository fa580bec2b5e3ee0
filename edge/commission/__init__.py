"""A CAN line before it is handed over: measured, judged, and an old one judged before anything is bought."""
