"""What leaves the checkout: the wheel, and a box's release as a folder, an archive and a Debian package."""
