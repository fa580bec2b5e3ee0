"""Who somebody is: signing in by a link, a password, a code or a passkey; binding; his devices."""
